/** `boxoffice metrics`: what the monitor has seen, over the API. */
import type { Command } from 'commander';
import { createMetricsCalls } from '../client/queues.ts';
import { stateOf } from '../contracts/lane-words.ts';
import { type SampledQueue, sampledQueues } from '../contracts/monitor.ts';
import {
  type FailureAnalysis,
  type MetricsSummary,
  type Throughput,
  type ThroughputStep,
  throughputSteps,
} from '../contracts/queue-views.ts';
import { adminAccess, tenantAccess } from './api-access.ts';
import { wholeNumber } from './options.ts';
import type { Output } from './output.ts';
import { countText, table } from './table.ts';
import { ageOf, minuteOf, secondOf } from './times.ts';

export function addMetrics(program: Command, { env, print }: Output): void {
  const metrics = program.command('metrics').description('what the monitor has seen; asks the API');
  const dir = () => program.opts<{ dir: string }>().dir;
  const calls = async () => createMetricsCalls(await adminAccess(env, dir()));

  metrics
    .command('summary', { isDefault: true })
    .description('queues at their newest sample, lanes, open incidents')
    .action(async () => {
      const summary = await (await calls()).summary();
      print(summaryText(summary), summary);
    });
  metrics
    .command('throughput')
    .description('jobs that ended, by queue and hour or minute')
    .option('--queue <queue>', `one of ${sampledQueues.join(', ')}`)
    .option('--per <step>', `one of ${throughputSteps.join(', ')}`, 'hour')
    .option('--hours <count>', 'how far back, 1 to 720', wholeNumber, 24)
    .action(async (filter: { queue?: SampledQueue; per: ThroughputStep; hours: number }) => {
      const throughput = await (await calls()).throughput(filter);
      print(throughputText(throughput), { per: filter.per, throughput });
    });
  metrics
    .command('failures')
    .description("how many jobs failed, and why a tenant's did")
    .option('--tenant <tenant>', "whose, in the sandbox; else the token's")
    .option('--hours <count>', 'how far back, 1 to 720', wholeNumber, 24)
    .action(async ({ tenant, hours }: { tenant?: string; hours: number }) => {
      const analysis = await createMetricsCalls(await tenantAccess(env, dir(), tenant)).failures({ hours });
      print(failuresText(analysis), analysis);
    });
}

function summaryText({ queues, lanes, openAlerts }: MetricsSummary): string {
  const alerts = `Open alerts: ${openAlerts.critical} critical, ${openAlerts.warning} warning, ${openAlerts.info} info`;
  const stateOfLane = new Map<string, string>(lanes?.map((lane) => [lane.lane, stateOf(lane)]));
  if (queues.length === 0) return `${alerts}\nThe monitor has not taken a sample yet.`;
  const rows = queues.map((one) => [
    one.queue, String(one.waiting), ageOf(one.oldestSeconds), String(one.active), countText(one.waitingForPerson),
    countText(one.completed), countText(one.failed), one.capturedAt.slice(11, 19), stateOfLane.get(one.queue) ?? '',
  ]); // prettier-ignore
  const headings = [
    'Queue', 'Waiting', 'Oldest', 'Active', 'For a person', 'Completed', 'Failed', 'At (UTC)', 'State',
  ]; // prettier-ignore
  return `${alerts}\n\n${table(headings, rows)}`;
}

function throughputText(throughput: readonly Throughput[]): string {
  if (throughput.length === 0) return 'Nothing was sampled in that time.';
  return table(
    ['Queue', 'From (UTC)', 'Completed', 'Failed'],
    throughput.map(({ queue, from, completed, failed }) => [
      queue, minuteOf(from), String(completed), String(failed),
    ]), // prettier-ignore
  );
}

function failuresText({ queues, letters }: FailureAnalysis): string {
  const ended = table(
    ['Queue', 'Completed', 'Failed', 'Failed %'],
    queues.map(({ queue, completed, failed, failedPercent }) => [
      queue, String(completed), String(failed), failedPercent === null ? '–' : String(failedPercent),
    ]), // prettier-ignore
  );
  if (letters.length === 0) return `${ended}\n\nNo dead letter of the tenant was written in that time.`;
  const why = table(
    ['Job', 'Error', 'Count', 'Open', 'Newest (UTC)'],
    letters.map(({ jobType, error, count, open, newest }) => [
      jobType, error, String(count), String(open), secondOf(newest),
    ]), // prettier-ignore
  );
  return `${ended}\n\n${why}`;
}
