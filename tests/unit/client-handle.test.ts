import { beforeEach, describe, expect, it } from 'vitest';
import {
  type Boxoffice,
  createBoxoffice,
  InvalidOrderError,
  OperationFailedError,
  NotFoundError,
  StillRunningError,
} from '../../client/index.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';
import { authorized, cancelled, completed, orderOf } from '../support/orders.ts';

const workflowId = 'payment:acme:key-1';
const request = { actor: 'clerk-1', reason: 'buyer called' };
let temporal: FakeTemporal;
let boxoffice: Boxoffice;
const handle = (key = 'key-1') => boxoffice.payments.get('acme', key);

beforeEach(async () => {
  temporal = new FakeTemporal();
  temporal.onStart = (run) => {
    run.early = authorized;
  };
  boxoffice = createBoxoffice({ temporal: { client: temporal.client } });
  await boxoffice.payments.purchase(orderOf());
});

describe('status()', () => {
  it('asks the running workflow', async () => {
    expect(await handle().status()).toMatchObject({ stage: 'minting', moneyMoved: 'held' });
  });

  it('comes from the result of a closed run, without a worker', async () => {
    temporal.worker = false;
    temporal.close(workflowId, completed);
    expect(await handle().status()).toMatchObject({ stage: 'completed', moneyMoved: 'captured', result: completed });
  });

  it('says what the server knows when no worker answers', async () => {
    temporal.worker = false;
    expect(await handle().status({ deadlineMs: 50 })).toMatchObject({
      stage: 'started',
      attention: 'none',
      moneyMoved: 'unknown',
    });
  });

  it('knows nothing of a purchase that never was', async () => {
    await expect(handle('other').status()).rejects.toBeInstanceOf(NotFoundError);
  });

  it('refuses an id that is none', () => {
    expect(() => handle('a:b')).toThrow(InvalidOrderError);
    expect(() => handle('a:b')).toThrow(/paymentKey is "a:b"/);
  });
});

describe('cancel()', () => {
  it('answers with the end', async () => {
    temporal.run(workflowId).result = cancelled;
    expect(await handle().cancel(request)).toEqual(cancelled);
    expect(temporal.run(workflowId).updates.at(-1)).toMatchObject({ name: 'cancel', input: request });
  });

  it('gives equal requests one update, and others their own', async () => {
    temporal.run(workflowId).result = cancelled;
    await Promise.all([handle().cancel(request), handle().cancel(request)]);
    await handle().cancel({ ...request, actor: 'clerk-2' });
    const ids = temporal.run(workflowId).updates.map(({ id }) => id);
    expect(new Set(ids.filter((id) => id.startsWith('cancel:'))).size).toBe(2);
  });

  it('reads the result of a closed run', async () => {
    temporal.close(workflowId, completed);
    expect(await handle().cancel(request)).toEqual(completed);
  });

  it('reads the result when the workflow says that it has ended', async () => {
    temporal.refusals.set('cancel', 'AlreadyEnded');
    temporal.close(workflowId, completed);
    expect(await handle().cancel(request)).toEqual(completed);
  });

  it('leaves a signal behind when nobody answers in time', async () => {
    temporal.worker = false;
    await expect(handle().cancel(request, { deadlineMs: 50 })).rejects.toBeInstanceOf(StillRunningError);
    expect(temporal.run(workflowId).signals).toEqual([{ name: 'cancel', input: request }]);
  });

  it('refuses an empty reason before anything is sent', async () => {
    const calls = temporal.calls.length;
    await expect(handle().cancel({ actor: 'clerk-1', reason: '' })).rejects.toMatchObject({
      faults: [{ field: 'reason' }],
    });
    expect(temporal.calls).toHaveLength(calls);
  });
});

describe('result()', () => {
  it('is the end', async () => {
    temporal.close(workflowId, completed);
    expect(await handle().result()).toEqual(completed);
  });

  it('of a failed run is an error that asks for a person', async () => {
    temporal.run(workflowId).status = 'failed';
    await expect(handle().result()).rejects.toBeInstanceOf(OperationFailedError);
    await expect(handle().result()).rejects.toMatchObject({ moneyMoved: 'unknown', retryable: false });
  });
});

describe('deliver()', () => {
  const event = { provider: 'stripe', eventId: 'evt_1', type: 'payment_intent.canceled', objectId: 'pi_1' } as const;

  it('signals a running purchase', async () => {
    expect(await boxoffice.payments.deliver(workflowId, event)).toBe('delivered');
    expect(temporal.run(workflowId).signals).toEqual([{ name: 'providerEvent', input: event }]);
  });

  it('is fine with a closed one, and with one that is gone', async () => {
    temporal.close(workflowId, completed);
    expect(await boxoffice.payments.deliver(workflowId, event)).toBe('closed');
    expect(await boxoffice.payments.deliver('payment:acme:gone', event)).toBe('closed');
  });
});

describe('list()', () => {
  it('reads search attributes', async () => {
    expect(await boxoffice.payments.list({ tenantId: 'acme' })).toEqual([
      {
        tenantId: 'acme',
        paymentKey: 'key-1',
        workflowId,
        stage: 'started',
        attention: 'none',
        amount: 5_250,
        currency: 'USD',
        startedAt: '1970-01-01T00:00:00.000Z',
      },
    ]);
  });

  it('lets no filter break out of its quotes', async () => {
    await expect(boxoffice.payments.list({ tenantId: "x' OR '1'='1" })).rejects.toBeInstanceOf(InvalidOrderError);
  });
});
