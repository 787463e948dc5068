import { defaultPayloadConverter } from '@temporalio/common';
import { expect, test } from 'vitest';
import { providerEventSignal, refundStatusQuery, type ProviderEvent } from '../../contracts/messages.ts';
import { declines, failsFor, Gate, losesAnswer } from '../support/workflow-behaviours.ts';
import { durationOf, eventsOf, tasksIn, upsertsOf, useWorkflowWorld } from '../support/workflow-judge.ts';
import { refundEndOf } from '../support/workflow-refund-twins.ts';
import type { StartedRefund } from '../support/workflow-world.ts';

const world = useWorkflowWorld({ queues: ['money'] });
const minute = 60_000;
const hour = 60 * minute;
const refunded = {
  status: 'completed',
  moneyMoved: 'refunded',
  amount: 5_250,
  currency: 'USD',
  providerRefundId: 're_1',
  burned: [],
};

const event = (change: Partial<ProviderEvent> = {}): ProviderEvent => ({
  provider: 'stripe',
  eventId: 'evt_1',
  type: 'refund.updated',
  objectId: 're_1',
  ...change,
});

/** It has looked at the refund once and waits. */
const pending = ({ handle }: StartedRefund) =>
  expect.poll(async () => (await handle.query(refundStatusQuery)).stage, { timeout: 5_000 }).toBe('pending');

test('the amount is reserved, the provider asked, the books follow its answer: in this order, and no more', async () => {
  const refund = await world().refund();
  expect(await refundEndOf(refund)).toEqual(refunded);
  const { handle, twin, request } = refund;
  expect(twin.order).toEqual(['reserveRefund', 'createRefund', 'bookRefund', 'settleRefund']);
  expect(twin.calls).toHaveLength(4);
  const workflowId = `refund:acme:${request.refundId}`;
  expect(handle.workflowId).toBe(workflowId);
  const { firstExecutionRunId: runId } = await handle.describe().then(({ raw }) => ({
    firstExecutionRunId: raw.workflowExecutionInfo?.firstRunId ?? '',
  }));
  expect(twin.inputsOf('createRefund')).toEqual([
    {
      tenantId: 'acme',
      workflowId,
      operation: { tenantId: 'acme', workflowId, runId },
      now: expect.any(String) as string,
      chargeId: 'ch_1',
      amount: 5_250,
      round: 0,
    },
  ]);
  expect(twin.inputsOf('bookRefund')).toMatchObject([{ refund: { providerRefundId: 're_1', status: 'succeeded' } }]);
});

test('a plain refund: at most 15 events and 2 workflow tasks, one upsert, amount and currency with it', async () => {
  const { handle } = await world().refund();
  await handle.result();
  const events = await eventsOf(handle);
  expect(events.length).toBeLessThanOrEqual(15);
  expect(tasksIn(events)).toBeLessThanOrEqual(2);
  expect(await upsertsOf(handle)).toEqual(['completed/none']);
  const fields = events.findLast((e) => e.upsertWorkflowSearchAttributesEventAttributes)
    ?.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields;
  const read = (name: string) => fields?.[name] && defaultPayloadConverter.fromPayload(fields[name]);
  expect([read('AmountMinor'), read('Currency')]).toEqual([5_250, 'USD']);
});

test('a refund that may not be made ends at once, and the provider is not asked', async () => {
  const result = { status: 'rejected', moneyMoved: 'captured', reason: 'exceeds', refundable: 100 } as const;
  const refund = await world().refund((twin) => (twin.claim.result = result));
  expect(await refundEndOf(refund)).toEqual(result);
  expect(refund.twin.order).toEqual(['reserveRefund']);
  expect(await refund.handle.query(refundStatusQuery)).toMatchObject({
    stage: 'rejected',
    moneyMoved: 'captured',
    next: expect.stringContaining('100 (minor units)'),
  });
});

test('whose answer is lost is asked for again', async () => {
  const refund = await world().refund((twin) => twin.plan('createRefund', losesAnswer(1_000), failsFor(1_000)));
  expect(await refundEndOf(refund)).toEqual(refunded);
  expect(refund.twin.count('createRefund')).toBe(3);
  expect(refund.twin.count('park')).toBe(0);
});

test('is never given up: a provider that does not answer for more than a day is waited for', async () => {
  const refund = await world().refund((twin) =>
    twin.plan('createRefund', ...Array.from({ length: 150 }, () => failsFor(10 * minute))),
  );
  expect(await refundEndOf(refund)).toEqual(refunded);
  expect(await durationOf(refund.handle)).toBeGreaterThanOrEqual(24 * hour);
  expect(refund.twin.count('giveBackRefund')).toBe(0);
});

test('while it is pending nothing is called refunded; the webhook ends the wait', async () => {
  const refund = await world().refund((twin) => (twin.refund.statuses = ['pending', 'succeeded']));
  const { handle, twin } = refund;
  await pending(refund);
  expect(await handle.query(refundStatusQuery)).toMatchObject({ attention: 'provider', moneyMoved: 'captured' });
  expect(twin.count('bookRefund')).toBe(0);

  await handle.signal(providerEventSignal, event());
  expect(await refundEndOf(refund)).toEqual(refunded);
  expect(await durationOf(handle)).toBeLessThan(minute);
  expect(twin.inputsOf('retrieveRefund')).toEqual([{ providerRefundId: 're_1' }]);
  expect(await upsertsOf(handle)).toEqual(['pending/provider', 'completed/none']);
});

test('a webhook that never comes is made up for by looking, at growing pauses', async () => {
  const looks = 12;
  const refund = await world().refund(
    (twin) => (twin.refund.statuses = [...Array.from({ length: looks }, () => 'pending' as const), 'succeeded']),
  );
  expect(await refundEndOf(refund)).toEqual(refunded);
  expect(refund.twin.count('retrieveRefund')).toBe(looks);
  // 1, 2, 4 … 256 minutes, then every six hours.
  const waited = await durationOf(refund.handle);
  expect(waited).toBeGreaterThanOrEqual(511 * minute + 3 * 6 * hour);
  expect(waited).toBeLessThan(512 * minute + 3 * 6 * hour);
  expect(await upsertsOf(refund.handle)).toEqual(['pending/provider', 'completed/none']);
});

test('a webhook that comes before the answer to the call is not forgotten', async () => {
  const gate = new Gate();
  const refund = await world().refund((twin) => {
    twin.refund.statuses = ['requires_action', 'succeeded'];
    twin.plan('createRefund', gate.passes);
  });
  await refund.twin.begun('createRefund');
  await refund.handle.signal(providerEventSignal, event());
  gate.open();
  expect(await refundEndOf(refund)).toEqual(refunded);
  expect(await durationOf(refund.handle)).toBeLessThan(minute);
});

test.each<[string, unknown]>([
  ['another object', event({ objectId: 're_2' })],
  ['another type', event({ type: 'payment_intent.canceled' })],
  ['nothing', undefined],
])('a webhook of %s changes nothing', async (_, payload) => {
  const refund = await world().refund((twin) => (twin.refund.statuses = ['pending', 'succeeded']));
  await pending(refund);
  await refund.handle.signal('providerEvent', ...(payload === undefined ? [] : [payload]));
  expect(await refundEndOf(refund)).toEqual(refunded);
  expect(await durationOf(refund.handle)).toBeGreaterThanOrEqual(minute);
});

test('a webhook that comes again and again is looked at once each time, and pays nobody twice', async () => {
  const statuses = ['pending', 'pending', 'pending', 'succeeded'] as const;
  const refund = await world().refund((twin) => (twin.refund.statuses = [...statuses]));
  await pending(refund);
  await refund.handle.signal(providerEventSignal, event());
  await refund.twin.begun('retrieveRefund');
  await refund.handle.signal(providerEventSignal, event({ eventId: 'evt_2' }));
  expect(await refundEndOf(refund)).toEqual(refunded);
  // What was heard is used up: the last look comes by the clock again, after the third pause.
  expect(await durationOf(refund.handle)).toBeGreaterThanOrEqual(4 * minute);
  expect([refund.twin.count('createRefund'), refund.twin.count('bookRefund')]).toEqual([1, 1]);
});

test.each([
  { how: 'at once', statuses: ['failed'], code: 'expired_or_canceled_card' },
  { how: 'after days', statuses: ['pending', 'pending', 'failed'], code: 'expired_or_canceled_card' },
  { how: 'by being canceled', statuses: ['requires_action', 'canceled'], code: 'canceled' },
] as const)('a refund that fails $how gives the reservation back and says so', async ({ statuses, code }) => {
  const refund = await world().refund((twin) => (twin.refund.statuses = [...statuses]));
  const result = { status: 'failed', moneyMoved: 'captured', code };
  expect(await refundEndOf(refund)).toEqual(result);
  expect(refund.twin.refund.books).toBe('given back');
  expect(refund.twin.count('bookRefund') + refund.twin.count('burnRefunded')).toBe(0);
  expect((await upsertsOf(refund.handle)).at(-1)).toBe('failed/none');
});

test.each([
  { code: 'disputed', result: { status: 'rejected', moneyMoved: 'captured', reason: 'disputed' } },
  {
    code: 'charge_not_refundable',
    result: { status: 'failed', moneyMoved: 'captured', code: 'charge_not_refundable' },
  },
])('a provider that says $code: the reservation is given back', async ({ code, result }) => {
  const refund = await world().refund((twin) => twin.plan('createRefund', declines(code)));
  expect(await refundEndOf(refund)).toEqual(result);
  expect(refund.twin.order).toEqual(['reserveRefund', 'createRefund', 'giveBackRefund']);
});
