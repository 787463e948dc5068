/** What the books have of a page of the provider's objects: each found by its id, else by the workflow that it names. */
import { parseWorkflowId } from '../contracts/ids.ts';
import type {
  Labels,
  OurDispute,
  OurPayment,
  OurPayout,
  OurRefund,
  Pair,
  ProviderObject,
} from '../contracts/reconciliation.ts';
import type { Tx } from '../infrastructure/postgres.ts';
import { fromRow, type Row } from './rows.ts';

/** What the ledger posted to `stripe_balance` for an operation; `operation` is an SQL expression. */
const postedFor = (tenant: string, operation: string) => `(
  select coalesce(sum(e.amount), 0)::bigint from ledger_transactions t
  join ledger_entries e on e.transaction_id = t.id and e.account = 'stripe_balance'
  where t.tenant_id = ${tenant} and t.operation in (${operation}))`;

export const paymentColumns = `payment_key as "paymentKey", p.workflow_id as "workflowId", run_id as "runId",
  status = 'live' as live, status = 'completed' as completed, currency, amount, intent_id as "intentId",
  provider_fee as fee, ${postedFor('p.tenant_id', 'p.workflow_id')} as posted`;

export const refundColumns = `refund_id as "refundId", r.workflow_id as "workflowId", r.run_id as "runId",
  coalesce(c.status = 'live', false) as live, r.currency, r.status, r.amount, provider_refund_id as "providerRefundId",
  ${postedFor('r.tenant_id', `r.workflow_id, 'refund-return:' || r.tenant_id || ':' || r.refund_id`)} as posted`;
export const refundsFrom = `refunds r left join idempotency_keys c on c.tenant_id = r.tenant_id and c.kind = 'refund' and c.key = r.refund_id`;

/** The claim comes first: a dispute that was just heard of has no row yet. */
export const disputeColumns = `c.key as "disputeId", d.payment_key as "paymentKey", c.workflow_id as "workflowId",
  c.run_id as "runId", c.status = 'live' as live, d.currency, d.outcome, coalesce(d.withdrawn, 0) as withdrawn,
  coalesce(d.fee, 0) as fee, ${postedFor('c.tenant_id', 'c.workflow_id')} as posted`;
export const disputesFrom = `idempotency_keys c left join disputes d on d.tenant_id = c.tenant_id and d.dispute_id = c.key`;
export const disputeClaims = `c.tenant_id = $1 and c.kind = 'dispute'`;

export const payoutColumns = `payout_id as "payoutId", workflow_id as "workflowId", run_id as "runId",
  status in ('reserved', 'transferred', 'created') as live, currency, account, status, amount,
  transfer_amount as "transferAmount", transfer_id as "transferId", provider_payout_id as "providerPayoutId",
  ${postedFor('p.tenant_id', 'p.workflow_id')} as posted`;

export async function many<T extends object>(tx: Tx, sql: string, values: readonly unknown[]): Promise<T[]> {
  return (await tx.rows<Row<T>>(sql, values)).map((row) => fromRow<T>(row));
}

/** The key of the workflow that the provider's object names, where it is one of this tenant and kind. */
function keyOf(tenantId: string, kind: string, { workflow }: Labels): string | undefined {
  const meant = parseWorkflowId(workflow ?? '');
  return meant?.tenantId === tenantId && meant.kind === kind ? meant.key : undefined;
}

/** What came by its id outranks what came by the workflow that it names. */
const matched = <T>(rows: readonly T[], byId: (row: T) => boolean, byKey: (row: T) => boolean): T | undefined =>
  rows.find(byId) ?? rows.find(byKey);

export const present = (values: readonly (string | undefined)[]) => values.filter((value) => value !== undefined);

type OfKind<Kind extends ProviderObject['kind']> = Extract<ProviderObject, { kind: Kind }>;
const ofKind = <Kind extends ProviderObject['kind']>(all: readonly ProviderObject[], kind: Kind) =>
  all.filter((one): one is OfKind<Kind> => one.kind === kind);

async function paymentPairs(tx: Tx, tenantId: string, all: readonly ProviderObject[]): Promise<Pair[]> {
  const theirs = ofKind(all, 'payment');
  if (theirs.length === 0) return [];
  const keys = theirs.map(({ labels }) => keyOf(tenantId, 'payment', labels));
  const rows = await many<OurPayment>(
    tx,
    `select ${paymentColumns} from payments p where tenant_id = $1 and (intent_id = any($2) or payment_key = any($3))`,
    [tenantId, theirs.map(({ id }) => id), present(keys)],
  );
  return theirs.map((their, index) => ({
    kind: 'payment',
    id: their.id,
    theirs: their,
    ours: matched(rows, (row) => row.intentId === their.id, (row) => row.paymentKey === keys[index]), // prettier-ignore
  }));
}

async function refundPairs(tx: Tx, tenantId: string, all: readonly ProviderObject[]): Promise<Pair[]> {
  const theirs = ofKind(all, 'refund');
  if (theirs.length === 0) return [];
  const keys = theirs.map(({ labels }) => keyOf(tenantId, 'refund', labels));
  const rows = await many<OurRefund>(
    tx,
    `select ${refundColumns} from ${refundsFrom}
     where r.tenant_id = $1 and (provider_refund_id = any($2) or refund_id = any($3))`,
    [tenantId, theirs.map(({ id }) => id), present(keys)],
  );
  return theirs.map((their, index) => ({
    kind: 'refund',
    id: their.id,
    theirs: their,
    ours: matched(rows, (row) => row.providerRefundId === their.id, (row) => row.refundId === keys[index]), // prettier-ignore
  }));
}

async function disputePairs(tx: Tx, tenantId: string, all: readonly ProviderObject[]): Promise<Pair[]> {
  const theirs = ofKind(all, 'dispute');
  if (theirs.length === 0) return [];
  const rows = await many<OurDispute>(
    tx,
    `select ${disputeColumns} from ${disputesFrom} where ${disputeClaims} and c.key = any($2)`,
    [tenantId, theirs.map(({ id }) => id)],
  );
  const charged = await tx.rows<{ paymentKey: string; chargeId: string }>(
    `select payment_key as "paymentKey", charge_id as "chargeId" from payments where tenant_id = $1 and charge_id = any($2)`,
    [tenantId, present(theirs.map(({ labels }) => labels.chargeId))],
  );
  return theirs.map((their) => ({
    kind: 'dispute',
    id: their.id,
    theirs: their,
    ours: rows.find(({ disputeId }) => disputeId === their.id),
    paymentKey: charged.find(({ chargeId }) => chargeId === their.labels.chargeId)?.paymentKey,
  }));
}

async function payoutPairs(tx: Tx, tenantId: string, all: readonly ProviderObject[]): Promise<Pair[]> {
  const transfers = ofKind(all, 'transfer');
  const payouts = ofKind(all, 'payout');
  if (transfers.length + payouts.length === 0) return [];
  const keyed = (one: ProviderObject) => keyOf(tenantId, 'payout', one.labels);
  const rows = await many<OurPayout>(
    tx,
    `select ${payoutColumns} from payouts p
     where tenant_id = $1 and (transfer_id = any($2) or provider_payout_id = any($3) or payout_id = any($4))`,
    [
      tenantId,
      transfers.map(({ id }) => id),
      payouts.map(({ id }) => id),
      present([...transfers, ...payouts].map(keyed)),
    ],
  );
  return [
    ...transfers.map((their): Pair => ({
      kind: 'transfer',
      id: their.id,
      theirs: their,
      ours: matched(rows, (row) => row.transferId === their.id, (row) => row.payoutId === keyed(their)), // prettier-ignore
    })),
    ...payouts.map((their): Pair => ({
      kind: 'payout',
      id: their.id,
      theirs: their,
      ours: matched(rows, (row) => row.providerPayoutId === their.id, (row) => row.payoutId === keyed(their)), // prettier-ignore
    })),
  ];
}

/** Movements stand for themselves. */
export const pairsIn = async (tx: Tx, tenantId: string, theirs: readonly ProviderObject[]): Promise<Pair[]> => [
  ...(await paymentPairs(tx, tenantId, theirs)),
  ...(await refundPairs(tx, tenantId, theirs)),
  ...(await disputePairs(tx, tenantId, theirs)),
  ...(await payoutPairs(tx, tenantId, theirs)),
  ...ofKind(theirs, 'movement').map((their): Pair => ({ kind: 'movement', id: their.id, theirs: their })),
];
