import { describe, expect, it } from 'vitest';
import { explain, headlineOf, isAboutMoney, unitOf, viewQueryOf } from '../../contracts/alert-words.ts';
import { alertTypes, type AlertSubject, type AlertType } from '../../contracts/alerts.ts';
import { laneNames, workflowQueues } from '../../contracts/task-queues.ts';
import { at, findingOf, incidentOf } from '../support/incidents.ts';

const subjectsOf = (type: AlertType): readonly AlertSubject[] => {
  if (type.startsWith('lane-')) return laneNames;
  return /^(queue|jobs|failure)-/u.test(type) ? workflowQueues : ['platform'];
};
const every = alertTypes.flatMap((type) => subjectsOf(type).map((subject) => ({ type, subject })));

describe.each(every)('of $type on $subject', (which) => {
  const finding = findingOf({ ...which, value: 12.34, threshold: 10, since: at(0) });

  it('is one line for a text message, that names what it is about', () => {
    const headline = headlineOf(finding);
    expect(headline.startsWith(which.subject === 'platform' ? 'Boxoffice: ' : `${which.subject}: `)).toBe(true);
    expect(headline).toMatch(/^[\x20-\x7e]{10,100}$/u);
    expect(headline).not.toContain('12.34');
  });

  it('is explained in sentences, with since when and how bad', () => {
    const said = explain(incidentOf({ ...finding, openedAt: at(60) }));
    expect(said.wrong).toMatch(/^[A-Z0-9].*\. Since 2027-01-31 12:00 UTC; critical\.$/u);
    for (const text of Object.values(said)) expect(text).toMatch(/^[A-Z0-9`].{3,}\.$/u);
    const { since: _, ...suddenly } = finding;
    expect(explain(incidentOf({ ...suddenly, openedAt: at(60) })).wrong).toContain('. Seen at 2027-01-31 12:01 UTC; ');
  });

  it('has a unit and a view', () => {
    expect(unitOf(which.type)).toMatch(/^[a-z]+$/u);
    expect(viewQueryOf(finding)).toMatch(
      /^(TaskQueue|WorkflowType|ExecutionStatus|Attention|TemporalReportedProblems) /u,
    );
  });
});

it('says the numbers', () => {
  expect(headlineOf(findingOf())).toBe('money: 60 jobs wait, more than 50');
  expect(headlineOf(findingOf({ type: 'queue-age', value: 12.34, threshold: 10 }))).toBe(
    'money: the oldest job is 12.3 minutes old, more than 10',
  );
  expect(explain(incidentOf({ openedAt: at(0) })).wrong).toBe(
    "60 tasks of purchases, refunds, payouts and tickets wait in the server's backlog, 50 are allowed: no worker takes them, or too slowly. Seen at 2027-01-31 12:00 UTC; critical.",
  );
});

it('says of a deadline that it has passed', () => {
  const passed = { subject: 'platform', value: -3, threshold: 24 } as const;
  expect(explain(incidentOf({ ...passed, type: 'authorization-ends' })).wrong).toContain('has ended');
  expect(explain(incidentOf({ ...passed, type: 'evidence-due' })).wrong).toContain('has passed');
  expect(headlineOf(findingOf({ ...passed, type: 'authorization-ends' }))).toBe(
    'Boxoffice: a hold on a card has ended and was not captured',
  );
  expect(headlineOf(findingOf({ ...passed, type: 'evidence-due' }))).toBe(
    'Boxoffice: evidence for a dispute is overdue',
  );
});

it('is about money where money itself stands still, ends or differs', () => {
  const about = every
    .filter((which) => isAboutMoney(findingOf(which)))
    .map(({ type, subject }) => `${type} ${subject}`);
  expect(about).toEqual([
    'queue-depth money', 'queue-age money', 'jobs-failed money', 'failure-rate money', 'lane-stopped stripe',
    'lane-blocked stripe', 'authorization-ends platform', 'evidence-due platform', 'ledger-unbalanced platform',
    'reconciliation-differs platform',
  ]); // prettier-ignore
});

it('shows in the view what the rule counts', () => {
  expect(viewQueryOf(findingOf({ type: 'queue-age' }))).toBe(
    "TaskQueue = 'money' AND ExecutionStatus = 'Running' AND (Attention IS NULL OR Attention IN ('none', 'provider'))",
  );
  expect(viewQueryOf(findingOf({ type: 'jobs-failed', since: at(0) }))).toBe(
    `TaskQueue = 'money' AND ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated') AND CloseTime >= '${at(0)}'`,
  );
  expect(viewQueryOf(findingOf({ type: 'lane-stopped', subject: 'sms' }))).toBe(
    "WorkflowType IN ('sendSms') AND ExecutionStatus = 'Running'",
  );
});
