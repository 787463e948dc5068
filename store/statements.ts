/** What a payout pays: the statement of a venue, from the ledger's own entries, so that it adds up to the minor unit. */
import { parseWorkflowId } from '../contracts/ids.ts';
import type { Currency } from '../contracts/money.ts';
import type { Tx } from '../infrastructure/postgres.ts';
import type { ClosedStatement, OfVenue, PayoutRowStatus } from './payout-state.ts';
import { fromRow, type Row } from './rows.ts';

export type StatementLineKind =
  | 'purchase'
  /** Also one that came back: its amounts are positive. */
  | 'refund'
  | 'dispute'
  | 'dispute_fee'
  | 'reserve_released'
  /** A payout that came back after it was paid. */
  | 'payout_returned'
  /** A payout that was reserved and not paid. */
  | 'payout_released'
  | 'adjustment';

/** As the venue sees it: what it gets is positive. `gross` + `platformFee` + `reserve` = `net`. Minor units. */
export interface StatementLine {
  kind: StatementLineKind;
  /** Workflow id of what it is about. */
  operation: string;
  /** Of a purchase, and of its refunds. */
  paymentKey?: string;
  occurredAt: string;
  gross: number;
  /** Less than 0 where the platform took its fee, more where a refund gave it back. */
  platformFee: number;
  /** Less than 0 where it was kept back, more where it was released. */
  reserve: number;
  /** What it changed of what the venue is owed. */
  net: number;
}

/** `openingBalance` + the lines' `net` − `amount` = `closingBalance`. */
export interface Statement {
  payoutId: string;
  venueId: string;
  currency: Currency;
  /** What became of the payout: one that was not paid, or came back, stands in the next statement again. */
  status: PayoutRowStatus;
  amount: number;
  openingBalance: number;
  closingBalance: number;
  /** When the statement before was drawn up; absent for a venue's first. */
  from?: string;
  /** When this one was. */
  to: string;
  /** In the order in which they were booked. */
  lines: StatementLine[];
}

const kindsOfPayments: Readonly<Record<string, StatementLineKind>> = {
  capture: 'purchase',
  reserve_released: 'reserve_released',
};

const kindsOfOthers: Readonly<Record<string, StatementLineKind>> = {
  refund: 'refund',
  'refund-return': 'refund',
  dispute: 'dispute',
  payout: 'payout_released',
  'payout-return': 'payout_returned',
};

/** By who posted it, and as what. */
export function lineKindOf(operation: string, step: string): StatementLineKind {
  const kind = parseWorkflowId(operation)?.kind ?? '';
  if (kind === 'payment') return kindsOfPayments[step] ?? 'adjustment';
  if (kind === 'dispute' && step.startsWith('dispute_fee')) return 'dispute_fee';
  return kindsOfOthers[kind] ?? 'adjustment';
}

/** Entries per transaction: more are left to the next one, so that no transaction outlives whoever waits for it. */
export const entriesPerTransaction = 5_000;

/** It opens with what the one before closed with. */
type OpenStatement = Omit<ClosedStatement, 'closing'>;

async function readOpen(tx: Tx, { tenantId, venueId, currency }: OfVenue): Promise<OpenStatement> {
  const last = await tx.first<OpenStatement>(
    `select statement + 1 as statement, closing_balance as opening from payouts
     where tenant_id = $1 and venue_id = $2 and currency = $3 order by statement desc limit 1`,
    [tenantId, venueId, currency],
  );
  return last ?? { statement: 1, opening: 0 };
}

/**
 * Lists what is available by now and in no statement yet in the venue's open one. Answers whether there may be more. What is
 * listed stays listed, whatever becomes of the payout that asked. Under the lock of the venue's row.
 */
export async function listEntries(
  tx: Tx,
  venue: OfVenue,
  now: string,
  limit: number | null = entriesPerTransaction,
): Promise<boolean> {
  const { tenantId, venueId, currency } = venue;
  const { statement } = await readOpen(tx, venue);
  const listed = await tx.affected(
    `insert into statement_entries (tenant_id, entry_id, venue_id, currency, statement)
     select tenant_id, id, venue_id, currency, $4 from ledger_entries e
     where tenant_id = $1 and venue_id = $2 and account = 'venue_payable' and currency = $3
       and (available_on is null or available_on <= $5)
       and not exists (select from statement_entries l where l.entry_id = e.id) limit $6`,
    [tenantId, venueId, currency, statement, now, limit],
  );
  return listed === limit;
}

/** The open statement, as the payout whose reservation is listed in it closes it. */
export async function closeStatement(tx: Tx, venue: OfVenue): Promise<ClosedStatement> {
  const { tenantId, venueId, currency } = venue;
  const open = await readOpen(tx, venue);
  const row = await tx.first<{ closing: number }>(
    `select ($5::bigint - coalesce(sum(e.amount), 0))::bigint as closing
     from statement_entries l join ledger_entries e on e.id = l.entry_id
     where l.tenant_id = $1 and l.venue_id = $2 and l.currency = $3 and l.statement = $4`,
    [tenantId, venueId, currency, open.statement, open.opening],
  );
  return { ...open, closing: row?.closing ?? open.opening };
}

type Columns = Omit<StatementLine, 'kind' | 'gross' | 'paymentKey'> & { step: string; refundedPayment?: string };

function lineOf(row: Row<Columns>): StatementLine {
  const { step, refundedPayment, ...columns } = fromRow<Columns>(row);
  const { operation, net, platformFee, reserve } = columns;
  const parsed = parseWorkflowId(operation);
  const paymentKey = parsed?.kind === 'payment' ? parsed.key : refundedPayment;
  return {
    kind: lineKindOf(operation, step),
    ...(paymentKey === undefined ? {} : { paymentKey }),
    ...columns,
    gross: net - platformFee - reserve,
  };
}

export async function readStatement(tx: Tx, tenantId: string, payoutId: string): Promise<Statement | undefined> {
  const header = await tx.first<Row<Omit<Statement, 'lines'>>>(
    `select p.payout_id as "payoutId", p.venue_id as "venueId", p.currency, p.status, p.amount,
       p.opening_balance as "openingBalance", p.closing_balance as "closingBalance", p.reserved_at as to,
       (select before.reserved_at from payouts before where before.tenant_id = p.tenant_id
          and before.venue_id = p.venue_id and before.currency = p.currency and before.statement = p.statement - 1) as from
     from payouts p where p.tenant_id = $1 and p.payout_id = $2`,
    [tenantId, payoutId],
  );
  if (!header) return undefined;
  // A reservation stands in its own payout's statement only, as the amount.
  const rows = await tx.rows<Row<Columns>>(
    `with listed as (
       select e.transaction_id, -sum(e.amount) as net from payouts p
         join statement_entries l using (tenant_id, venue_id, currency, statement) join ledger_entries e on e.id = l.entry_id
       where p.tenant_id = $1 and p.payout_id = $2 group by e.transaction_id
     )
     select t.operation, t.step, t.occurred_at as "occurredAt", listed.net::bigint as net,
       r.payment_key as "refundedPayment",
       coalesce(sum(e.amount) filter (where e.account = 'platform_fees'), 0)::bigint as "platformFee",
       coalesce(sum(e.amount) filter (where e.account = 'venue_reserve'), 0)::bigint as reserve
     from listed join ledger_transactions t on t.id = listed.transaction_id
       join ledger_entries e on e.transaction_id = t.id
       left join refunds r on r.tenant_id = $1 and r.refund_id = split_part(t.operation, ':', 3)
         and split_part(t.operation, ':', 1) in ('refund', 'refund-return')
     where t.step <> 'payout_reserved'
     group by t.id, listed.net, r.payment_key order by t.id`,
    [tenantId, payoutId],
  );
  return { ...fromRow<Omit<Statement, 'lines'>>(header), lines: rows.map(lineOf) };
}
