import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { defaultMonitorSettings } from '../../contracts/monitor.ts';
import { createQueueGauges } from '../../infrastructure/queue-metrics.ts';
import { sampleOf } from '../support/samples.ts';

const at = '2027-03-01T12:00:00.000Z';
const money = { waiting: 60, active: 20, waitingForPerson: 10, failed: 2, oldestSeconds: 12.5 };

function setUp() {
  const registry = new Registry();
  const clock = { now: Date.parse(at) };
  const gauges = createQueueGauges(registry, () => clock.now);
  const scrape = async (pattern: RegExp) =>
    (await registry.metrics()).split('\n').filter((line) => !line.startsWith('#') && pattern.test(line));
  return { clock, gauges, scrape };
}

it('the gauges show the sample', async () => {
  const { gauges, scrape } = setUp();
  expect(await scrape(/queue_depth|oldest/u)).toEqual([]);
  expect(await scrape(/monitor_last/u)).toEqual(['monitor_last_sample_timestamp_seconds 0']);
  const lanes = [{ lane: 'stripe' as const, waiting: 7, oldestSeconds: 3, inFlight: 4 }];
  gauges.show(sampleOf(at, money, { lanes }));
  expect(await scrape(/"money"|"stripe"|monitor_last/u)).toEqual([
    'queue_depth{queue_name="money",status="waiting"} 60',
    'queue_depth{queue_name="money",status="active"} 20',
    'queue_depth{queue_name="money",status="waiting_for_person"} 10',
    'queue_depth{queue_name="stripe",status="waiting"} 7',
    'queue_depth{queue_name="stripe",status="active"} 4',
    'oldest_job_age_seconds{queue_name="money"} 12.5',
    'oldest_job_age_seconds{queue_name="stripe"} 3',
    'monitor_last_sample_timestamp_seconds 1803902400',
    'failed_jobs_total{queue_name="money"} 0',
  ]);
});

it('failures are counted from zero on, by whoever recorded them', async () => {
  const { gauges, scrape } = setUp();
  expect(await scrape(/failed_jobs/u)).toHaveLength(3);
  gauges.failed('money', 2);
  gauges.failed('money', 1);
  expect(await scrape(/failed_jobs.*money/u)).toEqual(['failed_jobs_total{queue_name="money"} 3']);
});

it('a process whose monitor moved elsewhere stops showing what it saw last, but not when that was', async () => {
  const { clock, gauges, scrape } = setUp();
  gauges.show(sampleOf(at, money));
  clock.now += 90_000;
  expect(await scrape(/queue_depth.*money|oldest.*money/u)).toHaveLength(4);
  clock.now += 1;
  expect(await scrape(/queue_depth|oldest/u)).toEqual([]);
  expect(await scrape(/monitor_last/u)).toEqual(['monitor_last_sample_timestamp_seconds 1803902400']);
});

it('a slow monitor’s numbers hold for three of its intervals', async () => {
  const { clock, gauges, scrape } = setUp();
  gauges.show(sampleOf(at, money, { configured: { ...defaultMonitorSettings, everySeconds: 600 } }));
  clock.now += 1_800_000;
  expect(await scrape(/oldest.*money/u)).toHaveLength(1);
});
