import { beforeEach, describe, expect, it } from 'vitest';
import {
  createBoxoffice,
  IdempotencyConflictError,
  InvalidOrderError,
  OperationFailedError,
  UnavailableError,
} from '../../client/index.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import { authorizedUpdateId } from '../../contracts/ids.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';
import { authorized, cancelled, completed, declined, orderOf } from '../support/orders.ts';

const workflowId = 'payment:acme:key-1';
let temporal: FakeTemporal;
let purchase: (order?: PurchaseOrder, deadlineMs?: number) => ReturnType<typeof buy>;
const buy = (order: PurchaseOrder, deadlineMs?: number) =>
  createBoxoffice({ temporal: { client: temporal.client } }).payments.purchase(
    order,
    deadlineMs === undefined ? {} : { deadlineMs },
  );

beforeEach(() => {
  temporal = new FakeTemporal();
  temporal.onStart = (run) => {
    run.early = authorized;
  };
  purchase = (order = orderOf(), deadlineMs) => buy(order, deadlineMs);
});

describe('a new purchase', () => {
  it('is started with its policies, memo, priority and attributes, in one round trip', async () => {
    const handle = await purchase();
    expect(handle).toMatchObject({ early: authorized, created: true, workflowId, paymentKey: 'key-1' });
    expect(temporal.calls).toEqual(['executeMultiOperation']);

    const { request, input, runId, updates } = temporal.run(workflowId);
    const fingerprint = fingerprintOf(orderOf());
    expect(handle.runId).toBe(runId);
    expect(input).toEqual({ order: orderOf(), fingerprint });
    expect(updates).toEqual([{ id: authorizedUpdateId(fingerprint), name: 'authorized', input: { fingerprint } }]);
    expect(request).toMatchObject({
      workflowType: { name: 'payment' },
      taskQueue: { name: 'money' },
      workflowIdReusePolicy: 3, // REJECT_DUPLICATE
      workflowIdConflictPolicy: 2, // USE_EXISTING
      priority: { priorityKey: 1, fairnessKey: 'acme:arena' },
    });
    const plain = Object.entries(request.searchAttributes.indexedFields).map(([name, { data }]) => [
      name,
      JSON.parse(Buffer.from(data ?? []).toString()),
    ]);
    expect(Object.fromEntries(plain)).toEqual({
      Tenant: 'acme',
      Venue: 'arena',
      Event: 'summer-night',
      Stage: 'started',
      Attention: 'none',
      AmountMinor: 5_250,
      Currency: 'USD',
    });
    expect(Buffer.from(request.userMetadata?.summary?.data ?? []).toString()).toBe(
      '"Purchase of 1 ticket for 52.50 USD"',
    );
  });

  it('hashes a fairness key that the server would not take', async () => {
    await purchase(orderOf({ venueId: 'v'.repeat(64) }));
    expect(temporal.run(workflowId).request.priority?.fairnessKey).toMatch(/^[0-9a-f]{40}$/);
  });

  it('is refused before anything is sent when a field is wrong', async () => {
    const refusal = purchase(orderOf({ amount: 1 }));
    await expect(refusal).rejects.toBeInstanceOf(InvalidOrderError);
    await expect(refusal).rejects.toMatchObject({
      code: 'invalid_request',
      moneyMoved: 'none',
      retryable: false,
      faults: [{ field: 'amount', value: '1', accepted: 'the sum of the lines, 5250' }],
    });
    expect(temporal.calls).toEqual([]);
  });
});

describe('the same key again', () => {
  it('joins the running purchase and is not new', async () => {
    await purchase();
    expect(await purchase()).toMatchObject({ early: authorized, created: false });
    expect(temporal.runs.size).toBe(1);
  });

  it.each([false, true])(
    'gets the result of a closed run, not its early answer (stored by the server: %s)',
    async (stored) => {
      temporal.storesAnswers = stored;
      await purchase();
      temporal.close(workflowId, cancelled);
      expect(await purchase()).toMatchObject({ early: cancelled, created: false });
    },
  );

  it.each(['running', 'closed'])('with another body is refused at a %s run', async (state) => {
    await purchase();
    if (state === 'closed') temporal.close(workflowId, completed);
    const conflict = purchase(orderOf({ userId: 'user-2' }));
    await expect(conflict).rejects.toBeInstanceOf(IdempotencyConflictError);
    await expect(conflict).rejects.toMatchObject({ code: 'key_reused', workflowId, moneyMoved: 'none' });
  });

  it('takes the result when the run accepted the update and closed without answering it', async () => {
    temporal.onStart = (run) => Object.assign(run, { status: 'completed', result: declined });
    temporal.refusals.set('authorized', 'AcceptedUpdateCompletedWorkflow');
    expect(await purchase()).toMatchObject({ early: declined, created: true });
  });

  it('says so when the run failed: only a bug does that', async () => {
    await purchase();
    temporal.run(workflowId).status = 'failed';
    await expect(purchase()).rejects.toBeInstanceOf(OperationFailedError);
  });
});

describe('no answer before the deadline', () => {
  it('is pending with a handle when the purchase exists', async () => {
    temporal.worker = false;
    const started = Date.now();
    const handle = await purchase(orderOf(), 200);
    expect(Date.now() - started).toBeLessThan(1_000);
    expect(handle).toMatchObject({ early: { status: 'pending' }, workflowId });

    temporal.worker = true;
    expect(await handle.authorized()).toEqual(authorized);
    expect(temporal.run(workflowId).updates).toHaveLength(1);
  });

  it('finds another body even where no worker can compare it', async () => {
    temporal.worker = false;
    await purchase(orderOf(), 100);
    await expect(purchase(orderOf({ userId: 'user-2' }), 100)).rejects.toBeInstanceOf(IdempotencyConflictError);
  });

  it('takes the result at authorized() when the purchase has ended meanwhile', async () => {
    temporal.worker = false;
    const handle = await purchase(orderOf(), 100);
    temporal.worker = true;
    temporal.close(workflowId, declined);
    expect(await handle.authorized()).toEqual(declined);
  });
});

describe('no connection', () => {
  it('is unknown, not failed: the same call is safe to repeat', async () => {
    temporal.reachable = false;
    const refusal = purchase(orderOf(), 200);
    await expect(refusal).rejects.toBeInstanceOf(UnavailableError);
    await expect(refusal).rejects.toMatchObject({ code: 'unavailable', moneyMoved: 'unknown', retryable: true });
  });
});
