/** On the dev server, which extends a workflow task in which a claim takes long. */
import { expect, test } from 'vitest';
import { declines, exhausts, Gate } from '../support/workflow-behaviours.ts';
import { allMeans, me, sendCancel } from '../support/workflow-cancels.ts';
import { useWorkflowWorld } from '../support/workflow-judge.ts';
import { refundEndOf } from '../support/workflow-refund-twins.ts';
import type { RefundResult } from '../../contracts/refund.ts';

const world = useWorkflowWorld({ server: 'dev', queues: ['money'] });

const inWebUi = { actor: 'temporal', reason: 'cancelled through Temporal' };
const cancelledBy = (how: (typeof allMeans)[number]) => ({
  status: 'cancelled',
  moneyMoved: 'captured',
  ...(how === 'the Web UI' ? inWebUi : me),
});

test.each(allMeans)('cancelled by %s while it is being reserved: the reservation is given back', async (how) => {
  const gate = new Gate();
  // A claim is part of a workflow task: whatever comes meanwhile is looked at when that task is extended.
  const refund = await world().refund((twin) => twin.plan('reserveRefund', gate.passes), undefined, {
    workflowTaskTimeout: '1 second',
  });
  await refund.twin.begun('reserveRefund');
  const answer = await sendCancel<RefundResult>(refund, how);
  gate.open();
  const result = await refundEndOf(refund);
  expect(result).toEqual(cancelledBy(how));
  expect(await answer(result)).toEqual(result);
  expect(refund.twin.order).toEqual(['reserveRefund', 'giveBackRefund']);
});

test.each(allMeans)(
  'cancelled by %s once the provider is asked: it is too late, and the answer says so',
  async (how) => {
    const gate = new Gate();
    const refund = await world().refund((twin) => twin.plan('createRefund', gate.passes));
    await refund.twin.begun('createRefund');
    const answer = await sendCancel<RefundResult>(refund, how);
    gate.open();
    const result = await refundEndOf(refund);
    expect(result).toMatchObject({ status: 'completed', moneyMoved: 'refunded' });
    expect(await answer(result)).toEqual(result);
  },
);

test('cancelled too late, it ends as the provider says: disputed is not cancelled', async () => {
  const gate = new Gate();
  const refund = await world().refund((twin) =>
    twin.plan('createRefund', async (effect) => {
      await gate.passes(() => undefined);
      return declines('disputed')(effect);
    }),
  );
  await refund.twin.begun('createRefund');
  await sendCancel(refund, 'signal');
  gate.open();
  expect(await refundEndOf(refund)).toEqual({ status: 'rejected', moneyMoved: 'captured', reason: 'disputed' });
});

test.each(allMeans)('cancelled by %s while the call is parked: nothing is given back', async (how) => {
  const refund = await world().refund((twin) => twin.always('createRefund', exhausts({ commits: true })));
  await refund.twin.begun('park');
  await sendCancel(refund, how);
  expect(refund.twin.refund.books).toBe('reserved');
  expect(refund.twin.count('giveBackRefund')).toBe(0);
  await refund.handle.terminate('the test has seen enough');
});
