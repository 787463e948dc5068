import { describe, expect, it } from 'vitest';
import { judgeCalls, type LaneRun, missedBy, scriptRuns, type SeenCall } from '../../bench/lane-judge.ts';

const limits = { perSecond: 25, concurrent: 10 };
const callsAt = (times: readonly number[], took = 20): SeenCall[] =>
  times.map((receivedAt) => ({ receivedAt, answeredAt: receivedAt + took, status: 200 }));
const evenly = (count: number, everyMs: number) => Array.from({ length: count }, (_, index) => 5_000 + index * everyMs);
/** As a sliding second lets them leave at the soonest: all of a second's calls in its first moments. */
const inBursts = (count: number, everyMs: number) =>
  Array.from({ length: count }, (_, index) => Math.floor(index / 25) * everyMs + (index % 25) * 2);

describe('the judge of a lane', () => {
  it('calls a lane at its limit fully used, whether its calls come one by one or in bursts', () => {
    expect(judgeCalls(callsAt(evenly(2_000, 40)), limits)).toMatchObject({
      calls: 2_000,
      violations: 0,
      concurrencyViolations: 0,
      rateLimited: 0,
    });
    expect(judgeCalls(callsAt(evenly(2_000, 40)), limits).utilisation).toBeCloseTo(79 / 79.96, 4);
    expect(judgeCalls(callsAt(inBursts(2_000, 1_000), 5), limits)).toMatchObject({ violations: 0 });
    expect(judgeCalls(callsAt(inBursts(2_000, 1_000), 5), limits).utilisation).toBeCloseTo(1, 2);
  });

  it('measures what was left unused', () => {
    expect(judgeCalls(callsAt(evenly(1_000, 80)), limits).utilisation).toBeCloseTo(0.488, 3);
  });

  it('counts each call that is one too many in the second before it, and forgives the jitter', () => {
    expect(judgeCalls(callsAt(inBursts(100, 991), 1), limits).violations).toBe(0);
    expect(judgeCalls(callsAt(inBursts(100, 989), 1), limits).violations).toBe(75);
    const oneMore = [...evenly(50, 40), 5_000 + 24 * 40 + 1].toSorted((a, b) => a - b);
    expect(judgeCalls(callsAt(oneMore), limits).violations).toBe(25);
  });

  it('does not mind in which order the calls were logged', () => {
    const calls = callsAt(inBursts(100, 500));
    expect(judgeCalls(calls.toReversed(), limits)).toEqual(judgeCalls(calls, limits));
  });

  it('counts who arrives while ten are under way, but not in the moment in which one of them ends', () => {
    expect(judgeCalls(callsAt(evenly(40, 40), 400), limits).concurrencyViolations).toBe(0);
    expect(judgeCalls(callsAt(evenly(40, 40), 401), limits).concurrencyViolations).toBe(30);
    const open = callsAt(evenly(12, 40)).map((call) => ({ ...call, answeredAt: null }));
    expect(judgeCalls(open, limits).concurrencyViolations).toBe(2);
  });

  it('does not take refused calls for work', () => {
    const refused = callsAt([5_001, 5_002]).map((call) => ({ ...call, status: 429 }));
    expect(judgeCalls([...callsAt(evenly(50, 40)), ...refused], limits)).toMatchObject({ calls: 50, rateLimited: 2 });
  });

  it('has no opinion where nothing was called', () => {
    expect(judgeCalls([], limits)).toMatchObject({ calls: 0, seconds: 0, utilisation: 0, violations: 0 });
  });
});

describe('the bounds of a run', () => {
  const good: LaneRun = {
    workers: 2,
    jobs: 2_000,
    done: 2_000,
    calls: 2_000,
    seconds: 80,
    utilisation: 0.98,
    violations: 0,
    concurrencyViolations: 0,
    rateLimited: 0,
    roundTripsPerGrant: 1.05,
  };

  it('are kept by a good one', () => {
    expect(missedBy(good)).toEqual([]);
  });

  it.each([
    [{ utilisation: 0.949 }, 'used 94.9 % of the limit, wanted 95.0 %'],
    [{ violations: 1 }, '1 calls too many in a second'],
    [{ concurrencyViolations: 3 }, '3 calls too many at once'],
    [{ rateLimited: 2 }, '2 answers of 429'],
    [{ roundTripsPerGrant: 1.21 }, '1.21 round trips for each call, wanted 1.2'],
    [{ roundTripsPerGrant: 0 }, 'Valkey was not asked for every call'],
    [{ done: 1_999 }, '1 of 2000 jobs did not end as they should'],
    [{ calls: 2_001 }, '2001 calls for 2000 jobs'],
  ] as const)('are missed by %j', (change, what) => {
    expect(missedBy({ ...good, ...change })).toEqual([`2 workers: ${what}`]);
  });
});

describe('what Valkey counted', () => {
  it('is every run of a script, and nothing else', () => {
    const stats = [
      '# Commandstats',
      'cmdstat_evalsha:calls=2100,usec=90000,usec_per_call=42.86,rejected_calls=0,failed_calls=0',
      'cmdstat_eval:calls=2,usec=90,usec_per_call=45.00,rejected_calls=0,failed_calls=0',
      'cmdstat_hget:calls=9000,usec=900,usec_per_call=0.10,rejected_calls=0,failed_calls=0',
      'cmdstat_script|load:calls=1,usec=90,usec_per_call=90.00,rejected_calls=0,failed_calls=0',
    ].join('\r\n');
    expect(scriptRuns(stats)).toBe(2_102);
    expect(scriptRuns('# Commandstats\r\n')).toBe(0);
  });
});
