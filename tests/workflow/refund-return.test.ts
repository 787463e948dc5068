import { expect, test } from 'vitest';
import { cancelRefundReturnUpdate } from '../../contracts/messages.ts';
import { Gate, refuses } from '../support/workflow-behaviours.ts';
import { me } from '../support/workflow-cancels.ts';
import { startRefundReturn } from '../support/workflow-dispute-twins.ts';
import { durationOf, useWorkflowWorld } from '../support/workflow-judge.ts';

const world = useWorkflowWorld({ queues: ['money'] });
const returned = { status: 'returned', amount: 5_250, currency: 'USD', code: 'expired_or_canceled_card' };

test('a refund that failed after it had succeeded is looked up, and the books take it back', async () => {
  const back = await startRefundReturn(world(), (_, twin) => (twin.refund.statuses = ['failed']));
  expect(await back.handle.result()).toEqual(returned);
  expect(back.twin.order).toEqual(['retrieveRefund', 'returnRefund']);
  expect(back.twin.inputsOf('returnRefund')).toMatchObject([
    { input: { request: { providerRefundId: 're_1' } }, refund: { status: 'failed' } },
  ]);
});

test('a refund that stands is left alone, and a later event may begin anew', async () => {
  const back = await startRefundReturn(world());
  expect(await back.handle.result()).toEqual({ status: 'withdrawn' });
  expect(back.outside.returned).toBe(false);
  back.twin.refund.statuses = ['failed'];
  await back.hear();
  expect(await back.handle.result()).toEqual(returned);
});

test('an event that comes while it is looked up is not lost', async () => {
  const gate = new Gate();
  const back = await startRefundReturn(world(), (_, twin) => {
    twin.refund.statuses = ['succeeded', 'failed'];
    twin.plan('retrieveRefund', gate.passes);
  });
  await back.twin.begun('retrieveRefund');
  await back.hear({ type: 'refund.updated' });
  gate.open();
  expect(await back.handle.result()).toEqual(returned);
});

test('it waits for the refund that still burns its tickets', async () => {
  const back = await startRefundReturn(world(), (outside, twin) => {
    twin.refund.statuses = ['failed'];
    outside.notYet = 2;
  });
  expect(await back.handle.result()).toEqual(returned);
  expect(await durationOf(back.handle)).toBeGreaterThanOrEqual(3 * 60_000);
});

test('cancels are refused or without effect, and a look that is refused waits for a person', async () => {
  const back = await startRefundReturn(world(), (_, twin) => {
    twin.refund.statuses = ['failed'];
    twin.plan('retrieveRefund', refuses('api_key_expired'));
  });
  await back.twin.begun('park');
  await expect(back.handle.executeUpdate(cancelRefundReturnUpdate, { args: [me] })).rejects.toMatchObject({
    cause: { type: 'InvalidMessage' },
  });
  await back.handle.cancel();
  expect(await back.handle.result()).toEqual(returned);
});
