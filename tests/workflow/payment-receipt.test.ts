import { expect, test } from 'vitest';
import { breaks, failsFor, hangs } from '../support/workflow-behaviours.ts';
import { durationOf, endOf, useWorkflowWorld } from '../support/workflow-judge.ts';

const world = useWorkflowWorld({ queues: ['money'] });

test('a receipt that is not sent within a minute goes on elsewhere, and the purchase ends as it was', async () => {
  const purchase = await world().payment((twin) => twin.always('sendReceipt', failsFor(7_000)));
  expect(await endOf(purchase)).toMatchObject({ status: 'completed', moneyMoved: 'captured' });
  const { twin, handle, order } = purchase;
  expect(twin.receipt).toBe('handed over');
  expect(twin.inputsOf('handOverReceipt')).toEqual([
    { tenantId: 'acme', paymentWorkflowId: handle.workflowId, paymentKey: order.idempotencyKey, emailRef: 'c_1' },
  ]);
  expect(twin.count('sendReceipt')).toBeGreaterThan(4);
  expect(await durationOf(handle)).toBeLessThan(65_000);
});

test('a receipt that cannot be sent at all goes on elsewhere', async () => {
  const purchase = await world().payment((twin) => twin.plan('sendReceipt', breaks));
  expect(await endOf(purchase)).toMatchObject({ status: 'completed' });
  expect(purchase.twin.receipt).toBe('handed over');
  expect(purchase.twin.count('sendReceipt')).toBe(1);
});

test('a receipt is not stopped by whoever presses Cancel', async () => {
  const purchase = await world().payment((twin) => twin.plan('sendReceipt', failsFor(1_000)));
  await purchase.twin.begun('sendReceipt');
  await purchase.handle.cancel();
  expect((await endOf(purchase)).status).toBe('completed');
  expect(purchase.twin.receipt).toBe('sent');
});

test('only a completed purchase is confirmed', async () => {
  const purchase = await world().payment((twin) => twin.plan('mintTickets', hangs()));
  await purchase.twin.begun('mintTickets');
  await purchase.handle.cancel();
  await endOf(purchase);
  expect(purchase.twin.receipt).toBe('none');
});
