/** On the dev server, which extends a workflow task in which a claim takes long. */
import { expect, test } from 'vitest';
import { payoutStatusQuery, providerEventSignal } from '../../contracts/messages.ts';
import type { PayoutResult } from '../../contracts/payout.ts';
import { declines, exhausts, Gate } from '../support/workflow-behaviours.ts';
import { allMeans, me, sendCancel } from '../support/workflow-cancels.ts';
import { useWorkflowWorld } from '../support/workflow-judge.ts';
import { payoutEndOf, startPayout } from '../support/workflow-payouts.ts';
import type { Twin } from '../support/workflow-twins.ts';

const world = useWorkflowWorld({ server: 'dev', queues: ['money'] });

const inWebUi = { actor: 'temporal', reason: 'cancelled through Temporal' };
const cancelledBy = (how: (typeof allMeans)[number]) => ({
  status: 'cancelled',
  moneyMoved: 'with_us',
  ...(how === 'the Web UI' ? inWebUi : me),
});

test.each(allMeans)('cancelled by %s while it is being reserved: it is released', async (how) => {
  const gate = new Gate();
  const payout = await startPayout(world(), (twin) => twin.plan('reservePayout', gate.passes), {
    workflowTaskTimeout: '1 second',
  });
  await payout.twin.begun('reservePayout');
  const answer = await sendCancel<PayoutResult>(payout, how);
  gate.open();
  const result = await payoutEndOf(payout);
  expect(result).toEqual(cancelledBy(how));
  expect(await answer(result)).toEqual(result);
  expect(payout.twin.count('transferToVenue')).toBe(0);
});

const waits: [string, string, (twin: Twin) => unknown][] = [
  ['a venue that can be paid', 'waiting', (twin) => (twin.payout.obstacles = ['frozen'])],
  ['approval', 'awaiting approval', (twin) => (twin.payout.reservation = { approvalsNeeded: 2 })],
  ['funds', 'waiting', (twin) => twin.plan('transferToVenue', declines('balance_insufficient'))],
];

test.each(waits.flatMap((wait) => allMeans.map((how) => [...wait, how] as const)))(
  'waiting for %s (%s) it can be cancelled',
  async (_, stage, plan, how) => {
    const payout = await startPayout(world(), (twin) => void plan(twin));
    await expect.poll(async () => (await payout.handle.query(payoutStatusQuery)).stage, { timeout: 5_000 }).toBe(stage);
    const answer = await sendCancel<PayoutResult>(payout, how);
    const result = await payoutEndOf(payout);
    expect(result).toEqual(cancelledBy(how));
    expect(await answer(result)).toEqual(result);
    expect(payout.twin.payout.books).toBe('released');
  },
);

test.each(
  allMeans.flatMap((how) => (['transferToVenue', 'createPayout'] as const).map((call) => [how, call] as const)),
)('cancelled by %s once %s is scheduled: it is too late, and the answer says so', async (how, call) => {
  const gate = new Gate();
  const payout = await startPayout(world(), (twin) => {
    twin.payout.statuses = ['paid'];
    twin.payout.reservation = { transferAmount: call === 'createPayout' ? 0 : 8_550 };
    twin.plan(call, gate.passes);
  });
  await payout.twin.begun(call);
  const answer = await sendCancel<PayoutResult>(payout, how);
  gate.open();
  const result = await payoutEndOf(payout);
  expect(result).toMatchObject({ status: 'paid', moneyMoved: 'paid_out' });
  expect(await answer(result)).toEqual(result);
});

test('cancelled while the transfer is under way, which the balance does not cover: nothing moved, so it is cancelled', async () => {
  const gate = new Gate();
  const payout = await startPayout(world(), (twin) =>
    twin.plan('transferToVenue', async (effect) => {
      await gate.passes(() => undefined);
      return declines('balance_insufficient')(effect);
    }),
  );
  await payout.twin.begun('transferToVenue');
  await sendCancel(payout, 'signal');
  gate.open();
  expect(await payoutEndOf(payout)).toEqual(cancelledBy('signal'));
});

test('cancelled too late, it ends as the provider says', async () => {
  const gate = new Gate();
  const payout = await startPayout(world(), (twin) =>
    twin.plan('createPayout', async (effect) => {
      await gate.passes(() => undefined);
      return declines('payouts_not_allowed')(effect);
    }),
  );
  await payout.twin.begun('createPayout');
  await sendCancel(payout, 'signal');
  gate.open();
  const end = { status: 'returned', moneyMoved: 'with_provider', code: 'payouts_not_allowed' };
  expect(await payoutEndOf(payout)).toEqual(end);
});

test.each(allMeans)('cancelled by %s while the transfer is parked: nothing is released', async (how) => {
  const payout = await startPayout(world(), (twin) => twin.always('transferToVenue', exhausts({ commits: true })));
  await payout.twin.begun('park');
  await sendCancel(payout, how);
  expect(payout.twin.payout.books).toBe('reserved');
  expect(payout.twin.count('releasePayout')).toBe(0);
  await payout.handle.terminate('the test has seen enough');
});

test.each([
  ['payout.failed', 1],
  ['payout.updated', 0],
] as const)('%s that comes while it is being settled: it is looked into %i time(s) more', async (type, times) => {
  const gate = new Gate();
  const payout = await startPayout(
    world(),
    (twin) => {
      twin.payout.statuses = ['paid'];
      twin.plan('settlePayout', gate.passes);
    },
    { workflowTaskTimeout: '1 second' },
  );
  await payout.twin.begun('settlePayout');
  await payout.handle.signal(providerEventSignal, { provider: 'stripe', eventId: 'evt_1', type, objectId: 'po_1' });
  gate.open();
  expect(await payoutEndOf(payout)).toMatchObject({ status: 'paid' });
  expect(payout.twin.payout.started).toEqual(times ? [payout.request.payoutId] : []);
});
