/** Plays scenarios and compares what they expect with the outside's record. */
import { type Audit, type PurchaseRecord, violations } from '../audit.ts';
import type { Counted, Outcome, Scenario, ScenarioContext } from './scenario.ts';

export interface ScenarioReport {
  name: string;
  ok: boolean;
  seconds: number;
  happened: string;
  /** Of the purchases. */
  workflowIds: string[];
  /** Other workflows to look at. */
  besides: string[];
  ends: string[];
  /** Sums over the attempts, from the outside's records. */
  counted: Counted;
  ledger: { captureTransactions: number; sumsToZero: boolean; stripeBalance: number };
  /** What was expected and what was found instead, in words. */
  problems: string[];
  exhibit?: string;
}

export interface Play {
  audit: Audit;
  contextOf: (scenario: Scenario) => ScenarioContext;
  onStart: (scenario: Scenario) => void;
  onEnd: (scenario: Scenario, report: ScenarioReport) => void;
}

/** Longer than any fault of the demo takes to heal. Milliseconds. */
const patienceMs = 120_000;

/** Those that leave the world alone run together, the others after them, one by one. Reports come in the given order. */
export async function playAll(scenarios: readonly Scenario[], play: Play): Promise<ScenarioReport[]> {
  const reports = new Map<Scenario, ScenarioReport>();
  const one = async (scenario: Scenario) => void reports.set(scenario, await playOne(scenario, play));
  await Promise.all(scenarios.filter(({ alone }) => !alone).map(one));
  for (const scenario of scenarios.filter(({ alone }) => alone)) await one(scenario);
  return scenarios.flatMap((scenario) => reports.get(scenario) ?? []);
}

async function playOne(scenario: Scenario, { audit, contextOf, onStart, onEnd }: Play): Promise<ScenarioReport> {
  const startedAt = performance.now();
  onStart(scenario);
  let report: Omit<ScenarioReport, 'seconds'>;
  try {
    const outcome = await within(patienceMs, scenario.run(contextOf(scenario)));
    const ids = outcome.attempts.map(({ order }) => ({ tenantId: order.tenantId, paymentKey: order.idempotencyKey }));
    report = judge(scenario.name, outcome, await audit.purchases(ids));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    report = judge(scenario.name, { happened: 'it could not be played', attempts: [], expected: {} }, []);
    report = { ...report, ok: false, problems: [why] };
  }
  const timed = { ...report, seconds: Math.round(performance.now() - startedAt) / 1_000 };
  onEnd(scenario, timed);
  return timed;
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it had not ended after ${milliseconds / 1_000} s`)), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Pure: what a scenario's outcome and the outside's records say together. `records` belong to the attempts, in order. */
export function judge(
  name: string,
  { happened, attempts, expected, findings = [], besides = [], exhibit }: Outcome,
  records: readonly PurchaseRecord[],
): Omit<ScenarioReport, 'seconds'> {
  const counted = countedOf(records);
  const compared = Object.entries(expected).map(([what, wanted]) => ({
    what,
    expected: wanted,
    found: counted[what as keyof Counted],
  }));
  const problems = [
    ...attempts.flatMap(({ end }, index) => {
      const record = records[index];
      return record ? violations(record, end).map((broken) => `${record.workflowId}: ${broken}`) : [];
    }),
    ...[...findings, ...compared]
      .filter(({ expected: wanted, found }) => wanted !== found)
      .map(({ what, expected: wanted, found }) => `${what}: expected ${wanted}, found ${found}`),
  ];
  return {
    name,
    ok: problems.length === 0,
    happened,
    besides,
    workflowIds: records.map(({ workflowId }) => workflowId),
    ends: attempts.map(({ end }) => end),
    counted,
    ledger: {
      captureTransactions: sum(records, ({ ledger }) => ledger.captureTransactions),
      sumsToZero: records.every(({ ledger }) => ledger.sumsToZero),
      stripeBalance: sum(records, ({ ledger }) => ledger.stripeBalance),
    },
    problems,
    ...(exhibit === undefined ? {} : { exhibit }),
  };
}

const sum = (records: readonly PurchaseRecord[], of: (record: PurchaseRecord) => number) =>
  records.reduce((total, record) => total + of(record), 0);

const countedNames = [
  'intents', 'charges', 'captured', 'held', 'fees', 'refunds', 'refunded', 'refundsPending', 'disputed',
  'disputeFees', 'authorizeCalls', 'replays', 'calls', 'mints', 'owned', 'holdsLive', 'runs', 'mails',
] as const satisfies readonly (keyof Counted)[]; // prettier-ignore

function countedOf(records: readonly PurchaseRecord[]): Counted {
  const counts = countedNames.map((name) => [name, sum(records, (record) => record[name])] as const);
  return Object.fromEntries(counts) as Counted;
}
