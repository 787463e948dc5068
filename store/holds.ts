/** Holds of an order and its tickets: one live holder each, from the claim until released. */
import { OutdatedError, type Tx } from '../infrastructure/postgres.ts';

export interface Hold {
  kind: 'order' | 'ticket';
  id: string;
}

export interface HoldConflict extends Hold {
  /** Key of the payment that has it. */
  otherPayment: string;
}

/** One order everywhere, so that two claims wait for each other in one direction only: by kind, then id. */
export const inLockOrder = (holds: readonly Hold[]): Hold[] =>
  holds.toSorted((a, b) => (a.kind === b.kind ? compare(a.id, b.id) : compare(a.kind, b.kind)));

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** The first of `holds` that is taken, the order before tickets. */
export async function findConflict(
  tx: Tx,
  tenantId: string,
  holds: readonly Hold[],
): Promise<HoldConflict | undefined> {
  return tx.first<HoldConflict>(
    `select kind, id, payment_key as "otherPayment" from holds
     where tenant_id = $1 and released_at is null
       and (kind, id) in (select * from unnest($2::text[], $3::text[]))
     order by kind, id limit 1`,
    [tenantId, holds.map(({ kind }) => kind), holds.map(({ id }) => id)],
  );
}

/** Takes them all. @throws OutdatedError when somebody took one since {@link findConflict}: looking again will name it. */
export async function takeHolds(
  tx: Tx,
  { tenantId, paymentKey, holds, now }: { tenantId: string; paymentKey: string; holds: readonly Hold[]; now: string },
): Promise<void> {
  const ordered = inLockOrder(holds);
  const taken = await tx.affected(
    `insert into holds (tenant_id, kind, id, payment_key, taken_at)
     select $1, kind, id, $2, $3 from unnest($4::text[], $5::text[]) with ordinality as wanted (kind, id, place)
     order by place
     on conflict (tenant_id, kind, id) where released_at is null do nothing`,
    [tenantId, paymentKey, now, ordered.map(({ kind }) => kind), ordered.map(({ id }) => id)],
  );
  if (taken !== ordered.length) throw new OutdatedError();
}

export async function releaseHolds(tx: Tx, tenantId: string, paymentKey: string, now: string): Promise<void> {
  await tx.affected(
    `update holds set released_at = $3 where tenant_id = $1 and payment_key = $2 and released_at is null`,
    [tenantId, paymentKey, now],
  );
}
