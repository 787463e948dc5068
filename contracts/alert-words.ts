/**
 * What is said of an incident, in one place for SMS, voice, e-mail, `alert_history`, the API and the Web UI: whoever is
 * woken by it has to understand it without looking anything up. Pure.
 */
import type { AlertSubject, AlertType, Finding, Incident } from './alerts.ts';
import { workflowTypes } from './messages.ts';
import { isWorkflowQueue, laneNames, type LaneName, type WorkflowQueue } from './task-queues.ts';
import { forNobody, problematic, running } from './visibility.ts';

interface Words {
  /** Of value and threshold. */
  unit: string;
  /** After the subject and a colon; both numbers carry no unit. */
  headline: (value: string, threshold: string, finding: Finding) => string;
  /** What is wrong, without since when. */
  wrong: (finding: Finding) => string;
  /** What it means for money. */
  money: (finding: Finding) => string;
  todo: (finding: Finding) => string;
  /** The Web UI's view of it, as a visibility query. */
  view: (finding: Finding) => string;
}

const ofType = (...types: string[]) => `WorkflowType IN (${types.map((type) => `'${type}'`).join(', ')})`;
const ofQueue = ({ subject }: Finding) => `TaskQueue = '${subject}'`;
const runningOn = (finding: Finding) => `${ofQueue(finding)} AND ${running}`;

/** An integer, or one digit after the point. */
const number = (value: number) => String(Math.round(value * 10) / 10);

const onQueue: Readonly<Record<WorkflowQueue, { stands: string; money: string }>> = {
  money: {
    stands: 'purchases, refunds, payouts and tickets',
    money:
      'Buyers and venues wait. Nothing is lost or charged twice: each job goes on where it stopped. Holds on cards end after some days, and are not captured then.',
  },
  communication: { stands: 'e-mail and SMS', money: 'No money moves here; buyers wait for receipts and tickets.' },
  background: { stands: 'analytics, reports, cleanup and reconciliation', money: 'No money moves here.' },
  monitoring: { stands: 'the monitor and its alerts', money: 'No money moves here, but nobody would be told.' },
};

const ofLane: Readonly<Record<LaneName, { stands: string; money: string; types: readonly string[] }>> = {
  stripe: {
    stands: 'calls to Stripe',
    money: 'No charge, refund or payout is made. Holds on cards end after some days, and are not captured then.',
    types: ['payment', 'refund', 'refundReturn', 'payout', 'payoutReturn', 'dispute'],
  },
  chain: {
    stands: 'calls to the chain',
    money: 'No ticket is minted, so that purchases are authorized and not captured.',
    types: ['payment', 'mint', 'transfer', 'burn', 'refund'],
  },
  email: { stands: 'e-mail', money: 'No money is held up; buyers wait for receipts.', types: ['sendEmail'] },
  sms: { stands: 'SMS', money: 'No money is held up; buyers wait for texts.', types: ['sendSms'] },
  webhook: {
    stands: 'webhooks to tenants',
    money: 'No money is held up; tenants hear late.',
    types: ['deliverWebhook'],
  },
  alert: { stands: 'alerts', money: 'No money is held up, but nobody is told of it.', types: ['alert'] },
};

const isLane = (subject: AlertSubject): subject is LaneName => laneNames.some((lane) => lane === subject);

const standsOf = ({ subject }: Finding) =>
  isWorkflowQueue(subject) ? onQueue[subject].stands : isLane(subject) ? ofLane[subject].stands : 'Boxoffice';
const moneyOf = ({ subject }: Finding) =>
  isWorkflowQueue(subject)
    ? onQueue[subject].money
    : isLane(subject)
      ? ofLane[subject].money
      : 'It may touch any money.';
const laneView = ({ subject }: Finding) =>
  isLane(subject) ? `${ofType(...ofLane[subject].types)} AND ${running}` : running;

const closedBadly = (finding: Finding) =>
  [
    ofQueue(finding),
    "ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated')",
    ...(finding.since ? [`CloseTime >= '${finding.since}'`] : []),
  ].join(' AND ');

const failedMoney = ({ subject }: Finding) =>
  subject === 'money'
    ? 'A job of money never ends failed by itself: what it had begun may be undone by nobody. Look at each one.'
    : 'No money moves here.';
const failedTodo =
  'Open the view, read the failure of the newest ones and look at the dead letters; fix the cause, then resolve or start them again. Never terminate.';

const words: Readonly<Record<AlertType, Words>> = {
  'queue-depth': {
    unit: 'jobs',
    headline: (value, threshold) => `${value} jobs wait, more than ${threshold}`,
    wrong: (finding) =>
      `${number(finding.value)} tasks of ${standsOf(finding)} wait in the server's backlog, ${number(finding.threshold)} are allowed: no worker takes them, or too slowly`,
    money: moneyOf,
    todo: ({ subject }) =>
      `See whether a worker serves \`${subject}\` (its pods, /health/ready, the Workers tab of a workflow); start it or add more.`,
    view: runningOn,
  },
  'queue-age': {
    unit: 'minutes',
    headline: (value, threshold) => `the oldest job is ${value} minutes old, more than ${threshold}`,
    wrong: (finding) =>
      `the oldest job of ${standsOf(finding)} that waits for no person is ${number(finding.value)} minutes old, ${number(finding.threshold)} are allowed`,
    money: moneyOf,
    todo: () =>
      'Open the view, sort by start, and read the current details of the oldest: they say what it waits for. A provider that is down shows in `boxoffice lanes`.',
    view: (finding) => `${runningOn(finding)} AND ${forNobody}`,
  },
  'jobs-failed': {
    unit: 'jobs',
    headline: (value, threshold) => `${value} jobs failed, more than ${threshold}`,
    wrong: (finding) =>
      `${number(finding.value)} jobs of ${standsOf(finding)} failed, timed out, were terminated or given up, ${number(finding.threshold)} are allowed`,
    money: failedMoney,
    todo: () => failedTodo,
    view: closedBadly,
  },
  'failure-rate': {
    unit: 'percent',
    headline: (value, threshold) => `${value} % of the jobs that ended failed, more than ${threshold} %`,
    wrong: (finding) =>
      `${number(finding.value)} % of the jobs of ${standsOf(finding)} that ended had failed, ${number(finding.threshold)} % are allowed`,
    money: failedMoney,
    todo: () => failedTodo,
    view: closedBadly,
  },
  'workflow-problems': {
    unit: 'workflows',
    headline: (value) => `${value} workflows stand still: their code fails`,
    wrong: ({ value }) =>
      `the code of ${number(value)} workflows fails again and again, so that they stand still: usually a release that does not fit their history`,
    money: () => 'What they had begun is neither finished nor undone until their code runs again. Nothing is lost.',
    todo: () =>
      'Roll the last release of the workers back, or fix it: they go on by themselves. Do not reset or terminate.',
    view: () => `${problematic} AND ${running}`,
  },
  'lane-stopped': {
    unit: 'minutes',
    headline: (value, threshold) => `stopped by hand for ${value} minutes, more than ${threshold}`,
    wrong: (finding) =>
      `${standsOf(finding)} were stopped by a person ${number(finding.value)} minutes ago and nobody has resumed them`,
    money: moneyOf,
    todo: ({ subject }) =>
      `\`boxoffice lanes changes ${subject}\` says who stopped it and why; if that is over: \`boxoffice lanes resume ${subject} --reason …\`.`,
    view: laneView,
  },
  'lane-blocked': {
    unit: 'minutes',
    headline: (value, threshold) => `closed by the provider for ${value} minutes, more than ${threshold}`,
    wrong: (finding) =>
      `the provider has refused ${standsOf(finding)} for ${number(finding.value)} minutes without a break`,
    money: moneyOf,
    todo: ({ subject }) =>
      `See the provider's status page and whether somebody else uses up the same account's limit; \`boxoffice lanes brown-out ${subject} 50 --reason …\` asks less of it.`,
    view: laneView,
  },
  'limiter-away': {
    unit: 'seconds',
    headline: (value) => `the limiter has not answered for ${value} seconds: nothing is sent`,
    wrong: ({ value }) =>
      `no worker has reached the limiter (Redis) for ${number(value)} seconds, and without it nothing is sent to any provider`,
    money: () =>
      'No charge, refund, payout or mint is made; purchases wait. Nothing is lost, and all goes on by itself when it is back. Holds on cards end after some days.',
    todo: () =>
      'Bring Redis (REDIS_URL) back, or the network to it. Its data may be lost: limits and stops stand in the database.',
    view: () => `TaskQueue = 'money' AND ${running}`,
  },
  'database-away': {
    unit: 'samples',
    headline: () => 'the database does not answer',
    wrong: ({ value }) => `the database has not answered in the last ${number(value)} looks at it`,
    money: () =>
      'No purchase, refund or payout begins, and those under way wait before their next step. Nothing is lost, and all goes on by itself when it is back.',
    todo: () =>
      'Bring Postgres, or the pooler before it, back. Restart nothing else: workers and workflows wait for it.',
    view: () => `TaskQueue = 'money' AND ${running}`,
  },
  'person-waits': {
    unit: 'minutes',
    headline: (value, threshold) => `work waits for a person since ${value} minutes, more than ${threshold}`,
    wrong: ({ value }) => `the oldest work that only a person can go on with has waited for ${number(value)} minutes`,
    money: () => 'Money may be held, captured or owed until somebody decides. The dead letter of each says which.',
    todo: () => 'Open the view and the dead letters; approve, reject or resolve each (`boxoffice decide`).',
    view: () => `Attention IN ('approval', 'review') AND ${running}`,
  },
  'authorization-ends': {
    unit: 'hours',
    headline: (value, _, finding) =>
      finding.value > 0
        ? `a hold on a card ends in ${value} hours and is not captured`
        : 'a hold on a card has ended and was not captured',
    wrong: ({ value, threshold }) =>
      value > 0
        ? `a purchase holds money on a card that the bank gives back in ${number(value)} hours, and less than ${number(threshold)} hours is too late to be usual`
        : `the hold on a card of a purchase that is not captured has ended`,
    money: () => 'Once the hold ends the sale is lost: the tickets are burned and nothing is charged.',
    todo: () =>
      'Open the view, find the purchase that is not captured, and see in its current details what it waits for.',
    view: () => `${ofType(workflowTypes.payment)} AND ${running}`,
  },
  'evidence-due': {
    unit: 'hours',
    headline: (value, _, finding) =>
      finding.value > 0 ? `evidence for a dispute is due in ${value} hours` : 'evidence for a dispute is overdue',
    wrong: ({ value }) =>
      value > 0
        ? `a dispute wants evidence within ${number(value)} hours, and none was handed in`
        : 'the deadline for the evidence of a dispute has passed, and none was handed in',
    money: () => 'Without evidence the dispute is lost, and with it the amount and a fee.',
    todo: () => "Hand the evidence in, in Stripe's dashboard, or accept the dispute there.",
    view: () => `${ofType(workflowTypes.dispute)} AND ${running}`,
  },
  'ledger-unbalanced': {
    unit: 'transactions',
    headline: (value) => `${value} transactions of the ledger do not sum to zero`,
    wrong: ({ value }) => `the entries of ${number(value)} transactions of the ledger do not sum to zero`,
    money: () => 'What the books say of balances and payouts is not to be trusted until this is explained.',
    todo: () =>
      'Stop payouts (`boxoffice lanes stop stripe --reason …` stops every call), keep the database as it is, and call who builds Boxoffice.',
    view: () => `${ofType(workflowTypes.payout)} AND ${running}`,
  },
  'reconciliation-differs': {
    unit: 'differences',
    headline: (value) => `${value} differences between ledger, provider and chain are open`,
    wrong: ({ value }) => `reconciliation found ${number(value)} differences that nobody has closed`,
    money: () =>
      'Ledger, Stripe and chain do not tell the same: money or a ticket may be missing, or be counted twice.',
    todo: () => 'Open the newest reconciliation and look at each difference; close it with what explains it.',
    view: () => ofType(workflowTypes.reconciliation),
  },
  'monitor-late': {
    unit: 'seconds',
    headline: (value, threshold) => `nobody watched for ${value} seconds, more than ${threshold}`,
    wrong: ({ value }) =>
      `the monitor could not take a sample for ${number(value)} seconds: what happened then was seen by nobody`,
    money: () => 'None by itself. Alerts about money may come late.',
    todo: () => 'See whether a worker serves `monitoring`, and whether Temporal (with its visibility) answers.',
    view: () => ofType(workflowTypes.monitor),
  },
  test: {
    unit: 'alerts',
    headline: () => 'a test alert: nothing is wrong',
    wrong: () => 'nothing: a person asked for this alert to see that it arrives',
    money: () => 'None.',
    todo: () => 'Acknowledge it, so that the way back is tested, too.',
    view: () => ofType(workflowTypes.alert),
  },
};

/** Of a finding's value and threshold. */
export const unitOf = (type: AlertType): string => words[type].unit;

/** One line, below 100 characters, without severity: `money: 60 jobs wait, more than 50`. */
export function headlineOf(finding: Finding): string {
  const { type, subject, value, threshold } = finding;
  return `${subject === 'platform' ? 'Boxoffice' : subject}: ${words[type].headline(number(value), number(threshold), finding)}`;
}

export interface Explanation {
  /** What is wrong, since when, and how bad. */
  wrong: string;
  /** What it means for money. */
  money: string;
  /** What to do. */
  todo: string;
}

/** `2027-01-15 07:58 UTC` */
export const minute = (iso: string) => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

/** Whole sentences, for e-mail and for people who look. */
export function explain(incident: Incident): Explanation {
  const { wrong, money, todo } = words[incident.type];
  const since =
    incident.since === undefined ? `Seen at ${minute(incident.openedAt)}` : `Since ${minute(incident.since)}`;
  const said = wrong(incident);
  return {
    wrong: `${said.slice(0, 1).toUpperCase()}${said.slice(1)}. ${since}; ${incident.severity}.`,
    money: money(incident),
    todo: todo(incident),
  };
}

/** The visibility query of the Web UI's view that shows it; not encoded. */
export const viewQueryOf = (finding: Finding): string => words[finding.type].view(finding);

/** The view's address below the Web UI's. Inside a link's parentheses, nothing of the query may be one. */
export function viewPathOf(finding: Finding, namespace: string): string {
  const query = encodeURIComponent(viewQueryOf(finding)).replaceAll(
    /[()']/gu,
    (sign) => `%${sign.charCodeAt(0).toString(16)}`,
  );
  return `/namespaces/${encodeURIComponent(namespace)}/workflows?query=${query}`;
}

const moneyTypes: ReadonlySet<AlertType> = new Set([
  'authorization-ends',
  'evidence-due',
  'ledger-unbalanced',
  'reconciliation-differs',
] as const);

/** Whether money itself stands still, ends or differs: that is worth a voice call when it is critical. */
export const isAboutMoney = ({ type, subject }: Finding): boolean =>
  subject === 'money' || subject === 'stripe' || moneyTypes.has(type);
