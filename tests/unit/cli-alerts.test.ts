import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import type { AlertView } from '../../contracts/alert-records.ts';
import { problems } from '../../contracts/problems.ts';
import { useCliApi } from '../support/cli-api.ts';

const alert: AlertView = {
  id: 'queue-depth-money-1800000000', type: 'queue-depth', subject: 'money', severity: 'critical',
  message: 'money: 60 jobs wait, more than 50', money: 'Buyers wait.', todo: 'Start the worker.',
  value: 60, lastValue: 60, threshold: 50, unit: 'jobs', openedAt: '2027-01-15T08:00:00.000Z',
  escalated: false, reopened: 0, notices: [],
}; // prettier-ignore
const told = (channel: 'sms' | 'voice', number: number) =>
  ({ number, kind: 'first', channel, outcome: 'delivered', sentAt: alert.openedAt }) as const;
const api = useCliApi(alert);
const alerts = (args: readonly string[], env?: Record<string, string>) => api.run(['alerts', ...args], env);

describe('alerts', () => {
  it('is a table for people', async () => {
    const known = { by: 'link:sms:oncall', at: alert.openedAt };
    api.next.body = {
      alerts: [
        { ...alert, notices: [told('sms', 1), told('voice', 1), told('sms', 2)] },
        { ...alert, id: 'b', severity: 'warning', acknowledged: known, endedAt: '2027-01-15T09:00:00.000Z' },
        { ...alert, id: 'c', escalated: true },
      ],
      nextCursor: '7',
    };
    const { code, out } = await alerts([]);
    expect([code, api.seen[0]]).toMatchObject([0, { line: 'GET /alerts?limit=20', token: 'mine' }]);
    const what = 'money: 60 jobs wait, more than 50';
    expect(out.split('\n').map((line) => line.replaceAll(/ {2,}/gu, ' | '))).toEqual([
      'Id | Severity | Opened (UTC) | What | Told by | State',
      `${alert.id} | critical | 2027-01-15 08:00 | ${what} | 2 sms, 1 voice | goes on, nobody knows`,
      `b | warning | 2027-01-15 08:00 | ${what} | – | over since 2027-01-15 09:00, known to link:sms:oncall`,
      `c | critical | 2027-01-15 08:00 | ${what} | – | goes on, nobody, second person called`,
      'More: --cursor 7',
    ]);
  });

  it.each<[string[], string]>([
    [['--open'], 'open=true&limit=20'],
    [['--ended', '--severity', 'warning'], 'severity=warning&open=false&limit=20'],
    [['--open', '--ended', '--limit', '5', '--cursor', '9'], 'limit=5&cursor=9'],
  ])('%j', async (args, query) => {
    api.next.body = { alerts: [] };
    expect((await alerts(args)).code).toBe(0);
    const asked = new URL(api.seen[0]!.line.replace('GET ', ''), 'http://api');
    expect(Object.fromEntries(asked.searchParams)).toEqual(Object.fromEntries(new URLSearchParams(query)));
  });
});

describe('alerts ack and test', () => {
  it('acknowledges, and says what to do', async () => {
    api.next.body = { ...alert, acknowledged: { by: 'ada', at: alert.openedAt } };
    const { code, out } = await alerts(['ack', alert.id]);
    expect([code, api.seen]).toEqual([
      0,
      [{ line: `POST /alerts/${alert.id}/acknowledge`, token: 'mine', body: undefined }],
    ]);
    expect(out).toMatch(/^State +goes on, known to ada$/mu);
  });

  it('sends a test', async () => {
    api.next = { status: 202, body: { id: 'test-1', workflowId: 'alert:platform:test-1:1' } };
    const { code, out } = await alerts(['test', 'critical']);
    expect([code, api.seen[0]]).toMatchObject([0, { line: 'POST /alerts/test', body: { severity: 'critical' } }]);
    expect(out).toBe('test-1 is on its way (alert:platform:test-1:1)');
  });

  it('1: there is no such alert', async () => {
    api.next = { status: 404, body: { ...problems.not_found, code: 'not_found', detail: 'none' } };
    expect((await alerts(['ack', 'x'])).code).toBe(1);
  });

  it.each<[string, string[]]>([
    ["missing required argument 'id'", ['ack']],
    ['one of info, warning, critical', ['test', 'bad']],
    ['one of info, warning, critical', ['list', '--severity', 'bad']],
    ['a whole number, 1 or more', ['list', '--limit', '0']],
    ['--as is for the sandbox', ['ack', 'x', '--as', 'me']],
  ])('2: %s', async (message, args) => {
    const { code, err } = await alerts(args);
    expect([code, err, api.seen]).toEqual([2, expect.stringContaining(message), []]);
  });

  it('in a sandbox it is its admin', async () => {
    await api.becomeSandbox();
    expect((await alerts(['ack', alert.id, '--as', 'ada'], {})).code).toBe(0);
    expect(decodeJwt(api.seen[0]!.token)).toMatchObject({ sub: 'ada', tenant: 'platform', roles: ['admin'] });
  });
});
