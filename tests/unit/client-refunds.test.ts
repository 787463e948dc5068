import { beforeEach, describe, expect, it } from 'vitest';
import {
  type Boxoffice,
  createBoxoffice,
  IdempotencyConflictError,
  InvalidOrderError,
  NotFoundError,
  requestRefund,
  StillRunningError,
  UnavailableError,
} from '../../client/index.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import type { RefundRequest } from '../../contracts/refund.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';
import { exceeds, refundCancelled, refunded, refundPending, requestOf } from '../support/refund-requests.ts';

const workflowId = 'refund:acme:refund-1';
let temporal: FakeTemporal;
let boxoffice: Boxoffice;
const handle = () => boxoffice.refunds.get('acme', 'refund-1');
const request = (change: Partial<RefundRequest> = {}) => boxoffice.refunds.request(requestOf(change));

beforeEach(() => {
  temporal = new FakeTemporal();
  temporal.standing = refundPending;
  boxoffice = createBoxoffice({ temporal: { client: temporal.client } });
});

describe('refunds.request()', () => {
  it('starts a refund under its own id', async () => {
    const asked = await request();
    const run = temporal.run(workflowId);
    expect(asked).toMatchObject({ refundId: 'refund-1', workflowId, created: true, runId: run.runId });
    expect(run.input).toEqual({ request: requestOf(), fingerprint: fingerprintOf(requestOf()) });
    expect(run.request).toMatchObject({
      workflowType: { name: 'refund' },
      taskQueue: { name: 'money' },
      workflowIdReusePolicy: 3, // REJECT_DUPLICATE
      workflowIdConflictPolicy: 1, // FAIL
      priority: { priorityKey: 2, fairnessKey: 'acme' },
    });
  });

  it('waits in its venue’s line where the caller knows the venue', async () => {
    await requestRefund(temporal.client, requestOf(), { venueId: 'arena' });
    expect(temporal.run(workflowId).request.priority).toMatchObject({ priorityKey: 2, fairnessKey: 'acme:arena' });
    // The same request all the same.
    expect(await request()).toMatchObject({ created: false });
  });

  it('finds the same one again, running or ended', async () => {
    const { runId } = await request();
    expect(await request()).toMatchObject({ created: false, runId });
    temporal.close(workflowId, refunded);
    const again = await request();
    expect(again).toMatchObject({ created: false, runId });
    expect(await again.result()).toEqual(refunded);
    expect(temporal.runs.size).toBe(1);
  });

  it.each<[string, Partial<RefundRequest>]>([
    ['amount', { amount: 100 }],
    ['purchase', { paymentKey: 'key-2' }],
    ['reason', { reason: 'another' }],
  ])('refuses another %s under the same id, running or ended', async (_, change) => {
    await request();
    await expect(request(change)).rejects.toBeInstanceOf(IdempotencyConflictError);
    temporal.close(workflowId, refunded);
    await expect(request(change)).rejects.toMatchObject({ code: 'key_reused', workflowId });
  });

  it('takes another refund of the same purchase', async () => {
    await request({ amount: 100 });
    expect(await request({ refundId: 'refund-2', amount: 100 })).toMatchObject({ created: true });
  });

  it('gives a rejection as a result', async () => {
    const asked = await request();
    temporal.close(workflowId, exceeds);
    expect(await asked.result()).toEqual(exceeds);
    const { next } = await asked.status();
    expect(next).toMatch(/more than what is left.*new refund id.*250 \(minor units\)/);
  });

  it.each<[string, Partial<RefundRequest>]>([
    ['all that is left', {}],
    ['all that is left, burned', { tickets: 'burn' }],
    ['an amount', { amount: 1 }],
    ['tickets', { ticketIds: ['seat-1', 'seat-2'] }],
    ['tickets, burned', { ticketIds: ['seat-1'], tickets: 'burn' }],
  ])('takes %s', async (_, change) => {
    expect(await request(change)).toMatchObject({ created: true });
  });

  it.each<[string, object, string, RegExp]>([
    ['amount and tickets', { amount: 100, ticketIds: ['seat-1'] }, 'amount', /either amount or ticketIds/],
    ['an amount that burns', { amount: 100, tickets: 'burn' }, 'tickets', /to burn, name ticketIds/],
    ['a ticket twice', { ticketIds: ['seat-1', 'seat-1'] }, 'ticketIds[1]', /not in the list yet/],
    ['no ticket', { ticketIds: [] }, 'ticketIds', /1 to 20 tickets/],
    ['nothing', { amount: 0 }, 'amount', /1 or more/],
    ['a fraction', { amount: 0.5 }, 'amount', /integer/],
    ['an id with a colon', { refundId: 'a:b' }, 'refundId', /1 to 64 letters/],
    ['no reason', { reason: '' }, 'reason', /1 to 500/],
    ['an unknown field', { currency: 'USD' }, 'currency', /no such field/],
  ])('refuses %s before anything is sent', async (_, change, field, accepted) => {
    const refusal = request(change);
    await expect(refusal).rejects.toBeInstanceOf(InvalidOrderError);
    await expect(refusal).rejects.toMatchObject({ faults: [{ field, accepted: expect.stringMatching(accepted) }] });
    expect(temporal.calls).toEqual([]);
  });

  it('does not know whether it arrived when Temporal is away', async () => {
    temporal.reachable = false;
    await expect(request()).rejects.toBeInstanceOf(UnavailableError);
  });
});

describe('a refund that exists', () => {
  beforeEach(async () => void (await request()));

  it('says where it stands', async () => {
    expect(await handle().status()).toEqual(refundPending);
    temporal.worker = false;
    expect(await handle().status({ deadlineMs: 50 })).toMatchObject({ stage: 'started', moneyMoved: 'unknown' });
    temporal.close(workflowId, refunded);
    expect(await handle().status()).toMatchObject({ stage: 'completed', moneyMoved: 'refunded', result: refunded });
  });

  it('is waited for as long as one likes', async () => {
    await expect(handle().result({ deadlineMs: 50 })).rejects.toBeInstanceOf(StillRunningError);
    temporal.close(workflowId, refunded);
    expect(await handle().result({ deadlineMs: 50 })).toEqual(refunded);
  });

  it('is cancelled, and answers with the end', async () => {
    temporal.run(workflowId).result = refundCancelled;
    expect(await handle().cancel({ actor: 'clerk-7', reason: 'changed' })).toEqual(refundCancelled);
    temporal.close(workflowId, refunded);
    expect(await handle().cancel({ actor: 'clerk-7', reason: 'changed' })).toEqual(refunded);
  });

  it('hears what a webhook said', async () => {
    const event = { provider: 'stripe', eventId: 'evt_1', type: 'refund.updated', objectId: 're_1' } as const;
    expect(await boxoffice.refunds.deliver(workflowId, event)).toBe('delivered');
    expect(temporal.run(workflowId).signals).toEqual([{ name: 'providerEvent', input: event }]);
  });

  it('is named in what others throw', async () => {
    await expect(boxoffice.refunds.get('acme', 'other').status()).rejects.toBeInstanceOf(NotFoundError);
    await expect(boxoffice.refunds.get('acme', 'other').status()).rejects.toThrow('refund:acme:other');
    expect(() => boxoffice.refunds.get('acme', 'a:b')).toThrow(/refundId is "a:b"/);
  });
});
