import { describe, expect, it } from 'vitest';
import { nothingObserved, observe } from '../../contracts/alert-memory.ts';
import { findingsOf, findingsWithoutSample, unknownWithout } from '../../contracts/alert-rules.ts';
import { headlineOf } from '../../contracts/alert-words.ts';
import { alertTypes, type AlertType, type Finding } from '../../contracts/alerts.ts';
import { defaultMonitorSettings, type MonitorSettings, type Sample } from '../../contracts/monitor.ts';
import { at } from '../support/incidents.ts';
import { sampleOf } from '../support/monitor-samples.ts';

/** What the last of the samples makes of them all. */
function findings(samples: readonly Sample[], change: Partial<MonitorSettings> = {}): Finding[] {
  const settings = { ...defaultMonitorSettings, ...change };
  let memory = nothingObserved;
  for (const sample of samples) memory = observe(memory, sample, settings);
  return findingsOf(memory, samples.at(-1)!, settings);
}
const of = (type: AlertType, samples: readonly Sample[], change?: Partial<MonitorSettings>) =>
  findings(samples, change).filter((finding) => finding.type === type);

/** One each half minute. */
const every30 = (...changes: Parameters<typeof sampleOf>[0][]) =>
  changes.map((change, index) => sampleOf({ at: index * 30, ...change }));
const hours = (count: number) => at(count * 3_600);
const oldest = (oldestSeconds: number) =>
  of('queue-age', [sampleOf({ at: 900, queues: { money: { oldestSeconds }, background: { oldestSeconds: 90_000 } } })]);
const failing = (...failed: number[]) =>
  every30(...failed.map((count) => ({ queues: { money: { failed: count, completed: 1_000 } } })));
const failedBefore = (quiet: number) => failing(11, ...Array.from({ length: quiet }, () => 0));
const rateOf = (completed: number, failed: number, queue = 'communication') =>
  of('failure-rate', every30({}, { queues: { [queue]: { completed, failed } } }));
/** The lanes were recorded last at the second 0, or never. */
const silentLimiter = (
  samples: number,
  change: Parameters<typeof sampleOf>[0] = { books: { lanesRecordedAt: at(0) } },
) => of('limiter-away', every30(...Array.from({ length: samples }, () => change)));

it('finds nothing where all is well', () => {
  expect(findings(every30({}, {}, {}))).toEqual([]);
});

describe.each([
  ['money', 50, 'critical'],
  ['communication', 5_000, 'warning'],
  ['background', 50_000, 'warning'],
] as const)('the depth of %s', (queue, threshold, severity) => {
  it(`is found above ${threshold} and not at it, as ${severity}`, () => {
    const waiting = (count: number) => of('queue-depth', [sampleOf({ queues: { [queue]: { waiting: count } } })]);
    expect(waiting(threshold)).toEqual([]);
    const found = { type: 'queue-depth', subject: queue, severity, value: threshold + 1, threshold };
    expect(waiting(threshold + 1)).toEqual([found]);
  });

  it('is what waits for a worker, and not what runs', () => {
    expect(findings([sampleOf({ queues: { [queue]: { active: threshold + 1, waitingForPerson: 900 } } })])).toEqual([]);
  });
});

it('finds 60 payments whose worker stands still by the first sample', () => {
  const sample = sampleOf({ queues: { money: { waiting: 60, active: 60, oldestSeconds: 20 } } });
  expect(findings([sample]).map(headlineOf)).toEqual(['money: 60 jobs wait, more than 50']);
});

it('finds the oldest job of money above ten minutes, since it began, and of no other queue', () => {
  expect(oldest(600)).toEqual([]);
  const found = { type: 'queue-age', subject: 'money', severity: 'critical', threshold: 10, since: at(297) };
  expect(oldest(603)).toEqual([{ ...found, value: 10.05 }]);
});

describe('failed jobs', () => {
  it('are found above ten of money within the window, since before the first', () => {
    expect(of('jobs-failed', failing(0, 5, 5))).toEqual([]);
    const found = {
      type: 'jobs-failed',
      subject: 'money',
      severity: 'critical',
      value: 11,
      threshold: 10,
      since: at(0),
    };
    expect(of('jobs-failed', failing(0, 5, 6))).toEqual([found]);
  });

  it('are forgotten once the window is past', () => {
    expect(of('jobs-failed', failedBefore(19))).toMatchObject([{ value: 11 }]);
    expect(of('jobs-failed', failedBefore(20))).toEqual([]);
    expect(of('jobs-failed', failedBefore(20), { failureWindowMinutes: 11 })).toMatchObject([{ value: 11 }]);
  });

  it('count also when nobody looked while they failed', () => {
    expect(of('jobs-failed', [sampleOf(), sampleOf({ at: 7_200, queues: { money: { failed: 11 } } })])).toMatchObject([
      { value: 11, since: at(0) },
    ]);
  });

  it('of a short interval are kept in few parts, and none is lost', () => {
    const settings = { ...defaultMonitorSettings, everySeconds: 1 };
    let memory = nothingObserved;
    for (let second = 0; second < 900; second += 1)
      memory = observe(memory, sampleOf({ at: second, queues: { money: { failed: 1 } } }), settings);
    expect(memory.ends.length).toBeLessThanOrEqual(61);
    const [found] = findingsOf(memory, sampleOf({ at: 899 }), settings);
    expect(found!.value).toBeGreaterThanOrEqual(600);
    expect(found!.value).toBeLessThanOrEqual(611);
  });
});

describe('the failure rate', () => {
  it('is found above 10 %, of each queue', () => {
    expect(rateOf(90, 10)).toEqual([]);
    const found = { type: 'failure-rate', threshold: 10, since: at(0) };
    expect(rateOf(89, 11)).toEqual([{ ...found, subject: 'communication', severity: 'warning', value: 11 }]);
    expect(rateOf(89, 11, 'money')).toEqual([{ ...found, subject: 'money', severity: 'critical', value: 11 }]);
  });

  it('says nothing of fewer than twenty ends, over the whole window', () => {
    expect(rateOf(8, 11)).toEqual([]);
    expect(rateOf(17, 3)).toMatchObject([{ value: 15 }]);
    const few = { queues: { background: { completed: 5, failed: 2 } } };
    expect(of('failure-rate', every30(few, few))).toEqual([]);
    expect(of('failure-rate', every30(few, few, few))).toMatchObject([{ subject: 'background' }]);
  });
});

it('finds a single workflow whose code fails', () => {
  const found = { type: 'workflow-problems', subject: 'platform', severity: 'critical', value: 1, threshold: 0 };
  expect(findings([sampleOf({ workflowProblems: 1 })])).toEqual([found]);
});

describe.each([
  ['lane-stopped', 'stoppedSince', 15],
  ['lane-blocked', 'blockedSince', 5],
] as const)('%s', (type, field, minutes) => {
  it(`is found after ${minutes} minutes, and not after just that`, () => {
    const looked = (seconds: number) =>
      findings([sampleOf({ at: minutes * 60 + seconds, lanes: { chain: { [field]: at(0) } } })]);
    expect(looked(0)).toEqual([]);
    expect(looked(30)).toEqual([
      { type, subject: 'chain', severity: 'warning', value: minutes + 0.5, threshold: minutes, since: at(0) },
    ]);
  });
});

describe('the limiter', () => {
  it('is away once the lanes were not recorded for more than two minutes', () => {
    expect(silentLimiter(5)).toEqual([]);
    expect(silentLimiter(6)).toEqual([
      { type: 'limiter-away', subject: 'platform', severity: 'critical', value: 150, threshold: 120, since: at(0) },
    ]);
  });

  it('that never recorded anything has the same time from the first look on', () => {
    const { lanesRecordedAt: _, ...books } = sampleOf().books!;
    const samples = Array.from({ length: 6 }, (_, index) => ({ ...sampleOf({ at: index * 30 }), books }));
    expect(of('limiter-away', samples.slice(0, 5))).toEqual([]);
    expect(of('limiter-away', samples)).toMatchObject([{ value: 150, since: at(0) }]);
  });

  it('is not blamed for records that the database did not take, or that nobody asked for', () => {
    const stale = { books: { lanesRecordedAt: at(0) } };
    const away = Array.from({ length: 9 }, () => ({ books: 'away' as const }));
    expect(of('limiter-away', every30(stale, ...away, stale))).toEqual([]);
    expect(of('limiter-away', every30(stale, ...away, stale, stale, stale, stale, stale, stale))).toMatchObject([
      { value: 150, since: at(300) },
    ]);
    expect(of('limiter-away', [sampleOf(), sampleOf({ at: 7_200, ...stale })])).toEqual([]);
  });
});

it('finds the database away by two samples in a row, and nothing of what it would know', () => {
  const away = { books: 'away' as const };
  expect(findings(every30({}, away, {}, away))).toEqual([]);
  expect(findings(every30({}, away, away, away))).toEqual([
    { type: 'database-away', subject: 'platform', severity: 'critical', value: 3, threshold: 1, since: at(30) },
  ]);
});

describe.each([
  ['person-waits', 'personWaits', at(-3_600), at(-3_603), 60.05, 60, 'warning', at(-3_603)],
  ['authorization-ends', 'authorizations', hours(24), hours(23.5), 23.5, 24, 'critical', undefined],
  ['evidence-due', 'evidence', hours(72), hours(71.5), 71.5, 72, 'warning', undefined],
] as const)('%s', (type, field, stillWell, worst, value, threshold, severity, since) => {
  it('is found beyond its threshold, and not at it', () => {
    expect(findings([sampleOf({ books: { [field]: { count: 2, worst: stillWell } } })])).toEqual([]);
    expect(findings([sampleOf({ books: { [field]: { count: 2, worst } } })])).toEqual([
      { type, subject: 'platform', severity, value, threshold, ...(since ? { since } : {}) },
    ]);
  });

  it('is found when it is long past', () => {
    const past = at(-500 * 3_600);
    expect(findings([sampleOf({ books: { [field]: { count: 1, worst: past } } })])).toHaveLength(1);
  });
});

it('finds an unbalanced ledger and differences, each by the first', () => {
  expect(findings([sampleOf({ books: { unbalanced: 1 } })])).toEqual([
    { type: 'ledger-unbalanced', subject: 'platform', severity: 'critical', value: 1, threshold: 0 },
  ]);
  expect(findings([sampleOf({ books: { differences: { count: 3, worst: hours(-8) } } })])).toEqual([
    {
      type: 'reconciliation-differs',
      subject: 'platform',
      severity: 'warning',
      value: 3,
      threshold: 0,
      since: hours(-8),
    },
  ]);
});

describe('the monitor', () => {
  const late = { type: 'monitor-late', subject: 'platform', severity: 'warning', threshold: 90 } as const;

  it('is late when a sample comes more than three intervals after it was due, and that is over with the next', () => {
    expect(findings([sampleOf(), sampleOf({ at: 120 })])).toEqual([]);
    expect(findings([sampleOf(), sampleOf({ at: 121 })])).toEqual([{ ...late, value: 91, since: at(30) }]);
    expect(findings([sampleOf(), sampleOf({ at: 121 }), sampleOf({ at: 151 })])).toEqual([]);
  });

  it('is not late by seconds where it looks every second', () => {
    const samples = [sampleOf(), sampleOf({ at: 31 })];
    expect(findings(samples, { everySeconds: 1 })).toEqual([]);
    expect(findings([sampleOf(), sampleOf({ at: 32 })], { everySeconds: 1 })).toMatchObject([{ threshold: 30 }]);
  });

  it('is late without a sample, too, and knows then of nothing else whether it is over', () => {
    const memory = observe(nothingObserved, sampleOf(), defaultMonitorSettings);
    expect(findingsWithoutSample(memory, at(120), defaultMonitorSettings)).toEqual([]);
    expect(findingsWithoutSample(memory, at(121), defaultMonitorSettings)).toEqual([
      { ...late, value: 91, since: at(30) },
    ]);
    expect(findingsWithoutSample(nothingObserved, at(9_000), defaultMonitorSettings)).toEqual([]);
    expect([...unknownWithout(undefined)]).toEqual(alertTypes.filter((type) => type !== 'monitor-late'));
  });
});

it('knows what it cannot know without the database: what would be found with it', () => {
  expect(unknownWithout(sampleOf()).size).toBe(0);
  const long = { stoppedSince: at(-9_000), blockedSince: at(-9_000) };
  const worst = { count: 1, worst: at(-500 * 3_600) };
  const books = { personWaits: worst, authorizations: worst, evidence: worst, differences: worst, unbalanced: 1 };
  const bad = { lanes: { stripe: long }, books: { ...books, lanesRecordedAt: at(-1) } };
  const found = findings(every30(bad, bad, bad, bad, bad, bad)).map(({ type }) => type);
  expect([...unknownWithout(sampleOf({ books: 'away' }))].toSorted()).toEqual(found.toSorted());
});

it('takes each threshold from the settings', () => {
  const bad = sampleOf({
    queues: {
      money: { waiting: 51, oldestSeconds: 601, failed: 11, completed: 20 },
      communication: { waiting: 5_001 },
      background: { waiting: 50_001 },
    },
    lanes: { stripe: { stoppedSince: at(-901), blockedSince: at(-301) } },
    books: {
      personWaits: { count: 1, worst: at(-3_601) },
      authorizations: { count: 1, worst: hours(23.9) },
      evidence: { count: 1, worst: hours(71.9) },
    },
  });
  expect(findings([bad])).toHaveLength(11);
  const higher = {
    moneyDepth: 51, moneyAgeMinutes: 11, moneyFailed: 11, communicationDepth: 5_001, backgroundDepth: 50_001,
    failureRatePercent: 36, laneStoppedMinutes: 16, laneBlockedMinutes: 6, personWaitsMinutes: 61,
    authorizationEndsHours: 23, evidenceDueHours: 71,
  }; // prettier-ignore
  expect(findings([bad], higher)).toEqual([]);
});
