/**
 * A lane that is stopped for longer than a day: what waits for it is late and shown to people, and nothing else. It is sent
 * once, with its whole budget, and nothing that happened before is lost or left.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import type { ParkInput } from '../../activities/records.ts';
import { type JobType, jobTypes } from '../../contracts/job-types.ts';
import { authorizationWindowMs, patienceMs } from '../../contracts/retry-profiles.ts';
import type { LaneName } from '../../contracts/task-queues.ts';
import { StoppedLane } from '../support/stopped-lane.ts';
import { hangs } from '../support/workflow-behaviours.ts';
import { endBy, sendCancel } from '../support/workflow-cancels.ts';
import { durationOf, endOf, eventsOf, upsertsOf, useWorkflowWorld } from '../support/workflow-judge.ts';
import { payoutEndOf, startPayout } from '../support/workflow-payouts.ts';
import { refundEndOf } from '../support/workflow-refund-twins.ts';
import type { ActivityName, Twin } from '../support/workflow-twins.ts';

const world = useWorkflowWorld({ queues: ['money'] });
const hour = 3_600_000;
const minute = 60_000;
const stoppedMs = 25 * hour;
const stopped = (lane: LaneName) => new StoppedLane(lane, { forMs: stoppedMs, env: world().env });
/** A provider that fails as often as the job can bear. */
const almostAll = (job: JobType) => jobTypes[job].attempts - 1;

interface Waited {
  handle: WorkflowHandle;
  twin: Twin;
}

/** From the start until somebody could see that it waits. Milliseconds. */
async function shownAfter(handle: WorkflowHandle): Promise<number> {
  const events = await eventsOf(handle);
  const at = (event: (typeof events)[number] | undefined) => Number(event?.eventTime?.seconds) * 1_000;
  return at(events.find((event) => event.upsertWorkflowSearchAttributesEventAttributes)) - at(events[0]);
}

/**
 * Nothing left before the lane was opened, and soon after it as many calls of each step as are wanted. The first step was shown
 * to people within the patience, because it had no outcome and for no other reason; the ends' judges see that its letter is
 * closed.
 */
async function expectLate({ handle, twin }: Waited, lane: StoppedLane, calls: Record<string, number>): Promise<void> {
  const [firstHeard = 0] = lane.heard;
  expect(lane.turnedBack).toBeGreaterThan(100);
  const counts = await Promise.all(Object.keys(calls).map((step) => lane.sent(handle.workflowId, step)));
  expect(counts).toEqual(Object.values(calls));
  expect(lane.heard).toHaveLength(counts.reduce((sum, count) => sum + count, 0));
  // What is parked is tried again after a quarter of an hour at the latest.
  expect(firstHeard).toBeGreaterThanOrEqual(lane.opensAt!);
  expect(firstHeard - lane.opensAt!).toBeLessThanOrEqual(patienceMs + minute);
  expect(await durationOf(handle)).toBeGreaterThanOrEqual(stoppedMs);
  const letters = (twin.inputsOf('park') as ParkInput[]).map(({ step, error }) => `${step}: ${error}`);
  expect([...new Set(letters)]).toEqual([`${Object.keys(calls)[0]}: no_outcome_yet`]);
  expect(await shownAfter(handle)).toBeLessThanOrEqual(patienceMs + minute);
  const shown = await upsertsOf(handle);
  expect(shown[0]).toBe('in review/review');
  expect(shown.at(-1)).toMatch(/\/none$/);
}

test('a refund waits for its lane, is answered once, and the provider may fail as often before that as ever', async () => {
  const lane = stopped('stripe');
  const failing = almostAll('refund-process');
  const refund = await world().refund((twin) => {
    lane.leadsTo(twin, 'createRefund', { step: 'refund', job: 'refund-process', failing });
  });
  expect(await refundEndOf(refund)).toMatchObject({ status: 'completed', moneyMoved: 'refunded' });
  await expectLate(refund, lane, { refund: failing + 1 });
  expect(refund.twin.count('giveBackRefund')).toBe(0);
});

test('a payout waits for its lane, transfers once although the provider fails as often as it may, and pays once', async () => {
  const lane = stopped('stripe');
  const failing = almostAll('payout-process');
  const payout = await startPayout(world(), (twin) => {
    twin.payout.statuses = ['paid'];
    lane.leadsTo(twin, 'transferToVenue', { step: 'transfer', job: 'payout-process', failing });
    lane.leadsTo(twin, 'createPayout', { step: 'payout', job: 'payout-process' });
  });
  expect(await payoutEndOf(payout)).toMatchObject({ status: 'paid', moneyMoved: 'paid_out' });
  await expectLate(payout, lane, { transfer: failing + 1, payout: 1 });
});

test('a purchase not authorized within its 24 h expires then: nothing sent, nothing held', async () => {
  const lane = stopped('stripe');
  const purchase = await world().payment((twin) => {
    lane.leadsTo(twin, 'authorizePayment', { step: 'authorize', job: 'payment-process' });
    lane.leadsTo(twin, 'voidPayment', { step: 'void', job: 'payment-process', undoes: 'authorize' });
  });
  expect(await endOf(purchase)).toEqual({ status: 'expired', moneyMoved: 'none', what: 'time' });
  const waited = await durationOf(purchase.handle);
  expect(waited).toBeGreaterThanOrEqual(authorizationWindowMs - minute);
  expect(waited).toBeLessThan(authorizationWindowMs + minute);
  expect([lane.heard, purchase.twin.money]).toEqual([[], 'untouched']);
  expect(await shownAfter(purchase.handle)).toBeLessThanOrEqual(patienceMs);
  expect((await upsertsOf(purchase.handle)).at(-1)).toBe('expired/none');
});

test.each([
  { name: 'chain', activity: 'mintTickets', step: 'mint', job: 'nft-mint' },
  { name: 'stripe', activity: 'capturePayment', step: 'capture', job: 'payment-process' },
] as const)('a purchase whose $step waits for the lane $name is completed, and captured once', async (waits) => {
  const lane = stopped(waits.name);
  const purchase = await world().payment((twin) => void lane.leadsTo(twin, waits.activity, waits));
  expect(await endOf(purchase)).toMatchObject({ status: 'completed', moneyMoved: 'captured' });
  await expectLate(purchase, lane, { [waits.step]: 1 });
  const once: ActivityName[] = ['authorizePayment', 'settlePayment', 'sendReceipt'];
  expect(once.map((activity) => purchase.twin.count(activity))).toEqual([1, 1, 1]);
  expect(purchase.twin.inputsOf('capturePayment')).toHaveLength(waits.step === 'capture' ? lane.turnedBack + 1 : 1);
  expect(purchase.twin.count('voidPayment') + purchase.twin.count('burnTickets')).toBe(0);
});

test('a cancelled purchase whose void waits does not end before the money is let go, once', async () => {
  const lane = stopped('stripe');
  const purchase = await world().payment((twin) => {
    twin.plan('mintTickets', hangs());
    lane.leadsTo(twin, 'voidPayment', { step: 'void', job: 'payment-process', undoes: 'authorize' });
  });
  const { handle, twin } = purchase;
  await twin.begun('mintTickets');
  const answer = await sendCancel(purchase, 'update');
  const result = await endOf(purchase);
  expect([result, await answer(result)]).toEqual([endBy('update'), endBy('update')]);
  expect(twin.money).toBe('voided');
  await expectLate(purchase, lane, { void: 1 });
  const { closeTime } = await handle.describe();
  expect(closeTime!.getTime()).toBeGreaterThanOrEqual(lane.heard[0]!);
  expect(twin.calls.slice(-2).map(({ activity }) => activity)).toEqual(['unpark', 'closePayment']);
});
