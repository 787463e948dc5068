/** What Postgres says, read as the owner, who sees every tenant. */
import type { PaymentResult } from '../../contracts/payment.ts';
import type { Pool } from '../../infrastructure/postgres.ts';
import type { BookedMint } from './chain.ts';
import type { BooksFacts } from './record.ts';

interface Which {
  tenantId: string;
  paymentKey: string;
  workflowId: string;
}

const mintColumns = `tenant_id as "tenantId", ticket_id as "ticketId", generation, wallet, status`;

async function rows<Row extends object>(pool: Pool, sql: string, values: readonly unknown[] = []): Promise<Row[]> {
  return (await pool.query<Row>(sql, [...values])).rows;
}

export async function booksFacts(pool: Pool, { tenantId, paymentKey, workflowId }: Which): Promise<BooksFacts> {
  const ofPayment = [tenantId, paymentKey];
  const ofWorkflow = [tenantId, workflowId];
  const [orders, claims, holds, ledger, repaid, deadLetters] = await Promise.all([
    rows<NonNullable<BooksFacts['order']>>(
      pool,
      `select amount, currency, (select count(*) from payment_tickets t
         where t.tenant_id = p.tenant_id and t.payment_key = p.payment_key) as tickets
       from payments p where tenant_id = $1 and payment_key = $2`,
      ofPayment,
    ),
    rows<{ status: 'live' | 'settled'; result: PaymentResult | null }>(
      pool,
      `select status, result from idempotency_keys where tenant_id = $1 and kind = 'payment' and key = $2`,
      ofPayment,
    ),
    rows<{ live: number }>(
      pool,
      `select count(*) as live from holds where tenant_id = $1 and payment_key = $2 and released_at is null`,
      ofPayment,
    ),
    ledgerRows(pool, [...ofWorkflow, paymentKey]),
    repaidOf(pool, ofPayment),
    rows<BooksFacts['deadLetters'][number]>(
      pool,
      `select step, error, resolved_at is not null as resolved from dead_letter_jobs
       where tenant_id = $1 and (workflow_id = $2 or workflow_id in ${followersOf('$3')}) order by id`,
      [...ofWorkflow, paymentKey],
    ),
  ]);
  const [claim] = claims;
  return {
    order: orders[0],
    claim: claim && { status: claim.status, result: claim.result ?? undefined },
    holdsLive: holds[0]?.live ?? 0,
    ledger: {
      captureTransactions: ledger.filter(({ step }) => step === 'capture').length,
      sumsToZero: ledger.every(({ sum }) => sum === 0),
      stripeBalance: ledger.reduce((total, { stripeBalance }) => total + stripeBalance, 0),
    },
    repaid,
    deadLetters,
  };
}

/** The workflows of a payment's refunds and disputes; $1 is the tenant. */
const followersOf = (paymentKey: string) =>
  `(select workflow_id from refunds r where r.tenant_id = $1 and r.payment_key = ${paymentKey}
    union all select workflow_id from disputes d where d.tenant_id = $1 and d.payment_key = ${paymentKey})`;

/** Those that took a refund back. What they leave for a person to do is no fault of the purchase. */
const returnsOf = (paymentKey: string) =>
  `(select 'refund-return:' || tenant_id || ':' || refund_id from refunds r
    where r.tenant_id = $1 and r.payment_key = ${paymentKey} and r.status = 'returned')`;

async function repaidOf(pool: Pool, ofPayment: readonly string[]): Promise<BooksFacts['repaid']> {
  const [repaid] = await rows<BooksFacts['repaid']>(
    pool,
    `select coalesce(sum(amount) filter (where status in ('refunded', 'completed')), 0)::bigint as done,
       coalesce(sum(amount) filter (where status = 'reserved'), 0)::bigint as reserved,
       coalesce(sum(amount) filter (where status = 'returned'), 0)::bigint as returned,
       coalesce(sum(cardinality(burned_ticket_ids)), 0)::bigint
         + (select count(*) from ticket_moves v join mints m using (tenant_id, mint_id) join payments p
             on p.tenant_id = m.tenant_id and p.workflow_id = m.workflow_id
             where v.tenant_id = $1 and p.payment_key = $2 and v.kind = 'burn' and v.status = 'done') as "burnedTickets"
     from refunds where tenant_id = $1 and payment_key = $2`,
    ofPayment,
  );
  return repaid ?? { done: 0, reserved: 0, returned: 0, burnedTickets: 0 };
}

/** Of a purchase, its refunds and its disputes: tenant, workflow and payment key. */
const ledgerRows = (pool: Pool, ofPurchase: readonly string[]) =>
  rows<{ step: string; sum: number; stripeBalance: number }>(
    pool,
    `select t.step, sum(e.amount)::bigint as sum,
       coalesce(sum(e.amount) filter (where e.account = 'stripe_balance'), 0)::bigint as "stripeBalance"
     from ledger_transactions t join ledger_entries e on e.tenant_id = t.tenant_id and e.transaction_id = t.id
     where t.tenant_id = $1 and (t.operation = $2 or t.operation in ${followersOf('$3')}
       or t.operation in ${returnsOf('$3')})
     group by t.id, t.step, e.currency`,
    ofPurchase,
  );

/** Rows that were released belong too: whether the chain really has nothing of them is for the chain to say. */
export const mintsOf = (pool: Pool, { tenantId, workflowId }: Which) =>
  rows<BookedMint>(pool, `select ${mintColumns} from mints where tenant_id = $1 and workflow_id = $2`, [
    tenantId,
    workflowId,
  ]);

export const allMints = (pool: Pool) => rows<BookedMint>(pool, `select ${mintColumns} from mints`);

/** Per currency: the sum of all entries, what they say is at the provider, and what it kept. */
export const ledgerTotals = (pool: Pool) =>
  rows<{ currency: string; sum: number; stripeBalance: number; fees: number }>(
    pool,
    `select currency, sum(amount)::bigint as sum,
       coalesce(sum(amount) filter (where account = 'stripe_balance'), 0)::bigint as "stripeBalance",
       coalesce(sum(amount) filter (where account in ('provider_fees', 'dispute_fees')), 0)::bigint as fees
     from ledger_entries group by currency`,
  );
