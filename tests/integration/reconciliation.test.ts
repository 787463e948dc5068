/**
 * The line on real parts: nothing is reported on clean data, however it lies to the borders of the day, and each
 * planted difference is found, once. Simulator, PostgreSQL and chain node; the workflow around it is tested by itself.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createChainReader } from '../../activities/providers/chain/reading.ts';
import { paymentWorkflowId } from '../../contracts/ids.ts';
import type { DifferenceKind, DifferenceRecord } from '../../contracts/reconciliation.ts';
import { withTenant } from '../../infrastructure/postgres.ts';
import { nobody } from '../../sandbox/stripe/world.ts';
import { reinstateFunds } from '../../sandbox/stripe/resources/disputes/funds.ts';
import { settleRefund } from '../../sandbox/stripe/resources/refunds/settle.ts';
import { record } from '../../sandbox/stripe/transactions.ts';
import { post } from '../../store/ledger.ts';
import { withClient } from '../../sandbox/parts/postgres-roles.ts';
import { on, openReconciledDay, type ReconciledDay, theDay } from '../support/reconciled-day.ts';

let day: ReconciledDay;
beforeAll(async () => {
  day = await openReconciledDay();
  await day.at(on('09:00:00', '2027-01-14'));
});
afterAll(() => day.close());

const kindsOf = (found: readonly DifferenceRecord[]) =>
  found.map(({ kind, objectId }) => `${kind} ${objectId}`).toSorted();

const names = (all: readonly [DifferenceKind, string][]) => all.map(([kind, id]) => `${kind} ${id}`).toSorted();

/** Everything that a day has when all is well, on both sides, and at its borders. */
async function honestDay() {
  const { tenantId, account } = await day.tenant();
  await day.at(on('23:59:58', '2027-01-14'));
  const old = await day.sell(tenantId);
  const late = await day.begin(tenantId);
  await day.at(on('00:00:01'));
  const sold = await day.sell(tenantId);
  await day.giveUp(tenantId);
  const part = await day.refund(sold, 3_000);
  const won = await day.sell(tenantId);
  const lost = await day.sell(tenantId);
  const [open, gone] = [day.dispute(won), day.dispute(lost)];
  await day.bookDispute(won, open.id, false);
  await day.at(on('12:00:00'));
  await day.control('disputes', { id: open.id, outcome: 'won' });
  await day.control('disputes', { id: gone.id, outcome: 'lost' });
  await day.bookDispute(won, open.id, true);
  await day.bookDispute(lost, gone.id, true);
  const payout = await day.payOut(tenantId, account);
  await day.at(on('23:59:59'));
  await day.sell(tenantId);
  const back = await day.refund(old);
  return { tenantId, account, old, late, sold, part, won, lost, open, gone, payout, back };
}

/** As nobody can but the superuser, who switches triggers off. */
async function unbalance(tenantId: string): Promise<string> {
  return withClient(day.db.superuserUrl, async (client) => {
    const { rows } = await client.query<{ id: number }>(
      `select t.id::int as id from ledger_transactions t where t.tenant_id = $1 and t.step = 'payout_reserved'`,
      [tenantId],
    );
    const id = rows[0]!.id;
    await client.query(`begin; set local session_replication_role = replica`);
    await client.query(
      `insert into ledger_entries (tenant_id, transaction_id, currency, account, amount) values ($1, $2, 'USD', 'losses', 7)`,
      [tenantId, id],
    );
    await client.query('commit');
    return String(id);
  });
}

describe('a clean day', () => {
  test('has no differences, also at its borders, in the days beside it, and for nobody', async () => {
    const { tenantId, late } = await honestDay();
    day.running.add(paymentWorkflowId(tenantId, late.order.idempotencyKey));
    await day.at(on('00:10:00', '2027-01-16'));
    const clean = { status: 'clean', differences: 0, healed: 0, open: [] };
    const found = await day.reconcile(tenantId);
    expect(found).toMatchObject(clean);
    const { compared } = found;
    // The provider's clock ticks, so what lies at a border may lie on both sides of it.
    const least = {
      payments: 4,
      refunds: 1,
      disputes: 2,
      transfers: 1,
      payouts: 1,
      movements: 3,
      tickets: 3,
      tokens: 3,
      ledger: 8,
    };
    for (const [what, count] of Object.entries(least))
      expect(compared[what as keyof typeof least], what).toBeGreaterThanOrEqual(count);
    expect(await day.reconcile(tenantId, '2027-01-14')).toMatchObject(clean);
    expect(await day.reconcile(tenantId, '2027-01-16')).toMatchObject(clean);
    expect(await day.reconcile('platform')).toMatchObject(clean);
    expect(day.told).toEqual([]);
  });
});

describe('planted differences', () => {
  test('are each found, once, on both sides and by nobody else', async () => {
    await day.at(on('10:00:00', '2027-02-15'));
    const other = '2027-02-15';
    const { tenantId, account } = await day.tenant();
    const { tenantId: neighbour } = await day.tenant();
    await day.sell(neighbour);
    await day.sell(tenantId);
    const planted: [DifferenceKind, string][] = [];
    const plant = (kind: DifferenceKind, objectId: string) => void planted.push([kind, objectId]);

    // Money that nobody here knows of, money that is not there, and money that is another.
    const stray = await day.stripe.paymentIntents.create({
      amount: 4_200, currency: 'usd', confirm: true, payment_method: 'pm_card_visa', allowed_payment_method_types: ['card'],
      metadata: { tenant: tenantId, workflow: paymentWorkflowId(tenantId, 'nobody') },
    }); // prettier-ignore
    plant('capture_unknown', stray.id);
    plant('capture_missing', (await day.sell(tenantId, { capture: async () => undefined })).intentId);
    const short = await day.sell(tenantId, {
      capture: (id) => day.stripe.paymentIntents.capture(id, { amount_to_capture: 9_000 }),
    });
    plant('capture_differs', short.intentId);
    plant('fee_differs', (await day.sell(tenantId, { booked: { providerFee: 321 } })).intentId);
    plant('hold_left', await day.giveUp(tenantId, { voided: false }));

    // By the dashboard's hand, or later than the books looked.
    const refunded = await day.sell(tenantId);
    plant('refund_unknown', (await day.stripe.refunds.create({ charge: refunded.chargeId, amount: 500 })).id);
    const failed = await day.refund(await day.sell(tenantId));
    settleRefund(day.sim.world, day.sim.world.store.refunds.get(failed.id)!, { outcome: 'fail' });
    plant('refund_status', failed.id);
    plant('dispute_unknown', day.dispute(await day.sell(tenantId)).id);
    const appealed = await day.sell(tenantId);
    const dispute = day.dispute(appealed);
    await day.control('disputes', { id: dispute.id, outcome: 'lost' });
    await day.bookDispute(appealed, dispute.id, true);
    reinstateFunds(day.sim.world, nobody, day.sim.world.store.disputes.get(dispute.id)!, false);
    plant('dispute_funds', dispute.id);
    const payout = await day.payOut(tenantId, account);
    const byHand = { amount: 700, currency: 'usd' };
    plant('transfer_unknown', (await day.stripe.transfers.create({ ...byHand, destination: account })).id);
    plant('payout_unknown', (await day.stripe.payouts.create(byHand, { stripeAccount: account })).id);
    await day.control('payouts', { id: payout.id, outcome: 'fail' });
    plant('payout_status', payout.id);

    // Tickets: gone from the chain, still on it, and from nowhere.
    const gone = await day.sell(tenantId);
    await day.onChain(await day.chain.planBurn(gone.tokenIds));
    plant('ticket_missing', String(gone.tokenIds[0]));
    const owned = await day.sell(tenantId);
    await day.db.store.mints.burned({
      operation: { tenantId, workflowId: paymentWorkflowId(tenantId, owned.order.idempotencyKey), runId: 'run-1' },
      transactionHash: `0x${'c'.repeat(64)}`,
    });
    await day.stampMints(tenantId);
    plant('ticket_owned', String(owned.tokenIds[0]));

    // Around the ledger's rules, and by them.
    const posted = await day.sell(tenantId);
    const operation = paymentWorkflowId(tenantId, posted.order.idempotencyKey);
    await withTenant(
      day.db.pool,
      tenantId,
      (tx) =>
      post(tx, {
        tenantId, operation, step: 'correction', occurredAt: on('10:00:00', other), currency: 'USD',
        postings: [{ account: 'stripe_balance', amount: 5 }, { account: 'losses', amount: -5 }],
      }), // prettier-ignore
    );
    plant('ledger_differs', posted.intentId);
    plant('ledger_unbalanced', await unbalance(tenantId));

    const ofPlatform: [DifferenceKind, string][] = [
      ['token_unknown', '4711'],
      [
        'movement_unknown',
        record(day.sim.world, { type: 'stripe_fee', reportingCategory: 'fee', amount: -25, currency: 'usd', source: 'none' }).id,
      ],
    ]; // prettier-ignore
    await day.onChain(await day.chain.planMint(day.buyer, [4711n]));

    await day.at(on('11:00:00', other));
    const found = await day.reconcile(tenantId, other);
    expect(kindsOf(found.open)).toEqual(names(planted));
    expect(found).toMatchObject({ status: 'differs', differences: planted.length, healed: 3 });
    expect(kindsOf((await day.reconcile('platform', other)).open)).toEqual(names(ofPlatform));
    expect((await day.reconcile(neighbour, other)).open).toEqual([]);
    expect(day.told.toSorted().map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual(
      [`dispute ${planted.find(([kind]) => kind === 'dispute_unknown')![1]} of`, 'return of payout', 'return of refund'].toSorted(),
    ); // prettier-ignore

    // Seen again by another run they are the same rows; what is put right at the provider closes by itself.
    await day.stripe.paymentIntents.cancel(planted.find(([kind]) => kind === 'hold_left')![1]);
    const again = await day.reconcile(tenantId, other);
    expect(kindsOf(again.open)).toEqual(names(planted.filter(([kind]) => kind !== 'hold_left')));
    const before = new Map(found.open.map(({ id, objectId }) => [objectId, id]));
    for (const { objectId, id } of again.open) expect(id, objectId).toBe(before.get(objectId));
    const all = await day.db.store.reconciliation.list(tenantId, { open: false, limit: 200 });
    expect(all.find(({ kind }) => kind === 'hold_left')).toMatchObject({ closedBy: 'reconciliation' });

    // On another day what is open is looked at again, and counted on its own day.
    await day.at(on('11:00:00', '2027-02-16'));
    expect(await day.reconcile(tenantId, '2027-02-16')).toMatchObject({ status: 'clean', differences: 0 });
    expect(kindsOf(await day.open(tenantId))).toEqual(kindsOf(again.open));
  });
});

test('what is under way is no difference while somebody runs it, and one when nobody does', async () => {
  await day.at(on('10:00:00', '2027-03-15'));
  const { tenantId } = await day.tenant();
  const { order, intentId } = await day.begin(tenantId);
  const workflowId = paymentWorkflowId(tenantId, order.idempotencyKey);
  day.running.add(workflowId);
  expect((await day.reconcile(tenantId, '2027-03-15')).open).toEqual([]);
  day.running.delete(workflowId);
  const [found] = (await day.reconcile(tenantId, '2027-03-15')).open;
  expect(found).toMatchObject({
    kind: 'capture_unknown',
    objectId: intentId,
    amount: order.amount,
    ours: { completed: false },
  });
  expect(theDay).not.toBe(found?.day);
});

test('the chain is read as deep as it is confirmed, and its days are found by halving', async () => {
  const { rpcUrl, contract } = day;
  const reader = createChainReader({ rpcUrl, contract, confirmations: 3, requestTimeoutMs: 5_000 });
  await day.at(on('10:00:00', '2027-04-15'));
  await day.onChain(await day.chain.planMint(day.buyer, [4712n]));
  const shallow = (await reader.confirmed())!;
  expect(await reader.tokens(['4712'], shallow.number)).toEqual([{ tokenId: '4712', owned: false, everMinted: false }]);
  await day.node.mine({ blocks: 3 });
  const deep = (await reader.confirmed())!;
  expect(deep.number).toBe(shallow.number + 3);
  expect(await reader.tokens(['4712', '1'], deep.number)).toEqual([
    { tokenId: '4712', owned: true, everMinted: true },
    { tokenId: '1', owned: false, everMinted: false },
  ]);
  const first = await reader.blockAt(on('10:00:00', '2027-04-15'), deep.number);
  expect(await reader.moved(first, deep.number)).toEqual(['4712']);
  expect(await reader.moved(0, first - 1)).not.toContain('4712');
  expect(await reader.blockAt(on('00:00:00', '2030-01-01'), deep.number)).toBe(deep.number + 1);
  expect(await reader.blockAt(on('00:00:00', '2020-01-01'), deep.number)).toBe(0);
});
