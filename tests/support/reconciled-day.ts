/**
 * A day that can be reconciled, on real parts: Stripe's simulator, PostgreSQL, a chain node, and the books as the workflows
 * write them. What happens here happens on both sides; a test then changes one of them.
 */
import { Stripe } from 'stripe';
import { createTestClient, http, parseEther } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { createReconciliationActivities } from '../../activities/reconciliation.ts';
import { createReconciliationChainActivities } from '../../activities/reconciliation-chain.ts';
import { createReconciliationRecordActivities } from '../../activities/reconciliation-records.ts';
import { deployContract } from '../../activities/providers/chain/deploy.ts';
import { createChainProvider } from '../../activities/providers/chain/provider.ts';
import { createChainReader } from '../../activities/providers/chain/reading.ts';
import { tokenIdOf } from '../../activities/providers/chain/token-id.ts';
import type { TransactionPlan } from '../../activities/providers/chain/types.ts';
import { createDisputeProvider } from '../../activities/providers/stripe/disputes.ts';
import { createPayoutProvider } from '../../activities/providers/stripe/payouts.ts';
import { createCardProvider } from '../../activities/providers/stripe/provider.ts';
import { createReconciliationProvider } from '../../activities/providers/stripe/reconciliation.ts';
import { createRefundProvider } from '../../activities/providers/stripe/refunds.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import { disputeWorkflowId } from '../../contracts/ids.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import {
  comparisons,
  type Comparison,
  type DifferenceRecord,
  type PageCursor,
  type ReconciliationCounts,
} from '../../contracts/reconciliation.ts';
import { noCounts } from '../../contracts/reconciliation-words.ts';
import type { RefundRequest } from '../../contracts/refund.ts';
import { openDispute } from '../../sandbox/stripe/resources/disputes/open.ts';
import { createStripeSimulator } from '../../sandbox/stripe/simulator.ts';
import { startChainNode } from '../integration/chain-node.ts';
import { creationOf, openPayable, paymentOf, payoutOf, reservePayoutOf, transferOf } from './payouts.ts';
import { startTestDatabase } from './postgres.ts';
import { completionOf, doneOf, refundOf, refundOperationOf, reserveOf } from './refunds.ts';
import type { captureOf } from './sales.ts';
import { claimOf, completedOf, inputOf, operationOf, orderOf } from './sales.ts';

export const theDay = '2027-01-15';
export const on = (time: string, day = theDay) => `${day}T${time}.000Z`;

const secretKey = 'sk_test_reconciled';
const chainId = 31_337;
const issuerKey = generatePrivateKey();
const buyer = privateKeyToAccount(generatePrivateKey()).address;
const timeoutMs = 5_000;

/** Where a purchase ended up; what it is short of is planted by the test. */
export interface Sold {
  order: PurchaseOrder;
  intentId: string;
  chargeId: string;
  tokenIds: bigint[];
}

export type ReconciledDay = Awaited<ReturnType<typeof openReconciledDay>>;

export async function openReconciledDay() {
  const [db, sim, anvil] = await Promise.all([
    startTestDatabase(),
    createStripeSimulator({ secretKey, limits: { perSecond: null } }),
    startChainNode(),
  ]);
  const { store } = db;
  const { rpcUrl } = anvil;
  const node = createTestClient({ mode: 'anvil', transport: http(rpcUrl) });
  const account = { secretKey, apiBase: sim.url };
  const [card, refunds, disputes, payouts] = [
    createCardProvider(account), createRefundProvider(account), createDisputeProvider(account), createPayoutProvider(account),
  ]; // prettier-ignore
  await node.setBalance({ address: privateKeyToAccount(issuerKey).address, value: parseEther('100') });
  const contract = await deployContract({ rpcUrl, chainId, issuerKey });
  const chain = createChainProvider({ rpcUrl, chainId, contract, issuerKey, requestTimeoutMs: timeoutMs });

  /** Workflows that Temporal still runs. */
  const running = new Set<string>();
  /** What was said to workflows. */
  const told: string[] = [];
  const judge = {
    rows: store.reconciliation,
    isRunning: async (workflowId: string) => running.has(workflowId),
    deliver: async (workflowId: string, { type }: { type: string }) => {
      told.push(`${type} to ${workflowId}`);
      return 'delivered' as const;
    },
  };
  const lanes = { read: <T>(_: unknown, call: () => Promise<T>) => call(), ask: <T>(_: unknown, call: () => Promise<T>) => call() }; // prettier-ignore
  const books = store.reconciliationBooks;
  const compareAll = {
    ...createReconciliationActivities({
      ...judge,
      provider: createReconciliationProvider(account),
      lanes,
      books,
      rows: store.reconciliation,
    }),
    ...createReconciliationChainActivities({
      ...judge,
      chain: createChainReader({ rpcUrl, contract, confirmations: 1, requestTimeoutMs: timeoutMs }),
      lanes,
      books,
      rows: store.reconciliation,
    }),
    ...createReconciliationRecordActivities({
      rows: store.reconciliation,
      books,
      hear: {
        dispute: async ({ disputeId, paymentKey }) => {
          told.push(`dispute ${disputeId} of ${paymentKey}`);
          return 'delivered';
        },
        refundReturn: async ({ refundId }) => {
          told.push(`return of refund ${refundId}`);
          return 'delivered';
        },
        payoutReturn: async (_, payoutId) => void told.push(`return of payout ${payoutId}`),
      },
    }),
  };

  let runs = 0;
  let keys = 0;
  const providerKey = () => `key-${(keys += 1)}`;
  let now = on('09:00:00');

  /** The provider's clock and the chain's, and business time. Only forwards. */
  async function at(time: string): Promise<void> {
    now = time;
    sim.world.clock.set(Date.parse(time));
    await node.setNextBlockTimestamp({ timestamp: BigInt(Date.parse(time) / 1_000) }).catch(() => undefined);
    await node.mine({ blocks: 1 });
  }

  async function onChain(plan: TransactionPlan): Promise<{ transactionHash: string; blockNumber: number }> {
    const { raw, hash } = await chain.sign(plan, await chain.nextNonce());
    await chain.broadcast(raw);
    let inclusion = await chain.inclusion(hash);
    // It mines by itself, a moment after it has answered.
    while (inclusion.state === 'pending') inclusion = await chain.inclusion(hash);
    if (inclusion.state !== 'mined' || !inclusion.success) throw new Error(`${hash} is ${inclusion.state}`);
    return { transactionHash: hash, blockNumber: inclusion.blockNumber };
  }

  /** The database has a clock of its own. */
  const stampMints = (tenantId: string) =>
    db.look(
      `update mints set updated_at = $2 where tenant_id = $1 and updated_at > now() - interval '1 hour' and updated_at <= now()`,
      [tenantId, now],
    );

  const authorize = (order: PurchaseOrder) =>
    card.authorize({ ...order, workflowId: operationOf(order).workflowId }, providerKey());

  async function mint(order: PurchaseOrder) {
    const { tenantId, tickets, venueId, eventId } = order;
    const operation = operationOf(order);
    const reserved = await store.mints.reserve({
      operation,
      step: 'mint',
      tickets,
      wallet: buyer,
      venueId,
      eventId,
      tokenIdOf: (ticketId, generation) => tokenIdOf(tenantId, ticketId, generation),
    });
    if ('taken' in reserved) throw new Error(`${reserved.taken} is taken`);
    const tokenIds = reserved.reserved.map(({ tokenId }) => BigInt(tokenId));
    const included = await onChain(await chain.planMint(buyer, tokenIds));
    await store.mints.confirm({ operation, step: 'mint', ...included });
    await stampMints(tenantId);
    return { ...included, tokenIds };
  }

  /** Changes to what the books write of the capture are planted by it. */
  async function sell(
    tenantId: string,
    {
      booked = {},
      capture = (intentId: string) => card.capture(intentId, providerKey()),
      ...parts
    }: {
      booked?: Partial<ReturnType<typeof captureOf>>;
      capture?: (intentId: string) => Promise<unknown>;
    } & Parameters<typeof orderOf>[1] = {},
  ): Promise<Sold> {
    const order = orderOf(tenantId, { paymentMethod: 'pm_card_bypassPending', ...parts });
    await store.payments.claim({ ...claimOf(order), now });
    const { intentId } = await authorize(order);
    const { transactionHash, tokenIds } = await mint(order);
    await capture(intentId);
    const { chargeId = '', balance } = await card.retrieve(intentId);
    const taken = {
      intentId,
      chargeId,
      amount: order.amount,
      balanceTransactionId: balance?.transactionId ?? 'txn_none',
      providerFee: balance?.fee ?? 320,
      availableOn: balance?.availableOn ?? now,
      ...booked,
    };
    const result = { ...completedOf(order), transactionHash };
    const settlement = { operation: operationOf(order), key: order.idempotencyKey, capture: taken, result, now };
    await store.payments.settle({ ...settlement, mint: { transactionHash, tickets: result.tickets } });
    return { order, intentId, chargeId, tokenIds };
  }

  /** Claimed, its money held, and then ended without it; `voided` false leaves the hold. */
  async function giveUp(tenantId: string, { voided = true } = {}): Promise<string> {
    const order = orderOf(tenantId);
    await store.payments.claim({ ...claimOf(order), now });
    const { intentId } = await authorize(order);
    if (voided) await card.cancel(intentId, providerKey());
    const result = { status: 'cancelled', moneyMoved: 'none', actor: 'ada', reason: 'no time' } as const;
    await store.payments.close({ operation: operationOf(order), key: order.idempotencyKey, result, now });
    return intentId;
  }

  /** Held at the provider, and not ended here. */
  async function begin(tenantId: string): Promise<Sold> {
    const order = orderOf(tenantId);
    await store.payments.claim({ ...claimOf(order), now });
    const { intentId } = await authorize(order);
    const { chargeId = '' } = await card.capture(intentId, providerKey());
    return { order, intentId, chargeId, tokenIds: [] };
  }

  async function refund(
    { order, chargeId }: Sold,
    amount = order.amount,
  ): Promise<{ request: RefundRequest; id: string }> {
    const request = refundOf(order, { amount });
    await store.refunds.reserve({ ...reserveOf(request), now });
    const { workflowId } = refundOperationOf(request);
    const { providerRefundId: id } = await refunds.create(
      { tenantId: order.tenantId, workflowId, chargeId, amount },
      providerKey(),
    );
    await store.refunds.refunded({ ...doneOf(request), refund: { providerRefundId: id, status: 'succeeded' }, now });
    await store.refunds.settle({ ...completionOf(request, amount, { providerRefundId: id }), now });
    return { request, id };
  }

  /** A bank opens it. */
  const dispute = ({ chargeId }: Sold) =>
    openDispute(sim.world, {
      charge: sim.world.store.charges.get(chargeId)!,
      reason: 'fraudulent',
      status: 'needs_response',
    });

  /** What the provider says of it by now, as its workflow books it; `ended`: and closes it. */
  async function bookDispute({ order }: Sold, disputeId: string, ended: boolean): Promise<void> {
    const { tenantId, idempotencyKey: paymentKey } = order;
    const operation = { tenantId, workflowId: disputeWorkflowId(tenantId, disputeId), runId: 'run-1' };
    const request = { tenantId, disputeId, paymentKey };
    const body: object = { disputeId };
    await store.disputes.claim({ operation, input: { request, fingerprint: fingerprintOf(body) }, now });
    const record = { operation, paymentKey, dispute: await disputes.retrieve(disputeId), now };
    await (ended ? store.disputes.settle(record) : store.disputes.book(record));
  }

  /** All that is available, to the venue's bank. */
  async function payOut(
    tenantId: string,
    connected: string,
  ): Promise<{ payoutId: string; id: string; transferId: string }> {
    const request = payoutOf(tenantId);
    const claim = await store.payouts.reserve(reservePayoutOf(request, { now }));
    if (claim.kind !== 'owned') throw new Error(`not reserved: ${JSON.stringify(claim)}`);
    const { amount, currency } = claim.reservation;
    const { operation } = transferOf(request);
    const ordered = { tenantId, workflowId: operation.workflowId, account: connected, amount, currency };
    const { transferId } = await payouts.transfer({ ...ordered, payoutId: request.payoutId }, providerKey());
    await store.payouts.transferred({ operation, transfer: { transferId }, now });
    const { providerPayoutId: id } = await payouts.create(ordered, providerKey());
    await store.payouts.created({ ...creationOf(request), payout: { providerPayoutId: id, status: 'pending' }, now });
    await control('payouts', { id, outcome: 'pay' });
    const paid = paymentOf(request, amount, { providerPayoutId: id, transferId });
    await store.payouts.settle({ ...paid, now });
    return { payoutId: request.payoutId, id, transferId };
  }

  async function control(name: string, body: object): Promise<void> {
    const response = await fetch(`${sim.url}/_sim/${name}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`the simulator refused ${name}: ${await response.text()}`);
  }

  /** As the workflow does: every comparison to its last page, what is open once more, and what can be healed. */
  async function reconcile(tenantId: string, day = theDay) {
    const run = { tenantId, day, run: `run-${(runs += 1)}`, now: new Date(Date.parse(now)).toISOString() };
    await compareAll.beginReconciliation(run);
    const compared: ReconciliationCounts = { ...noCounts };
    for (const comparison of comparisons)
      for (let cursor: PageCursor | undefined, more = true; more; more = cursor !== undefined) {
        const page = await onePage(comparison, { ...run, ...(cursor ? { cursor } : {}) });
        compared[comparison] += page.compared;
        compared.told += page.told;
        ({ cursor } = page);
      }
    await compareAll.lookAgainAtProvider({ ...run, which: 'others', after: 0 });
    await compareAll.lookAgainAtChain({ ...run, which: 'others', after: 0 });
    await compareAll.healDifferences({ ...run, after: 0 });
    const { shown: _, ...totals } = await compareAll.endReconciliation({ ...run, cancelled: false, compared });
    return { ...totals, compared, open: await open(tenantId) };
  }

  function onePage(
    comparison: Comparison,
    input: { tenantId: string; day: string; run: string; now: string; cursor?: PageCursor },
  ) {
    if (comparison === 'ledger')
      return compareAll.compareLedger(input).then((judged) => ({ ...judged, cursor: undefined }));
    if (comparison === 'tickets' || comparison === 'tokens') return compareAll.compareChain({ ...input, comparison });
    return compareAll.compareProvider({ ...input, comparison });
  }

  const open = async (tenantId: string): Promise<DifferenceRecord[]> =>
    store.reconciliation.list(tenantId, { open: true, limit: 200 });

  let tenants = 0;

  return {
    db, sim, node, chain, buyer, contract, rpcUrl, stripe: clientOf(sim.url), running, told,
    at, sell, giveUp, begin, refund, dispute, bookDispute, payOut, control, onChain, reconcile, open, stampMints, inputOf,
    /** A venue that sells and is paid, on an account of its own. */
    async tenant(): Promise<{ tenantId: string; account: string }> {
      const tenantId = `day-${(tenants += 1)}`;
      const connected = `acct_day${tenants}`;
      await control('accounts', { id: connected, currency: 'usd' });
      await openPayable(store, tenantId, { connectedAccount: connected });
      return { tenantId, account: connected };
    },
    async close(): Promise<void> {
      await Promise.all([db.stop(), sim.close(), anvil.stop()]);
    },
  }; // prettier-ignore
}

/** As a person with the dashboard. */
function clientOf(url: string): Stripe {
  const { hostname, port } = new URL(url);
  return new Stripe(secretKey, { host: hostname, port, protocol: 'http', maxNetworkRetries: 0 });
}
