/** What is wrong by a sample: one function for each rule. Pure; alert-memory.ts keeps what the samples before said. */
import { before, endsOf, latenessAllowed, latenessOf, type RuleMemory, secondsBetween } from './alert-memory.ts';
import { type AlertType, alertTypes, type Finding } from './alerts.ts';
import type { BooksSample, LaneSample, MonitorSettings, Sample, SampledQueue } from './monitor.ts';

/** Of ten jobs a single failed one would be 10 %. Below so many ends a rate says nothing; of so many, three have to fail. */
const fewestEnds = 20;
/** Workers record the lanes every half minute, and cannot without the limiter. */
const limiterAwaySeconds = 120;
/** One look may meet a restart of the database. */
const samplesWithoutBooks = 1;

/** What the rules look at. */
interface Observed {
  memory: RuleMemory;
  sample: Sample;
  settings: MonitorSettings;
}

type Rule = (observed: Observed) => Finding[];

/** A finding where the value is above the threshold; for deadlines, below. */
const above = (finding: Finding): Finding[] => (finding.value > finding.threshold ? [finding] : []);
const below = (finding: Finding): Finding[] => (finding.value < finding.threshold ? [finding] : []);

/** Of each queue: how bad it is when it stands. */
const gravityOf: Readonly<Record<SampledQueue, 'critical' | 'warning'>> = {
  money: 'critical',
  communication: 'warning',
  background: 'warning',
};

/**
 * The contract's depth is what waits for a worker, so it is the server's backlog. What runs does not count: purchases whose
 * customers take their time are no trouble, and a job that does not get on is found by its age. A job that was started and
 * that no worker has seen is running, and its first task is in the backlog.
 */
const queueDepth: Rule = ({ sample, settings }) => {
  const thresholds: Readonly<Record<SampledQueue, number>> = {
    money: settings.moneyDepth,
    communication: settings.communicationDepth,
    background: settings.backgroundDepth,
  };
  return sample.queues.flatMap(({ queue, waiting }) =>
    above({
      type: 'queue-depth',
      subject: queue,
      severity: gravityOf[queue],
      value: waiting,
      threshold: thresholds[queue],
    }),
  );
};

const queueAge: Rule = ({ sample, settings }) =>
  sample.queues
    .filter(({ queue }) => queue === 'money')
    .flatMap(({ queue, oldestSeconds }) =>
      above({
        type: 'queue-age',
        subject: queue,
        severity: 'critical',
        value: oldestSeconds / 60,
        threshold: settings.moneyAgeMinutes,
        since: before(sample.at, oldestSeconds * 1_000),
      }),
    );

const jobsFailed: Rule = ({ memory, settings }) => {
  const { failed, since } = endsOf('money', memory);
  const finding = { type: 'jobs-failed', subject: 'money', severity: 'critical' } as const;
  return above({ ...finding, value: failed, threshold: settings.moneyFailed, ...(since ? { since } : {}) });
};

const failureRate: Rule = ({ memory, sample, settings }) =>
  sample.queues.flatMap(({ queue }) => {
    const { completed, failed, since } = endsOf(queue, memory);
    const ended = completed + failed;
    if (ended < fewestEnds) return [];
    const value = (100 * failed) / ended;
    const finding = { type: 'failure-rate', subject: queue, severity: gravityOf[queue] } as const;
    return above({ ...finding, value, threshold: settings.failureRatePercent, ...(since ? { since } : {}) });
  });

/** Whatever it is: a workflow whose code fails may hold somebody's money. */
const workflowProblems: Rule = ({ sample }) =>
  above({
    type: 'workflow-problems',
    subject: 'platform',
    severity: 'critical',
    value: sample.workflowProblems,
    threshold: 0,
  });

const laneRule =
  (
    type: 'lane-stopped' | 'lane-blocked',
    sinceOf: (lane: LaneSample) => string | undefined,
    threshold: (settings: MonitorSettings) => number,
  ): Rule =>
  ({ sample, settings }) =>
    sample.lanes.flatMap((lane) => {
      const since = sinceOf(lane);
      if (since === undefined) return [];
      const value = secondsBetween(since, sample.at) / 60;
      return above({ type, subject: lane.lane, severity: 'warning', value, threshold: threshold(settings), since });
    });

/** A warning: somebody did it on purpose. What it holds up is found by its age. */
const laneStopped = laneRule(
  'lane-stopped',
  ({ stoppedSince }) => stoppedSince,
  ({ laneStoppedMinutes }) => laneStoppedMinutes,
);
const laneBlocked = laneRule(
  'lane-blocked',
  ({ blockedSince }) => blockedSince,
  ({ laneBlockedMinutes }) => laneBlockedMinutes,
);

/**
 * The worker that looks here records the lanes, too. Records that stopped while the database was away, or nobody looked,
 * say nothing of the limiter, so it has its time from then on.
 */
const limiterAway: Rule = ({ memory: { booksSince }, sample: { at, books } }) => {
  if (!books || booksSince === undefined) return [];
  const recorded = books.lanesRecordedAt ?? booksSince;
  const since = recorded > booksSince ? recorded : booksSince;
  const value = secondsBetween(since, at);
  return above({
    type: 'limiter-away',
    subject: 'platform',
    severity: 'critical',
    value,
    threshold: limiterAwaySeconds,
    since,
  });
};

const databaseAway: Rule = ({ memory: { booksMissing } }) => {
  const { samples: value, since } = booksMissing;
  const finding = { type: 'database-away', subject: 'platform', severity: 'critical' } as const;
  return above({ ...finding, value, threshold: samplesWithoutBooks, ...(since ? { since } : {}) });
};

/** A rule about what the database knows; while it does not answer, nothing is found. */
const ofBooks =
  (rule: (books: BooksSample, observed: Observed) => Finding[]): Rule =>
  (observed) =>
    observed.sample.books ? rule(observed.sample.books, observed) : [];

const personWaits = ofBooks(({ personWaits: { worst } }, { sample: { at }, settings }) => {
  if (worst === undefined) return [];
  const value = secondsBetween(worst, at) / 60;
  const finding = { type: 'person-waits', subject: 'platform', severity: 'warning' } as const;
  return above({ ...finding, value, threshold: settings.personWaitsMinutes, since: worst });
});

const authorizationEnds = ofBooks(({ authorizations: { worst } }, { sample: { at }, settings }) => {
  if (worst === undefined) return [];
  const value = secondsBetween(at, worst) / 3_600;
  const finding = { type: 'authorization-ends', subject: 'platform', severity: 'critical' } as const;
  return below({ ...finding, value, threshold: settings.authorizationEndsHours });
});

const evidenceDue = ofBooks(({ evidence: { worst } }, { sample: { at }, settings }) => {
  if (worst === undefined) return [];
  const value = secondsBetween(at, worst) / 3_600;
  const finding = { type: 'evidence-due', subject: 'platform', severity: 'warning' } as const;
  return below({ ...finding, value, threshold: settings.evidenceDueHours });
});

const ledgerUnbalanced = ofBooks(({ unbalanced: value }) =>
  above({ type: 'ledger-unbalanced', subject: 'platform', severity: 'critical', value, threshold: 0 }),
);

/** Found once a day, and for a person to look at in daylight. */
const reconciliationDiffers = ofBooks(({ differences: { count, worst } }) => {
  const finding = { type: 'reconciliation-differs', subject: 'platform', severity: 'warning' } as const;
  return above({ ...finding, value: count, threshold: 0, ...(worst ? { since: worst } : {}) });
});

function lateBy(value: number, now: string, settings: MonitorSettings): Finding[] {
  const finding = { type: 'monitor-late', subject: 'platform', severity: 'warning' } as const;
  return above({ ...finding, value, threshold: latenessAllowed(settings), since: before(now, value * 1_000) });
}

const monitorLate: Rule = ({ memory: { lateSeconds }, sample: { at }, settings }) => lateBy(lateSeconds, at, settings);

const rules: readonly Rule[] = [
  queueDepth,
  queueAge,
  jobsFailed,
  failureRate,
  workflowProblems,
  laneStopped,
  laneBlocked,
  limiterAway,
  databaseAway,
  personWaits,
  authorizationEnds,
  evidenceDue,
  ledgerUnbalanced,
  reconciliationDiffers,
  monitorLate,
];

/** Everything that is wrong by a sample, which `memory` has observed. */
export const findingsOf = (memory: RuleMemory, sample: Sample, settings: MonitorSettings): Finding[] =>
  rules.flatMap((rule) => rule({ memory, sample, settings }));

/** What is wrong by the fact alone that there is no sample: one has been due for too long. */
export const findingsWithoutSample = (memory: RuleMemory, now: string, settings: MonitorSettings): Finding[] =>
  lateBy(latenessOf(memory, now), now, settings);

const ofTheBooks: readonly AlertType[] = [
  'lane-stopped',
  'lane-blocked',
  'limiter-away',
  'person-waits',
  'authorization-ends',
  'evidence-due',
  'ledger-unbalanced',
  'reconciliation-differs',
];

/** Types about which a sample says nothing: what is open of them may be over or not. Without a sample it is all but one. */
export function unknownWithout(sample: Sample | undefined): ReadonlySet<AlertType> {
  if (!sample) return new Set(alertTypes.filter((type) => type !== 'monitor-late'));
  return new Set(sample.books ? [] : ofTheBooks);
}
