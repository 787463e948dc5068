import { expect, test } from 'vitest';
import { refundStatusQuery } from '../../contracts/messages.ts';
import { breaks, declines, exhausts, refuses } from '../support/workflow-behaviours.ts';
import { upsertsOf, useWorkflowWorld } from '../support/workflow-judge.ts';
import { refundEndOf } from '../support/workflow-refund-twins.ts';

const world = useWorkflowWorld({ queues: ['money'] });
const burnsTwo = { ticketIds: ['seat-1', 'seat-2'] };

test('a provider that knows of other refunds than our books waits for a person, with nothing given back', async () => {
  const refund = await world().refund((twin) => twin.plan('createRefund', refuses('charge_already_refunded')));
  const { handle, twin } = refund;
  await twin.begun('park');
  expect(await handle.query(refundStatusQuery)).toMatchObject({
    stage: 'in review',
    attention: 'review',
    moneyMoved: 'unknown',
    next: expect.stringContaining('dead letter'),
  });
  expect(twin.refund.books).toBe('reserved');
  expect(twin.letters.get('refund')).toMatchObject({
    queueName: 'money',
    jobType: 'refund-process',
    error: 'charge_already_refunded',
    moneyMoved: 'unknown',
    open: true,
  });
  expect(await refundEndOf(refund)).toMatchObject({ status: 'completed' });
  expect(await upsertsOf(handle)).toEqual(['in review/review', 'refunding/none', 'completed/none']);
});

test('a budget that is spent parks, is tried again with one more call, and is never called failed', async () => {
  const refund = await world().refund((twin) =>
    twin.plan('createRefund', exhausts({ sent: 10, commits: true }), exhausts({ sent: 11 })),
  );
  expect(await refundEndOf(refund)).toMatchObject({ status: 'completed' });
  expect(refund.twin.inputsOf('createRefund')).toMatchObject([{ round: 0 }, { round: 1 }, { round: 2 }]);
  expect(refund.twin.inputsOf('unpark')).toMatchObject([{ step: 'refund', outcome: 'known' }]);
  expect(refund.twin.count('giveBackRefund')).toBe(0);
});

test('a parked refund that turns out to be disputed is rejected, and its letter is closed', async () => {
  const refund = await world().refund((twin) => twin.plan('createRefund', exhausts(), declines('disputed')));
  expect(await refundEndOf(refund)).toMatchObject({ status: 'rejected', reason: 'disputed' });
  expect(refund.twin.refund.books).toBe('given back');
});

test('a refund that cannot be looked at parks where it stood, and goes on waiting for the provider', async () => {
  const refund = await world().refund((twin) => {
    twin.refund.statuses = ['pending', 'pending', 'succeeded'];
    twin.plan('retrieveRefund', declines('resource_missing'));
  });
  expect(await refundEndOf(refund)).toMatchObject({ status: 'completed' });
  expect(refund.twin.letters.get('follow')).toMatchObject({ error: 'resource_missing', moneyMoved: 'unknown' });
  expect(await upsertsOf(refund.handle)).toEqual([
    'pending/provider', 'in review/review', 'pending/provider', 'completed/none',
  ]); // prettier-ignore
});

test.each(['bookRefund', 'settleRefund'] as const)(
  'books that refuse (%s) wait for a person: the money is back',
  async (step) => {
    const refund = await world().refund((twin) => twin.plan(step, breaks));
    expect(await refundEndOf(refund)).toMatchObject({ status: 'completed' });
    expect(refund.twin.count(step)).toBe(2);
    expect(refund.twin.count('giveBackRefund')).toBe(0);
  },
);

test('tickets are burned once the money is back, and the result names them', async () => {
  const refund = await world().refund((twin) => (twin.refund.reservation = burnsTwo), { tickets: 'burn' });
  expect(await refundEndOf(refund)).toMatchObject({ status: 'completed', burned: ['seat-1', 'seat-2'] });
  const { handle, twin, request } = refund;
  expect(twin.order).toEqual(['reserveRefund', 'createRefund', 'bookRefund', 'burnRefunded', 'settleRefund']);
  expect(twin.inputsOf('burnRefunded')).toMatchObject([
    {
      operation: { tenantId: 'acme', workflowId: handle.workflowId },
      paymentKey: request.paymentKey,
      ticketIds: ['seat-1', 'seat-2'],
      round: 0,
    },
  ]);
});

test('a ticket that its buyer gave away waits for a person, and the money stays refunded', async () => {
  const refund = await world().refund(
    (twin) => {
      twin.refund.reservation = burnsTwo;
      twin.plan('burnRefunded', refuses('not_held'), declines('burn_declined'));
    },
    { tickets: 'burn' },
  );
  const { handle, twin } = refund;
  await twin.begun('park');
  expect(twin.letters.get('burn')).toMatchObject({ error: 'not_held', moneyMoved: 'refunded' });
  expect(await handle.query(refundStatusQuery)).toMatchObject({ stage: 'in review', moneyMoved: 'refunded' });
  expect(twin.refund.books).toBe('refunded');
  expect(await refundEndOf(refund)).toMatchObject({ status: 'completed', burned: ['seat-1', 'seat-2'] });
  expect(twin.inputsOf('burnRefunded')).toMatchObject([{ round: 0 }, { round: 1 }, { round: 2 }]);
  expect(await upsertsOf(handle)).toEqual([
    'in review/review', 'in review/review', 'burning/none', 'completed/none',
  ]); // prettier-ignore
});
