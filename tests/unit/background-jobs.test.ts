import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { createAnalyticsActivities } from '../../activities/analytics.ts';
import { attempt } from '../../activities/background-job.ts';
import { createDailyRoundActivities, type Wave } from '../../activities/daily-round.ts';
import type { VenueCursor } from '../../contracts/daily-round.ts';
import { closesAt, dayBounds, dayOf, lastClosedDay } from '../../contracts/days.ts';
import { validateAnalyticsEvent } from '../../contracts/schema/analytics.ts';
import { validateReportRequest } from '../../contracts/schema/report.ts';
import type { EventToRecord } from '../../store/index.ts';
import { environment } from '../support/ledger-twins.ts';

/** Of the server, with its SQLSTATE. */
const answer = (code: string) => Object.assign(new DatabaseError('no', 1, 'error'), { code });

/** What an attempt that meets `error` fails with; the how-manieth one. */
async function failing(error: unknown, count: number): Promise<unknown> {
  const run = () =>
    attempt('analytics-event', async () => {
      throw error;
    });
  try {
    return await environment({ attempt: count }).run(run);
  } catch (thrown) {
    return thrown;
  }
}

describe('an attempt', () => {
  it.each<[string, unknown]>([
    ['23514', answer('23514')],
    ['22P02', answer('22P02')],
    ['42501', answer('42501')],
    ['57014', answer('57014')],
    ['TypeError', new TypeError('a bug')],
  ])('that is answered with %s is made twice, ten seconds apart', async (code, error) => {
    expect(await failing(error, 1)).toMatchObject({ type: 'Retry', nextRetryDelay: 10_000, details: [{ code }] });
    expect(await failing(error, 2)).toMatchObject({ type: 'Refused', nonRetryable: true, details: [{ code }] });
  });

  it.each<[string, unknown]>([
    ['57P01', answer('57P01')],
    ['53300', answer('53300')],
    ['Error', new Error('connect ECONNREFUSED')],
  ])('that meets nobody (%s) is made again for as long as the job has', async (code, error) => {
    expect(await failing(error, 2_000)).toMatchObject({ type: 'Retry', nextRetryDelay: 10_000, details: [{ code }] });
  });
});

const eventOf = (tenantId: string, eventKey: string): EventToRecord => ({
  operation: { tenantId, workflowId: `analytics:${tenantId}:${eventKey}`, runId: 'r' },
  event: { tenantId, eventKey, type: 'ticket.viewed', occurredAt: '2027-01-01T00:00:00Z' },
  fingerprint: 'f'.repeat(64),
  now: '2027-01-01T00:00:00.000Z',
});

describe('recording events', () => {
  it('makes one insert of many workflows, for each tenant', async () => {
    const batches: [string, number][] = [];
    const { recordEvent } = createAnalyticsActivities({
      analytics: {
        record: async (tenantId, events) => {
          batches.push([tenantId, events.length]);
          return events.map(() => 'recorded');
        },
      },
    });
    const events = Array.from({ length: 60 }, (_, index) => eventOf(index % 3 === 0 ? 'globex' : 'acme', `k-${index}`));
    await Promise.all(events.map((event) => environment().run(recordEvent, event)));
    expect(batches).toEqual([
      ['globex', 20],
      ['acme', 40],
    ]);
  });
});

describe('the daily round', () => {
  const venues = Array.from({ length: 1_203 }, (_, index): VenueCursor => ({
    tenantId: 'acme',
    venueId: `v-${1_000 + index}`,
  }));

  function roundOf({ known = new Set<string>() } = {}) {
    const asked: string[] = [];
    let [atOnce, most] = [0, 0];
    const activities = createDailyRoundActivities({
      rounds: {
        venuesWithoutReport: async (_, { after, limit }) =>
          venues.filter(({ venueId }) => after === undefined || venueId > after.venueId).slice(0, limit),
        tenants: async () => ['acme', 'platform'],
      },
      startCleanup: async () => true,
      startReport: async ({ venueId }) => {
        most = Math.max(most, (atOnce += 1));
        await new Promise(setImmediate);
        atOnce -= 1;
        asked.push(venueId);
        return !known.has(venueId);
      },
      startReconciliation: async ({ tenantId }) => asked.push(tenantId) > 0,
    });
    return { activities, asked, most: () => most };
  }

  it('starts the reports of all venues in waves, a few at once, each once', async () => {
    const { activities, asked, most } = roundOf({ known: new Set(['v-1001']) });
    const started: number[] = [];
    for (let after: VenueCursor | undefined, more = true; more; more = after !== undefined) {
      const wave: Wave<VenueCursor> = await environment().run(activities.startReports, { day: '2027-01-01', after });
      started.push(wave.started);
      after = wave.next;
    }
    expect(started).toEqual([499, 500, 203]);
    expect(asked.toSorted()).toEqual(venues.map(({ venueId }) => venueId));
    expect(most()).toBe(10);
  });

  it('goes on after the last venue that an attempt which died had reached, and counts on', async () => {
    const { activities, asked } = roundOf();
    const heartbeatDetails = { after: venues[299], started: 300 };
    const wave = await environment({ heartbeatDetails }).run(activities.startReports, { day: '2027-01-01' });
    expect(wave).toEqual({ started: 800, next: venues[799] });
    expect(asked).toHaveLength(500);
  });

  it('tells by heartbeat how far it is', async () => {
    const env = environment();
    const told: unknown[] = [];
    env.on('heartbeat', (details) => told.push(structuredClone(details)));
    await env.run(roundOf().activities.startReports, { day: '2027-01-01', after: venues[1_100] });
    expect(told.at(-1)).toEqual({ after: venues.at(-1), started: 102 });
  });

  it('reconciles every tenant, and the platform', async () => {
    const { activities, asked } = roundOf();
    expect(await environment().run(activities.startReconciliations, { day: '2027-01-01' })).toEqual({ started: 2 });
    expect(asked).toEqual(['acme', 'platform']);
  });
});

describe('a day', () => {
  it('is half-open, in UTC, on a leap day too', () => {
    expect(dayBounds('2028-02-29')).toEqual({ from: '2028-02-29T00:00:00.000Z', to: '2028-03-01T00:00:00.000Z' });
  });

  it('is closed two hours and five minutes after its end, in UTC', () => {
    const closed = Date.parse('2027-02-01T02:05:00Z');
    expect(closesAt('2027-01-31')).toBe(closed);
    expect(lastClosedDay(closed)).toBe('2027-01-31');
    expect(lastClosedDay(closed - 1)).toBe('2027-01-30');
    // When the Schedule starts.
    expect(lastClosedDay(Date.parse('2028-03-01T03:00:00Z'))).toBe('2028-02-29');
    expect(dayOf(Date.parse('2027-01-01T00:00:00Z'), 1)).toBe('2026-12-31');
  });
});

const faultsOf = (check: () => unknown) => {
  try {
    check();
    return [];
  } catch (error) {
    return (error as { faults: { field: string; accepted: string }[] }).faults;
  }
};

const reportRequest = { tenantId: 'acme', venueId: 'arena', day: '2027-01-31' };
const nextCentury = Date.parse('2101-01-01T00:00:00Z');
const isTaken = (day: string) =>
  faultsOf(() => validateReportRequest({ ...reportRequest, day }, nextCentury)).length === 0;

describe('a report that is asked for', () => {
  const nowMs = Date.parse('2027-02-01T03:00:00Z');
  const request = reportRequest;

  it('is of a closed day', () => expect(validateReportRequest(request, nowMs)).toEqual(request));

  it('is of a day that exists', () => {
    const start = Date.parse('2000-01-01T00:00:00Z');
    for (let days = 0; days < 36_525; days += 1) {
      const day = dayOf(start, -days);
      // `Date` makes the 1st of March of the 31st of February.
      const next = `${day.slice(0, 8)}${String(Number(day.slice(8)) + 1).padStart(2, '0')}`;
      const exists = dayOf(Date.parse(`${next}T00:00:00Z`) || 0) === next;
      if (!isTaken(day) || isTaken(next) !== exists) expect.fail(`${day} or ${next}`);
    }
  });

  it.each([
    ['2027-02-01', 'a day whose books are closed, 2027-01-31 at the latest'],
    ['2027-02-29', 'day: a day in UTC, such as 2027-01-31'],
    ['31.1.2027', 'day: a day in UTC, such as 2027-01-31'],
  ])('is refused for %s: %s', (day, accepted) => {
    expect(faultsOf(() => validateReportRequest({ ...request, day }, nowMs))).toEqual([
      { field: 'day', value: `"${day}"`, accepted },
    ]);
  });
});

describe('an event to count', () => {
  const event = { tenantId: 'acme', eventKey: 'k', type: 'ticket.viewed', occurredAt: '2027-01-01T00:00:00Z' };

  it('has ids, numbers, yes and no', () => {
    const full = { ...event, venueId: 'arena', properties: { seat: 'A-1', position: 2.5, member: false } };
    expect(validateAnalyticsEvent(full)).toEqual(full);
  });

  it.each<[object, string]>([
    [{ properties: { email: 'ada@example.org' } }, 'properties.email'],
    [{ properties: { name: 'Ada Lovelace' } }, 'properties.name'],
    [{ properties: { phone: '+4915112345678' } }, 'properties.phone'],
    [{ properties: { nested: { more: 1 } } }, 'properties.nested'],
    [{ properties: { 'two words': 1 } }, 'properties.two words'],
    [{ properties: Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`p${n}`, n])) }, 'properties'],
    [{ type: 'Ticket viewed' }, 'type'],
    [{ occurredAt: '2027-02-30T00:00:00Z' }, 'occurredAt'],
    [{ occurredAt: '2027-01-01T00:00:00+01:00' }, 'occurredAt'],
    [{ userName: 'ada' }, 'userName'],
  ])('takes no free text, and no more than it can hold: %j', (change, field) => {
    expect(faultsOf(() => validateAnalyticsEvent({ ...event, ...change })).map((fault) => fault.field)).toEqual([
      field,
    ]);
  });
});
