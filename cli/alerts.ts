/** `boxoffice alerts`: incidents, seen and acknowledged over the API, which knows who does it. */
import type { Command } from 'commander';
import { type AlertCalls, createAlertCalls } from '../client/alerts.ts';
import type { AlertView } from '../contracts/alert-records.ts';
import { severities, type Severity } from '../contracts/alerts.ts';
import { adminAccess } from './api-access.ts';
import { oneOf, wholeNumber } from './options.ts';
import type { Output } from './output.ts';
import { facts, table } from './table.ts';
import { minuteOf } from './times.ts';

interface ListOptions {
  severity?: Severity;
  open?: boolean;
  ended?: boolean;
  limit: number;
  cursor?: string;
}

const severityList = severities.join(', ');
const severity = oneOf(severities);

export function addAlerts(program: Command, { env, print }: Output): void {
  const alerts = program.command('alerts').description('incidents: look, acknowledge, try the alarm; asks the API');
  const calls = async (as?: string): Promise<AlertCalls> =>
    createAlertCalls(await adminAccess(env, program.opts<{ dir: string }>().dir, as));
  const asOption = ['--as <id>', 'who does it, in the sandbox only (default: platform-admin)'] as const;

  alerts
    .command('list', { isDefault: true })
    .description('incidents, newest first')
    .option('--open', 'those that go on')
    .option('--ended', 'those that are over')
    .option('--severity <severity>', `one of ${severityList}`, severity)
    .option('--limit <count>', 'how many', wholeNumber, 20)
    .option('--cursor <cursor>', 'of the page before')
    .action(async ({ open, ended, ...filter }: ListOptions) => {
      const only = open === ended ? {} : { open: open === true };
      const page = await (await calls()).list({ ...filter, ...only });
      const more = page.nextCursor === undefined ? '' : `\nMore: --cursor ${page.nextCursor}`;
      print(`${alertsText(page.alerts)}${more}`, page);
    });
  alerts
    .command('ack')
    .description('say that somebody knows of it: it is told no more, and nobody else is called')
    .argument('<id>', 'as in the list, or in the alert')
    .option(...asOption)
    .action(async (id: string, { as }: { as?: string }) => {
      const alert = await (await calls(as)).acknowledge(id);
      print(alertText(alert), alert);
    });
  alerts
    .command('test')
    .description('send a real alert to the person on call, to see that alerts arrive')
    .argument('<severity>', `one of ${severityList}: critical takes every channel`, severity)
    .option(...asOption)
    .action(async (wanted: Severity, { as }: { as?: string }) => {
      const started = await (await calls(as)).test(wanted);
      print(`${started.id} is on its way (${started.workflowId})`, started);
    });
}

const stateOf = ({ acknowledged, endedAt, escalated }: AlertView) =>
  [
    endedAt === undefined ? 'goes on' : `over since ${minuteOf(endedAt)}`,
    acknowledged ? `known to ${acknowledged.by}` : escalated ? 'nobody, second person called' : 'nobody knows',
  ].join(', ');

/** How often each channel has taken a notice. */
function toldBy({ notices }: AlertView): string {
  const counts = new Map<string, number>();
  for (const { channel, outcome } of notices)
    if (outcome === 'delivered') counts.set(channel, (counts.get(channel) ?? 0) + 1);
  return [...counts].map(([channel, count]) => `${count} ${channel}`).join(', ') || '–';
}

const alertsText = (found: readonly AlertView[]) =>
  table(
    ['Id', 'Severity', 'Opened (UTC)', 'What', 'Told by', 'State'],
    found.map((alert) => [
      alert.id, alert.severity, minuteOf(alert.openedAt), alert.message, toldBy(alert), stateOf(alert),
    ]), // prettier-ignore
  );

const alertText = (alert: AlertView) =>
  facts([
    ['Alert', alert.id],
    ['What', alert.message],
    ['Money', alert.money],
    ['To do', alert.todo],
    ['State', stateOf(alert)],
    ['See', alert.webUi],
  ]);
