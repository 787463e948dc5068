import { describe, expect, it } from 'vitest';
import { defaultMonitorSettings, type MonitorStatus } from '../../contracts/monitor.ts';
import { incidentOf } from '../support/incidents.ts';
import { sampleOf } from '../support/monitor-samples.ts';
import { useCliApi } from '../support/cli-api.ts';

const well: MonitorStatus = { settings: defaultMonitorSettings, overrides: {}, incidents: [] };
const api = useCliApi(well);
const monitor = (...args: string[]) => api.run(['monitor', ...args]);

describe('monitor', () => {
  it('says what is wrong, what was seen, and the thresholds', async () => {
    const sample = sampleOf({ queues: { money: { waiting: 60, active: 60, oldestSeconds: 31.4 } } });
    const settings = { ...defaultMonitorSettings, moneyDepth: 40 };
    api.next.body = { settings, overrides: { moneyDepth: 40 }, incidents: [incidentOf()], sample };
    const { code, out } = await monitor();
    expect([code, api.seen]).toEqual([0, [{ line: 'GET /monitor', token: 'mine', body: undefined }]]);
    expect(out.split('\n').slice(0, 12)).toEqual([
      'Since (UTC)          Severity  What                               Alert',
      '2027-01-31 12:00:00  critical  money: 60 jobs wait, more than 50  queue-depth-money-1801396800',
      '',
      'Seen at 2027-01-31 12:00:00 UTC',
      'Queue          Waiting  Active  For a person  Completed  Failed  Oldest',
      'money          60       60      0             0          0       31 s',
      'communication  0        0       0             0          0       0 s',
      'background     0        0       0             0          0       0 s',
      '',
      'Setting                  Value  Unit     Set by',
      'everySeconds             30     seconds  the environment',
      'moneyDepth               40     jobs     a person',
    ]);
  });

  it('says so where nothing is wrong, or nothing was seen', async () => {
    expect((await monitor('status')).out).toMatch(/^Nothing is wrong\.\n\nNothing has been seen yet\.\n\nSetting/u);
  });
});

describe('monitor set', () => {
  it('sets one threshold, or takes it back', async () => {
    expect((await monitor('set', 'moneyDepth', '80', '--reason', 'sale')).code).toBe(0);
    expect((await monitor('set', 'moneyDepth', 'null', '--reason', 'over')).code).toBe(0);
    expect(api.seen).toMatchObject([
      { line: 'POST /monitor/settings', body: { settings: { moneyDepth: 80 }, reason: 'sale' } },
      { body: { settings: { moneyDepth: null }, reason: 'over' } },
    ]);
  });

  it.each([
    [['moneyDpth', '80', '--reason', 'sale'], 'everySeconds, moneyDepth'],
    [['moneyDepth', '8.5', '--reason', 'sale'], 'a whole number, or null'],
    [['moneyDepth', '80'], '--reason'],
  ])('refuses %j before it asks', async (args, said) => {
    const { code, err } = await monitor('set', ...args);
    expect([code, api.seen]).toEqual([2, []]);
    expect(err).toContain(said);
  });
});

it('monitor changes has who and why', async () => {
  const settings = { moneyDepth: 80, moneyFailed: null };
  api.next.body = { changes: [{ actor: 'ann', reason: 'sale', settings, changedAt: '2027-01-31T12:00:00.000Z' }] };
  const { out } = await monitor('changes', '--limit', '5');
  expect(api.seen[0]!.line).toBe('GET /monitor/changes?limit=5');
  expect(out.split('\n')[1]).toBe('2027-01-31 12:00:00  moneyDepth 80, moneyFailed as configured  ann  sale');
});
