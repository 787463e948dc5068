/**
 * The worker of `money` stops while buyers come: somebody is told, once, over every channel, and it is over by itself when
 * the worker is back. Also while worker and engine are killed, and while Redis is away. Worlds of their own.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PurchaseHandle } from '../../client/index.ts';
import { createPool, type Pool } from '../../infrastructure/postgres.ts';
import { type RunningBoxoffice, startBoxoffice } from '../../sandbox/boxoffice.ts';
import { until } from '../../sandbox/processes/until.ts';
import { createAlarmControl, type Told } from '../../sandbox/scenarios/alarm-control.ts';
import { openShop, type Shop } from '../support/purchases.ts';

const patient = { timeout: 240_000 };
const payments = 60;
const everySeconds = 2;
const headline = /money: \d+ jobs wait, more than 50/u;
const money = 'money-worker';
const watcher = 'watcher';
const withinMs = 60_000;

let dir: string;
let running: RunningBoxoffice;
let shop: Shop;
let pool: Pool;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'boxoffice-alerts-'));
  running = await startBoxoffice({
    dir,
    env: {
      RATE_LIMITS: 'unpaced',
      RETRY_SCALE: '0.05',
      LOG_LEVEL: 'info',
      MONITOR_INTERVAL_SECONDS: String(everySeconds),
    },
    stripeEnv: { STRIPE_LIMIT_PER_SECOND: '0' },
    withWorker: false,
  });
  await Promise.all([
    running.addWorker(money, { WORKER_LANES: 'money,communication,background,stripe,chain,email,sms,webhook' }),
    running.addWorker(watcher, { WORKER_LANES: 'monitoring,alert' }),
  ]);
  shop = await openShop(running.endpoints);
  pool = createPool({ url: running.endpoints.postgresOwner, max: 1, applicationName: 'alerts-test' });
}, 120_000);
afterEach(async () => {
  await pool?.end();
  await shop?.close();
  await running?.world.stop();
  await rm(dir, { recursive: true, force: true });
});

interface HistoryRow {
  alert_id: string;
  severity: string;
  metric_value: number;
  ended_at: string | null;
}

/** Everything that `alert_history` ever had about the depth of the queue. */
const rows = async () =>
  (
    await pool.query<HistoryRow>(
      `select alert_id, severity, metric_value, ended_at from alert_history
       where alert_type = 'queue-depth' and subject = 'money'`,
    )
  ).rows;

/** Samples of the queue so far. */
async function samples(): Promise<number> {
  const { rows: counted } = await pool.query<{ count: number }>(
    `select count(*) from queue_metrics where queue_name = 'money'`,
  );
  return counted[0]!.count;
}

const soon = async (what: string, holds: () => Promise<boolean>) =>
  expect([what, await until(holds, { withinMs })]).toEqual([what, true]);

async function samplesLater(count: number): Promise<void> {
  const before = await samples();
  await soon(`${count} samples later`, async () => (await samples()) >= before + count);
}

/** The worker of `money` is gone, and sixty buyers come. Resolves once all of them are started. */
async function buyersWithoutWorker(): Promise<{ answered: Promise<PurchaseHandle[]> }> {
  await running.world.kill(money);
  const buyers = Array.from({ length: payments }, () =>
    shop.boxoffice.payments.purchase(shop.order(), { deadlineMs: 10_000 }),
  );
  const answered = Promise.all(buyers);
  answered.catch(() => undefined); // heard of by whoever waits for it
  const query = `Venue = '${shop.venueId}'`;
  await soon('sixty are started', async () => (await shop.client.workflow.count(query)).count === payments);
  return { answered };
}

const told = () => createAlarmControl(running.endpoints).told(headline);
const countsOf = ({ texts, calls, mails }: Told) => ({ texts: texts.length, calls: calls.length, mails: mails.length });
const onEachChannel = async () => Object.values(countsOf(await told())).every((count) => count > 0);

async function expectOverByItself(answered: Promise<readonly PurchaseHandle[]>): Promise<void> {
  const handles = await answered;
  // Each buyer was told that it goes on.
  expect(new Set(handles.map(({ early }) => early.status))).toEqual(new Set(['pending']));
  await running.world.start(money);
  const ends = await Promise.all(handles.map((handle) => handle.result()));
  expect(new Set(ends.map(({ status }) => status))).toEqual(new Set(['completed']));
  await soon('the incident is over', async () => (await rows()).every(({ ended_at }) => ended_at !== null));
  expect(await rows()).toHaveLength(1);
}

test('sixty payments without a worker: one alert within two samples, by text, call and mail', patient, async () => {
  await samplesLater(1);
  const { answered } = await buyersWithoutWorker();
  const before = await samples();
  await soon('the alert is on record', async () => (await rows()).length > 0);
  expect((await samples()) - before).toBeLessThanOrEqual(2);
  await soon('every channel', onEachChannel);
  expect(countsOf(await told())).toEqual({ texts: 1, calls: 1, mails: 1 });
  expect(await rows()).toMatchObject([{ severity: 'critical', ended_at: null }]);

  // Within the cooldown of five minutes nobody is told again.
  await samplesLater(3);
  expect(countsOf(await told())).toEqual({ texts: 1, calls: 1, mails: 1 });
  await expectOverByItself(answered);
  expect(countsOf(await told())).toEqual({ texts: 1, calls: 1, mails: 1 });
});

test('worker and engine are killed meanwhile: it is one incident all the same, and it is told', patient, async () => {
  await samplesLater(1);
  const { answered } = await buyersWithoutWorker();
  await soon('the alert is on record', async () => (await rows()).length > 0);
  for (const name of [watcher, 'temporal']) await running.world.kill(name, 'SIGKILL');
  for (const name of ['temporal', watcher]) await running.world.start(name);
  await soon('every channel', onEachChannel);
  await samplesLater(3);
  expect(await rows()).toMatchObject([{ severity: 'critical', ended_at: null }]);
  // At least once; each mail is recognized as the one that it is.
  const { mails } = await told();
  expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(1);
  await expectOverByItself(answered);
});

test('Redis is away meanwhile: the alert leaves all the same', patient, async () => {
  await samplesLater(1);
  await running.world.kill('valkey', 'SIGKILL');
  const { answered } = await buyersWithoutWorker();
  await soon('every channel', onEachChannel);
  expect(countsOf(await told())).toEqual({ texts: 1, calls: 1, mails: 1 });
  await samplesLater(3);
  expect(countsOf(await told())).toEqual({ texts: 1, calls: 1, mails: 1 });
  expect(await rows()).toHaveLength(1);
  await running.world.start('valkey');
  await expectOverByItself(answered);
});
