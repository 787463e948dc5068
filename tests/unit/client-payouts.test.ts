import { ScheduleAlreadyRunning, ScheduleNotFoundError } from '@temporalio/client';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type Boxoffice,
  createBoxoffice,
  IdempotencyConflictError,
  InvalidOrderError,
  NotFoundError,
  StillRunningError,
  UnavailableError,
} from '../../client/index.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import type { PayoutRequest } from '../../contracts/payout.ts';
import type { PayoutSchedule } from '../../contracts/schema/payout.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';
import { paidOut, payoutCancelled, payoutExceeds, payoutInTransit, payoutOf } from '../support/payout-requests.ts';

const workflowId = 'payout:acme:payout-1';
let temporal: FakeTemporal;
let boxoffice: Boxoffice;
const handle = () => boxoffice.payouts.get('acme', 'payout-1');
const request = (change: Partial<PayoutRequest> = {}) => boxoffice.payouts.request(payoutOf(change));

beforeEach(() => {
  temporal = new FakeTemporal();
  temporal.standing = payoutInTransit;
  boxoffice = createBoxoffice({ temporal: { client: temporal.client } });
});

describe('payouts.request()', () => {
  it('starts a payout under its own id', async () => {
    const asked = await request();
    const run = temporal.run(workflowId);
    expect(asked).toMatchObject({ payoutId: 'payout-1', workflowId, created: true, runId: run.runId });
    expect(run.input).toEqual({ request: payoutOf(), fingerprint: fingerprintOf(payoutOf()) });
    expect(run.request).toMatchObject({
      workflowType: { name: 'payout' },
      taskQueue: { name: 'money' },
      workflowIdReusePolicy: 3, // REJECT_DUPLICATE
      workflowIdConflictPolicy: 1, // FAIL
      priority: { priorityKey: 2, fairnessKey: 'acme:arena' },
    });
  });

  it('finds the same one again, running or ended, and pays it once', async () => {
    const { runId } = await request();
    expect(await request()).toMatchObject({ created: false, runId });
    temporal.close(workflowId, paidOut);
    const again = await request();
    expect(again).toMatchObject({ created: false, runId });
    expect(await again.result()).toEqual(paidOut);
    expect(temporal.runs.size).toBe(1);
  });

  it.each<[string, Partial<PayoutRequest>]>([
    ['amount', { amount: 100 }],
    ['venue', { venueId: 'hall' }],
    ['reason', { reason: 'another' }],
    ['person', { requestedBy: 'clerk-8' }],
  ])('refuses another %s under the same id, running or ended', async (_, change) => {
    await request();
    await expect(request(change)).rejects.toBeInstanceOf(IdempotencyConflictError);
    temporal.close(workflowId, paidOut);
    await expect(request(change)).rejects.toMatchObject({ code: 'key_reused', workflowId });
  });

  it('gives a rejection as a result, with what is available', async () => {
    const asked = await request();
    temporal.close(workflowId, payoutExceeds);
    expect(await asked.result()).toEqual(payoutExceeds);
    expect((await asked.status()).next).toContain('250 (minor units)');
  });

  it.each<[string, object, string, RegExp]>([
    ['nothing', { amount: 0 }, 'amount', /1 or more/],
    ['a fraction', { amount: 0.5 }, 'amount', /integer/],
    ['an id with a colon', { payoutId: 'a:b' }, 'payoutId', /1 to 64 letters/],
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

describe('a payout that exists', () => {
  beforeEach(async () => void (await request()));

  it('says where it stands, and is waited for as long as one likes', async () => {
    expect(await handle().status()).toEqual(payoutInTransit);
    await expect(handle().result({ deadlineMs: 50 })).rejects.toBeInstanceOf(StillRunningError);
    temporal.close(workflowId, paidOut);
    expect(await handle().status()).toMatchObject({ stage: 'paid', moneyMoved: 'paid_out', result: paidOut });
  });

  it('is cancelled, and answers with the end', async () => {
    temporal.run(workflowId).result = payoutCancelled;
    expect(await handle().cancel({ actor: 'clerk-7', reason: 'changed' })).toEqual(payoutCancelled);
    temporal.close(workflowId, paidOut);
    expect(await handle().cancel({ actor: 'clerk-7', reason: 'changed' })).toEqual(paidOut);
  });

  it('hears what a webhook said', async () => {
    const event = { provider: 'stripe', eventId: 'evt_1', type: 'payout.paid', objectId: 'po_1' } as const;
    expect(await boxoffice.payouts.deliver(workflowId, event)).toBe('delivered');
    expect(temporal.run(workflowId).signals).toEqual([{ name: 'providerEvent', input: event }]);
  });

  it('is named in what others throw', async () => {
    await expect(boxoffice.payouts.get('acme', 'other').status()).rejects.toBeInstanceOf(NotFoundError);
    expect(() => boxoffice.payouts.get('acme', 'a:b')).toThrow(/payoutId is "a:b"/);
  });
});

describe('payouts.cameBack()', () => {
  const event = { provider: 'stripe', eventId: 'evt_1', type: 'payout.failed', objectId: 'po_1' } as const;

  it('starts the look, and has the one that runs hear of another event', async () => {
    await boxoffice.payouts.cameBack('acme', 'payout-1', event);
    await boxoffice.payouts.cameBack('acme', 'payout-1', { ...event, eventId: 'evt_2' });
    const { request: start, input, signals } = temporal.run('payout-return:acme:payout-1');
    expect(input).toEqual({ tenantId: 'acme', payoutId: 'payout-1' });
    // One that came to nothing is not in the way of a later one.
    expect(start).toMatchObject({ workflowType: { name: 'payoutReturn' }, workflowIdReusePolicy: 1 }); // ALLOW_DUPLICATE
    expect(signals.map(({ input: heard }) => heard)).toEqual([event, { ...event, eventId: 'evt_2' }]);
  });
});

describe('payouts.venueChanged()', () => {
  const event = { provider: 'stripe', eventId: 'evt_1', type: 'account.updated', objectId: 'acct_1' } as const;

  it('tells those that run, and counts them; one that has ended meanwhile needs nothing', async () => {
    await request();
    await request({ payoutId: 'payout-2' });
    temporal.close('payout:acme:payout-2', paidOut);
    expect(await boxoffice.payouts.venueChanged('acme', 'arena', event)).toBe(1);
    expect(temporal.run(workflowId).signals).toEqual([{ name: 'providerEvent', input: event }]);
  });

  it('puts no id into a query that is none', async () => {
    await expect(boxoffice.payouts.venueChanged('acme', "a' OR 'b", event)).rejects.toThrow(/venueId is/);
    expect(temporal.calls).toEqual([]);
  });
});

const notFound = (id: string) => new ScheduleNotFoundError('no such schedule', id);

/** As much of the server's Schedules as the client touches. */
function schedules() {
  const kept = new Map<string, Record<string, unknown>>();
  const schedule = {
    create: async ({ scheduleId, ...options }: { scheduleId: string }) => {
      if (kept.has(scheduleId)) throw new ScheduleAlreadyRunning('exists', scheduleId);
      kept.set(scheduleId, options);
    },
    getHandle: (id: string) => ({
      update: async (change: (before: object) => Record<string, unknown>) => {
        const before = kept.get(id);
        if (!before) throw notFound(id);
        kept.set(id, change({ ...before, state: { paused: true } }));
      },
      delete: async () => {
        if (!kept.delete(id)) throw notFound(id);
      },
    }),
  };
  return { kept, schedule };
}

describe('payouts.schedule()', () => {
  const id = 'payouts:acme:arena';
  let kept: ReturnType<typeof schedules>['kept'];
  beforeEach(() => {
    const fake = schedules();
    kept = fake.kept;
    const client = Object.create(temporal.client, { schedule: { value: fake.schedule } }) as typeof temporal.client;
    boxoffice = createBoxoffice({ temporal: { client } });
  });

  it.each<[PayoutSchedule, object]>([
    [{ every: '12 hours' }, { intervals: [{ every: 12 * 3_600_000 }] }],
    [{ every: '1 day' }, { intervals: [{ every: 24 * 3_600_000 }] }],
    [{ every: '2 weeks' }, { intervals: [{ every: 14 * 24 * 3_600_000 }] }],
    [{ cron: '0 6 * * MON' }, { cronExpressions: ['0 6 * * MON'] }],
  ])('%j starts a round per moment, never two at once', async (wish, spec) => {
    await boxoffice.payouts.schedule('acme', 'arena', wish);
    expect(kept.get(id)).toMatchObject({
      spec,
      action: {
        type: 'startWorkflow',
        workflowType: 'payoutRound',
        taskQueue: 'money',
        args: [{ tenantId: 'acme', venueId: 'arena' }],
      },
      policies: { overlap: 'SKIP', catchupWindow: 3_600_000 },
    });
  });

  it('replaces what was scheduled before, and leaves it paused where it was', async () => {
    await boxoffice.payouts.schedule('acme', 'arena', { every: '1 day' });
    await boxoffice.payouts.schedule('acme', 'arena', { cron: '0 6 * * MON' });
    expect(kept.get(id)).toMatchObject({ spec: { cronExpressions: ['0 6 * * MON'] }, state: { paused: true } });
    expect(kept.get(id)?.['spec']).not.toHaveProperty('intervals');
  });

  it.each<[PayoutSchedule]>([
    [{}],
    [{ every: '1 day', cron: '0 6 * * *' }],
    [{ every: 'sometimes' }],
    [{ cron: '* *' }],
  ])('refuses %j', async (wish) => {
    await expect(boxoffice.payouts.schedule('acme', 'arena', wish)).rejects.toBeInstanceOf(InvalidOrderError);
    expect(kept.size).toBe(0);
  });

  it('ends, and says whether there was one', async () => {
    await boxoffice.payouts.schedule('acme', 'arena', { every: '1 day' });
    expect(await boxoffice.payouts.unschedule('acme', 'arena')).toBe(true);
    expect(await boxoffice.payouts.unschedule('acme', 'arena')).toBe(false);
    await expect(boxoffice.payouts.unschedule('acme', 'a:b')).rejects.toThrow(/venueId is "a:b"/);
  });
});
