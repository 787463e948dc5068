/** What is kept back of each sale, until some days after its event: it becomes payable when a payout asks for it. */
import type { Currency } from '../contracts/money.ts';
import type { Tx } from '../infrastructure/postgres.ts';
import { postAll } from './ledger.ts';
import { reserveReleased } from './postings.ts';

/** Payments per transaction: more are left to the next one, so that no transaction outlives whoever waits for it. */
export const reservesPerTransaction = 500;

export interface DueReserves {
  tenantId: string;
  venueId: string;
  /** Business time, ISO 8601. */
  now: string;
}

const due = `from payments p join events e using (tenant_id, event_id) join venues v on v.tenant_id = p.tenant_id
    and v.venue_id = p.venue_id
  where p.tenant_id = $1 and p.venue_id = $2 and p.status = 'completed' and p.venue_reserve > 0
    and p.reserve_released_at is null and p.available_on <= $3::timestamptz
    and e.ends_at + v.reserve_days * interval '24 hours' <= $3::timestamptz`;

/** Once per payment, the oldest first. Answers whether there may be more. Under the lock of the venue's row. */
export async function releaseDueReserves(tx: Tx, { tenantId, venueId, now }: DueReserves): Promise<boolean> {
  const payments = await tx.rows<{ paymentKey: string; operation: string; reserve: number; currency: Currency }>(
    `select p.payment_key as "paymentKey", p.workflow_id as operation, p.venue_reserve as reserve, p.currency ${due}
     order by p.payment_id limit $4 for no key update of p`,
    [tenantId, venueId, now, reservesPerTransaction],
  );
  if (payments.length === 0) return false;
  await tx.affected(
    `update payments set reserve_released_at = $3 where tenant_id = $1 and payment_key = any ($2::text[])`,
    [tenantId, payments.map(({ paymentKey }) => paymentKey), now],
  );
  await postAll(
    tx,
    { tenantId, step: 'reserve_released', occurredAt: now, venueId },
    payments.map(({ operation, reserve, currency }) => ({ operation, currency, postings: reserveReleased(reserve) })),
  );
  return payments.length === reservesPerTransaction;
}

/** What {@link releaseDueReserves} would make payable, all of it. */
export async function sumOfDueReserves(tx: Tx, currency: Currency, about: DueReserves): Promise<number> {
  const { tenantId, venueId, now } = about;
  const row = await tx.first<{ sum: number }>(
    `select coalesce(sum(p.venue_reserve), 0)::bigint as sum ${due} and p.currency = $4`,
    [tenantId, venueId, now, currency],
  );
  return row?.sum ?? 0;
}
