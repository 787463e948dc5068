/** Purchases as people and activities look them up. */
import type { Currency, Shares } from '../contracts/money.ts';
import type { PaymentResult, PurchaseOrder } from '../contracts/payment.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { fromRow, type Row } from './rows.ts';

/** What was let in. */
export interface Sale extends Shares {
  venueId: string;
  eventId: string;
  userId: string;
  orderId: string;
  wallet: string;
  emailRef: string;
  currency: Currency;
  amount: number;
  lines: PurchaseOrder['lines'];
  tickets: PurchaseOrder['tickets'];
  /** Of a completed payment; the intent is absent for an amount of 0. */
  transactionHash?: string;
  intentId?: string;
  chargeId?: string;
  /** What the provider kept, minor units. */
  providerFee?: number;
  availableOn?: string;
}

export interface PaymentRecord {
  key: string;
  status: 'live' | PaymentResult['status'];
  workflowId: string;
  runId: string;
  fingerprint: string;
  /** ISO 8601, business time. */
  claimedAt: string;
  endedAt?: string;
  result?: PaymentResult;
  /** Absent when the purchase was refused: then nothing was taken. */
  sale?: Sale;
}

export interface PaymentFilter {
  eventId?: string;
  orderId?: string;
  status?: Exclude<PaymentRecord['status'], 'refused'>;
  /** 1 to 200. */
  limit: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
}

export interface PaymentPage {
  /** Newest first. Refused purchases are not among them: they are found by their key. */
  payments: PaymentRecord[];
  nextCursor?: string;
}

export const maxPage = 200;

interface ClaimColumns extends Omit<PaymentRecord, 'status' | 'sale'> {
  paymentId?: number;
}
type SaleColumns = Omit<Sale, 'lines' | 'tickets'>;
interface JoinedRow {
  claim: Row<ClaimColumns>;
  sale: Row<SaleColumns> | null;
  lines: Row<Sale['lines'][number]>[];
  tickets: Row<Sale['tickets'][number]>[];
}

/** Timestamps inside JSON are not parsed by the driver, so they are written in its form here. */
export const iso = (column: string) => `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const joined = `
  select
    json_build_object('key', c.key, 'workflowId', c.workflow_id, 'runId', c.run_id, 'fingerprint', c.fingerprint,
      'claimedAt', ${iso('c.claimed_at')}, 'endedAt', ${iso('c.processed_at')}, 'result', c.result,
      'paymentId', p.payment_id) as claim,
    case when p.payment_id is not null then json_build_object('venueId', p.venue_id, 'eventId', p.event_id,
      'userId', p.user_id, 'orderId', p.order_id, 'wallet', p.wallet, 'emailRef', p.email_ref, 'currency', p.currency,
      'amount', p.amount, 'platformFee', p.platform_fee, 'venueReserve', p.venue_reserve, 'venuePayable', p.venue_payable,
      'transactionHash', p.transaction_hash, 'intentId', p.intent_id, 'chargeId', p.charge_id,
      'providerFee', p.provider_fee, 'availableOn', ${iso('p.available_on')}) end as sale,
    (select coalesce(json_agg(json_build_object('kind', l.kind, 'ticketId', l.ticket_id, 'amount', l.amount)
      order by l.position), '[]') from payment_lines l
      where l.tenant_id = c.tenant_id and l.payment_key = c.key) as lines,
    (select coalesce(json_agg(json_build_object('ticketId', t.ticket_id, 'seatId', t.seat_id, 'price', t.price)
      order by t.position), '[]') from payment_tickets t
      where t.tenant_id = c.tenant_id and t.payment_key = c.key) as tickets
  from idempotency_keys c left join payments p on p.tenant_id = c.tenant_id and p.payment_key = c.key
  where c.tenant_id = $1 and c.kind = 'payment'`;

function recordOf({ claim, sale, lines, tickets }: JoinedRow): PaymentRecord {
  const { paymentId: _, ...columns } = fromRow<ClaimColumns>(claim);
  return {
    ...columns,
    status: columns.result?.status ?? 'live',
    ...(sale && {
      sale: {
        ...fromRow<SaleColumns>(sale),
        lines: lines.map((line) => fromRow<Sale['lines'][number]>(line)),
        tickets: tickets.map((ticket) => fromRow<Sale['tickets'][number]>(ticket)),
      },
    }),
  };
}

async function listIn(tx: Tx, tenantId: string, filter: PaymentFilter): Promise<PaymentPage> {
  const { eventId, orderId, status, cursor } = filter;
  const limit = pageSizeOf(filter.limit);
  const rows = await tx.rows<JoinedRow>(
    `${joined} and p.payment_id is not null
       and ($2::text is null or p.event_id = $2) and ($3::text is null or p.order_id = $3)
       and ($4::text is null or p.status = $4) and ($5::bigint is null or p.payment_id < $5)
     order by p.payment_id desc limit $6`,
    [tenantId, eventId ?? null, orderId ?? null, status ?? null, cursorOf(cursor), limit + 1],
  );
  const { items, next } = pageOf(rows, limit, { item: recordOf, number: ({ claim }) => claim.paymentId ?? undefined });
  return { payments: items, ...next };
}

/** A page of at most so many, as the filter of a list wants it. */
export const pageSizeOf = (limit: number) => Math.min(Math.max(limit, 1), maxPage);

/** What was read, one more than fits, as a page: the number of the last one on it is where the next page begins. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  { item, number }: { item: (row: Row) => Item; number: (row: Row) => number | undefined },
): { items: Item[]; next: { nextCursor?: string } } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const begins = rows.length > limit && last ? number(last) : undefined;
  return { items: page.map(item), next: begins ? { nextCursor: String(begins) } : {} };
}

export function cursorOf(cursor: string | undefined): number | null {
  if (cursor === undefined) return null;
  if (!/^[1-9]\d{0,14}$/.test(cursor)) throw new InvalidCursorError(cursor);
  return Number(cursor);
}

/** A cursor that no page ever gave. */
export class InvalidCursorError extends Error {
  constructor(cursor: string) {
    super(`cursor ${JSON.stringify(cursor.slice(0, 40))} is not one that a page gave as nextCursor`);
    this.name = 'InvalidCursorError';
  }
}

export const createPaymentReads = (pool: Pool) => ({
  /** By its idempotency key. */
  get(tenantId: string, key: string): Promise<PaymentRecord | undefined> {
    return withTenant(pool, tenantId, async (tx) => {
      const row = await tx.first<JoinedRow>(`${joined} and c.key = $2`, [tenantId, key]);
      return row && recordOf(row);
    });
  },

  list(tenantId: string, filter: PaymentFilter): Promise<PaymentPage> {
    return withTenant(pool, tenantId, (tx) => listIn(tx, tenantId, filter));
  },
});
