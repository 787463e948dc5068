/** `boxoffice monitor`: how things stand, and the thresholds, over the API, which knows who changes them. */
import { type Command, InvalidArgumentError } from 'commander';
import { createMonitorCalls, type MonitorCalls, type MonitorChangeRecord } from '../client/monitor.ts';
import { headlineOf } from '../contracts/alert-words.ts';
import type { MonitorStatus, Sample } from '../contracts/monitor.ts';
import { type MonitorSetting, monitorSettingNames, settingRanges } from '../contracts/monitor-settings.ts';
import { adminAccess } from './api-access.ts';
import { oneOf, wholeNumber } from './options.ts';
import type { Output } from './output.ts';
import { table } from './table.ts';
import { secondOf } from './times.ts';

const settingList = monitorSettingNames.join(', ');
const setting = oneOf(monitorSettingNames);

/** Its range is the API's to check: it names the one of the setting. */
function valueOrNull(text: string): number | null {
  if (text === 'null') return null;
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It has to be a whole number, or null to take it back.');
  return Number(text);
}

export function addMonitor(program: Command, { env, print }: Output): void {
  const monitor = program.command('monitor').description('what is wrong, and when it counts as wrong; asks the API');
  const calls = async (as?: string): Promise<MonitorCalls> =>
    createMonitorCalls(await adminAccess(env, program.opts<{ dir: string }>().dir, as));
  const say = (status: MonitorStatus) => print(statusText(status), status);

  monitor
    .command('status', { isDefault: true })
    .description('open incidents, the last sample, and the thresholds')
    .action(async () => say(await (await calls()).status()));
  monitor
    .command('set')
    .description('set a threshold over what the environment says, for all tenants')
    .argument('<name>', `one of ${settingList}`, setting)
    .argument('<value>', 'a whole number; null takes it back', valueOrNull)
    .requiredOption('--reason <text>', 'why; it is kept with the change')
    .option('--as <id>', 'who does it, in the sandbox only (default: platform-admin)')
    .action(async (name: MonitorSetting, value: number | null, { reason, as }: { reason: string; as?: string }) =>
      say(await (await calls(as)).configure({ [name]: value }, reason)),
    );
  monitor
    .command('changes')
    .description('who set what, and why; newest first')
    .option('--limit <count>', 'how many', wholeNumber, 20)
    .action(async ({ limit }: { limit: number }) => {
      const changes = await (await calls()).changes({ limit });
      print(changesText(changes), { changes });
    });
}

const incidentsText = ({ incidents }: MonitorStatus) =>
  incidents.length === 0
    ? 'Nothing is wrong.'
    : table(
        ['Since (UTC)', 'Severity', 'What', 'Alert'],
        incidents.map((incident) => [
          secondOf(incident.openedAt), incident.severity, headlineOf(incident), incident.alertId,
        ]), // prettier-ignore
      );

const queuesText = ({ queues }: Sample) =>
  table(
    ['Queue', 'Waiting', 'Active', 'For a person', 'Completed', 'Failed', 'Oldest'],
    queues.map(({ queue, waiting, active, waitingForPerson, completed, failed, oldestSeconds }) => [
      queue, String(waiting), String(active), String(waitingForPerson), String(completed), String(failed),
      `${Math.round(oldestSeconds)} s`,
    ]), // prettier-ignore
  );

const settingsText = ({ settings, overrides }: MonitorStatus) =>
  table(
    ['Setting', 'Value', 'Unit', 'Set by'],
    monitorSettingNames.map((name) => [
      name, String(settings[name]), settingRanges[name].unit, name in overrides ? 'a person' : 'the environment',
    ]), // prettier-ignore
  );

const statusText = (status: MonitorStatus) =>
  [
    incidentsText(status),
    status.sample
      ? `Seen at ${secondOf(status.sample.at)} UTC\n${queuesText(status.sample)}`
      : 'Nothing has been seen yet.',
    settingsText(status),
  ].join('\n\n');

const changesText = (changes: readonly MonitorChangeRecord[]) =>
  table(
    ['When (UTC)', 'Settings', 'By', 'Why'],
    changes.map(({ changedAt, settings, actor, reason }) => [
      secondOf(changedAt), Object.entries(settings).map(([name, value]) => `${name} ${value ?? 'as configured'}`).join(', '),
      actor, reason,
    ]), // prettier-ignore
  );
