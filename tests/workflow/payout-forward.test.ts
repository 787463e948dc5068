import { defaultPayloadConverter } from '@temporalio/common';
import { expect, test } from 'vitest';
import { payoutStatusQuery, providerEventSignal, type ProviderEvent } from '../../contracts/messages.ts';
import { declines, failsFor, Gate, losesAnswer } from '../support/workflow-behaviours.ts';
import { durationOf, eventsOf, tasksIn, upsertsOf, useWorkflowWorld } from '../support/workflow-judge.ts';
import { payoutEndOf, type StartedPayout, startPayout, startReturn } from '../support/workflow-payouts.ts';

const world = useWorkflowWorld({ queues: ['money'] });
const minute = 60_000;
const hour = 60 * minute;
const paid = {
  status: 'paid',
  moneyMoved: 'paid_out',
  amount: 8_550,
  currency: 'USD',
  providerPayoutId: 'po_1',
  transferId: 'tr_1',
};

const event = (change: Partial<ProviderEvent> = {}): ProviderEvent => ({
  provider: 'stripe',
  eventId: 'evt_1',
  type: 'payout.paid',
  objectId: 'po_1',
  ...change,
});

const stands = ({ handle }: StartedPayout, stage: string) =>
  expect.poll(async () => (await handle.query(payoutStatusQuery)).stage, { timeout: 5_000 }).toBe(stage);

test('reserved, transferred, paid out, followed, settled: each in the books before the next, and no more', async () => {
  const payout = await startPayout(world());
  expect(await payoutEndOf(payout)).toEqual(paid);
  const { handle, twin, request } = payout;
  expect(twin.order).toEqual([
    'reservePayout', 'lookAtVenue', 'transferToVenue', 'bookTransfer', 'createPayout', 'bookPayout', 'retrievePayout',
    'settlePayout',
  ]); // prettier-ignore
  expect(twin.calls).toHaveLength(8);
  const workflowId = `payout:acme:${request.payoutId}`;
  expect(handle.workflowId).toBe(workflowId);
  const order = { tenantId: 'acme', workflowId, account: 'acct_1', amount: 8_550, currency: 'USD', round: 0 };
  expect(twin.inputsOf('transferToVenue')).toEqual([{ ...order, payoutId: request.payoutId }]);
  expect(twin.inputsOf('createPayout')).toEqual([order]);
  expect(twin.inputsOf('retrievePayout')).toEqual([{ account: 'acct_1', providerPayoutId: 'po_1' }]);
});

test('a payout that is paid at once: at most 25 events and 4 workflow tasks, one upsert with amount and currency', async () => {
  const { handle } = await startPayout(world(), (twin) => (twin.payout.statuses = ['paid']));
  await handle.result();
  const events = await eventsOf(handle);
  expect(events.length).toBeLessThanOrEqual(25);
  expect(tasksIn(events)).toBeLessThanOrEqual(4);
  expect(await upsertsOf(handle)).toEqual(['paid/none']);
  const fields = events.findLast((e) => e.upsertWorkflowSearchAttributesEventAttributes)
    ?.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields;
  const read = (name: string) => fields?.[name] && defaultPayloadConverter.fromPayload(fields[name]);
  expect([read('AmountMinor'), read('Currency')]).toEqual([8_550, 'USD']);
});

test('what lies in the account already is not transferred again', async () => {
  const payout = await startPayout(world(), (twin) => (twin.payout.reservation = { transferAmount: 0 }));
  const { transferId: _, ...withoutTransfer } = paid;
  expect(await payoutEndOf(payout)).toEqual(withoutTransfer);
  expect(payout.twin.count('transferToVenue') + payout.twin.count('bookTransfer')).toBe(0);
});

test('only what the account lacks is transferred, and all of it is paid out', async () => {
  const payout = await startPayout(world(), (twin) => (twin.payout.reservation = { transferAmount: 550 }));
  expect(await payoutEndOf(payout)).toEqual(paid);
  expect(payout.twin.inputsOf('transferToVenue')).toMatchObject([{ amount: 550 }]);
  expect(payout.twin.inputsOf('createPayout')).toMatchObject([{ amount: 8_550 }]);
});

test('what may not be paid ends at once, and the provider is not asked', async () => {
  const result = { status: 'rejected', moneyMoved: 'with_us', reason: 'exceeds', available: 100 } as const;
  const payout = await startPayout(world(), (twin) => (twin.claim.result = result));
  expect(await payoutEndOf(payout)).toEqual(result);
  expect(payout.twin.order).toEqual(['reservePayout']);
  expect(await payout.handle.query(payoutStatusQuery)).toMatchObject({
    stage: 'rejected',
    moneyMoved: 'with_us',
    next: expect.stringContaining('100 (minor units) are available'),
  });
});

test.each(['transferToVenue', 'createPayout'] as const)('the lost answer of %s is asked for again', async (call) => {
  const payout = await startPayout(world(), (twin) => twin.plan(call, losesAnswer(1_000), failsFor(1_000)));
  expect(await payoutEndOf(payout)).toEqual(paid);
  expect(payout.twin.count(call)).toBe(3);
  expect(payout.twin.count('park')).toBe(0);
});

test('in transit nothing is called paid; the webhook ends the wait', async () => {
  const payout = await startPayout(world(), (twin) => (twin.payout.statuses = ['pending', 'in_transit', 'paid']));
  const { handle, twin } = payout;
  await stands(payout, 'in transit');
  expect(await handle.query(payoutStatusQuery)).toMatchObject({ attention: 'provider', moneyMoved: 'in_transit' });
  await handle.signal(providerEventSignal, event({ type: 'payout.updated' }));
  await twin.begun('retrievePayout');
  await handle.signal(providerEventSignal, event({ eventId: 'evt_2' }));
  expect(await payoutEndOf(payout)).toEqual(paid);
  expect(await durationOf(handle)).toBeLessThan(minute);
  expect(await upsertsOf(handle)).toEqual(['in transit/provider', 'paid/none']);
});

test('a webhook that never comes is made up for by looking, at growing pauses', async () => {
  const looks = 10;
  const payout = await startPayout(
    world(),
    (twin) => (twin.payout.statuses = [...Array.from({ length: looks }, () => 'in_transit' as const), 'paid']),
  );
  expect(await payoutEndOf(payout)).toEqual(paid);
  expect(payout.twin.count('retrievePayout')).toBe(looks);
  // 1, 2, 4 … 256 minutes, then every six hours.
  const waited = await durationOf(payout.handle);
  expect(waited).toBeGreaterThanOrEqual(511 * minute + 6 * hour);
  expect(waited).toBeLessThan(512 * minute + 6 * hour);
});

test('a webhook that comes before the answer to the call is not forgotten', async () => {
  const gate = new Gate();
  const payout = await startPayout(world(), (twin) => twin.plan('createPayout', gate.passes));
  await payout.twin.begun('createPayout');
  await payout.handle.signal(providerEventSignal, event());
  gate.open();
  expect(await payoutEndOf(payout)).toEqual(paid);
  expect(await durationOf(payout.handle)).toBeLessThan(minute);
});

test.each<[string, unknown]>([
  ['another object', event({ objectId: 'po_2' })],
  ['another type', event({ type: 'refund.updated' })],
  ['nothing', undefined],
])('a webhook of %s changes nothing', async (_, payload) => {
  const payout = await startPayout(world());
  await stands(payout, 'in transit');
  await payout.handle.signal('providerEvent', ...(payload === undefined ? [] : [payload]));
  expect(await payoutEndOf(payout)).toEqual(paid);
  expect(await durationOf(payout.handle)).toBeGreaterThanOrEqual(minute);
});

test.each([
  { how: 'at once', statuses: ['failed'], code: 'account_closed' },
  { how: 'after days', statuses: ['pending', 'in_transit', 'failed'], code: 'account_closed' },
  { how: 'by being canceled', statuses: ['pending', 'canceled'], code: 'canceled' },
] as const)('a payout that fails $how is released, and lies in the venue’s account', async ({ statuses, code }) => {
  const payout = await startPayout(world(), (twin) => (twin.payout.statuses = [...statuses]));
  const result = { status: 'returned', moneyMoved: 'with_provider', code };
  expect(await payoutEndOf(payout)).toEqual(result);
  expect(payout.twin.order.slice(-1)).toEqual(['releasePayout']);
  expect((await upsertsOf(payout.handle)).at(-1)).toBe('returned/none');
});

test.each([
  { call: 'transferToVenue', code: 'account_invalid', moneyMoved: 'with_us' },
  { call: 'createPayout', code: 'payouts_not_allowed', moneyMoved: 'with_provider' },
] as const)('a provider that says $code to $call: it is released', async ({ call, code, moneyMoved }) => {
  const payout = await startPayout(world(), (twin) => twin.plan(call, declines(code)));
  expect(await payoutEndOf(payout)).toEqual({ status: 'returned', moneyMoved, code });
});

test.each(['transferToVenue', 'createPayout'] as const)(
  'a balance that does not cover %s is waited for, each hour, each time with one more call',
  async (call) => {
    const no = declines('balance_insufficient');
    const payout = await startPayout(world(), (twin) => twin.plan(call, no, no, no));
    expect(await payoutEndOf(payout)).toEqual(paid);
    expect(payout.twin.inputsOf(call)).toMatchObject([{ round: 0 }, { round: 1 }, { round: 2 }, { round: 3 }]);
    expect(payout.twin.count('park')).toBe(0);
    expect(await durationOf(payout.handle)).toBeGreaterThanOrEqual(3 * hour);
    expect(await upsertsOf(payout.handle)).toContain('waiting/provider');
  },
);

test('payoutReturn: the provider says that it failed', async () => {
  const { handle, twin } = await startReturn(world(), (outside) => (outside.payout.statuses = ['failed']));
  const result = { status: 'returned', amount: 8_550, currency: 'USD', code: 'account_closed' };
  expect(await handle.result()).toEqual(result);
  expect(twin.order).toEqual(['findPaidPayout', 'retrievePayout', 'bookPayoutReturn']);
  expect(twin.payout.returned).toEqual(result);
  expect(handle.workflowId).toMatch(/^payout-return:acme:/);
});

test('payoutReturn: the provider says that it is paid; nothing is claimed or booked', async () => {
  const { handle, twin } = await startReturn(world(), (outside) => (outside.payout.statuses = ['paid']));
  expect(await handle.result()).toEqual({ status: 'withdrawn' });
  expect(twin.order).toEqual(['findPaidPayout', 'retrievePayout']);
  expect(twin.payout.returned).toBeUndefined();
});

test('payoutReturn that hears of it while it looks, looks again', async () => {
  const gate = new Gate();
  const { handle, twin } = await startReturn(world(), (outside) => {
    outside.payout.statuses = ['paid', 'failed'];
    outside.plan('retrievePayout', gate.passes);
  });
  await twin.begun('retrievePayout');
  await handle.signal(providerEventSignal, event({ type: 'payout.failed' }));
  gate.open();
  expect(await handle.result()).toMatchObject({ status: 'returned' });
  expect([twin.count('retrievePayout'), twin.count('bookPayoutReturn')]).toEqual([2, 1]);
});

test('payoutReturn that was booked before asks nobody', async () => {
  const { handle, twin } = await startReturn(world(), (outside) => (outside.payout.returned = { status: 'withdrawn' }));
  expect(await handle.result()).toEqual({ status: 'withdrawn' });
  expect(twin.order).toEqual(['findPaidPayout']);
});

test('payoutRound starts the payout of its time, and ends', async () => {
  const { client, twinOf } = world();
  const workflowId = 'payout-round:acme:arena-2027-01-01T06:00:00Z';
  const handle = await client.workflow.start('payoutRound', {
    workflowId,
    taskQueue: 'money',
    args: [{ tenantId: 'acme', venueId: 'arena' }],
  });
  const startedAt = (await handle.describe()).startTime.toISOString();
  const payoutId = `auto-arena-${startedAt}`;
  expect(await handle.result()).toEqual({ status: 'started', payoutId });
  expect(twinOf(workflowId).payout.started).toEqual([payoutId]);
});
