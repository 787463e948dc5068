import { decodeJwt } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { untouched } from '../../contracts/lane-control.ts';
import { laneViewOf } from '../../contracts/lane-words.ts';
import { problems } from '../../contracts/problems.ts';
import { statusOf } from '../support/lane-twins.ts';
import { useCliApi } from '../support/cli-api.ts';

const changed = { lane: 'stripe', settings: { ...untouched, revision: 7 }, inForce: true };
const api = useCliApi(changed);
const lanes = (args: readonly string[], env?: Record<string, string>) => api.run(['lanes', ...args], env);
const why = ['--reason', 'Stripe is slow'];
const reason = 'Stripe is slow';

describe('lanes', () => {
  const busy = laneViewOf(
    statusOf('stripe', {
      effectivePerSecond: 12.5, inFlight: 3, lastSecond: 12, waiting: 40, expectedWaitMs: 3_210,
      settings: { ...untouched, percent: 80 }, perSecond: 20,
    }),
  ); // prettier-ignore
  const stopped = laneViewOf(
    statusOf('chain', { settings: { ...untouched, stopped: true }, expectedWaitMs: Infinity, perSecond: Infinity }),
  );
  const closed = laneViewOf(
    statusOf('sms', { blockedUntil: Date.UTC(2027, 0, 1, 12), breakers: { closed: 1, open: 1, halfOpen: 0 } }),
  );

  it('is a table for people', async () => {
    api.next.body = { lanes: [busy, stopped, closed, laneViewOf(statusOf('email'))] };
    const { code, out } = await lanes([]);
    expect([code, api.seen]).toEqual([0, [{ line: 'GET /lanes', token: 'mine', body: undefined }]]);
    expect(out.split('\n')).toEqual([
      'Lane    In flight  Calls/s  Last second  Waiting  Next in  State',
      'stripe  3/10       12.5/20  12           40       3.2 s    brown-out 80 %, slowed down',
      'chain   0/5        unpaced  0            0        –        stopped',
      'sms     0/5        1/1      0            0        0 ms     closed until 12:00:00 UTC, breaker open in 1 of 2',
      'email   0/20       5/5      0            0        0 ms     open',
    ]);
  });

  it('is JSON for machines', async () => {
    api.next.body = { lanes: [busy] };
    expect(JSON.parse((await lanes(['--json'])).out)).toEqual(api.next.body);
  });

  it('1: the limiter is away, with what to do', async () => {
    api.next = { status: 503, body: { ...problems.limiter_away, code: 'limiter_away', detail: 'no answer' } };
    const { code, err } = await lanes([]);
    expect([code, err]).toEqual([1, expect.stringContaining('Bring Redis back')]);
  });

  it('69: the API is away', async () => {
    expect((await lanes([], { ...api.mine(), BOXOFFICE_API_URL: 'http://127.0.0.1:1' })).code).toBe(69);
  });
});

describe('lanes changes', () => {
  it('is who changed what, and why', async () => {
    const common = { actor: 'admin-1', reason, revision: 1, settings: untouched };
    const changedAt = '2027-01-01T12:30:45.000Z';
    api.next.body = {
      changes: [
        { lane: 'stripe', change: { action: 'limits', perSecond: 5, concurrent: 2 }, changedAt, ...common },
        { lane: 'email', change: { action: 'weights', weights: { 'acme:a': 2, globex: null } }, changedAt, ...common },
        { lane: 'chain', change: { action: 'adaptive', on: false }, changedAt, ...common },
      ],
    };
    const { out } = await lanes(['changes', 'stripe', '--limit', '3']);
    expect(api.seen[0]!.line).toBe('GET /lanes/changes?lane=stripe&limit=3');
    expect(out.split('\n')).toEqual([
      'When (UTC)           Lane    Change                          By       Why',
      '2027-01-01 12:30:45  stripe  limits 5/s, 2 in flight         admin-1  Stripe is slow',
      '2027-01-01 12:30:45  email   weights acme:a 2, globex usual  admin-1  Stripe is slow',
      '2027-01-01 12:30:45  chain   adaptive off                    admin-1  Stripe is slow',
    ]);
  });
});

describe('lanes …', () => {
  it.each<[string[], string, object]>([
    [['stop', 'stripe'], '/lanes/stripe/stop', {}],
    [['resume', 'stripe'], '/lanes/stripe/resume', {}],
    [['reset', 'stripe'], '/lanes/stripe/reset', {}],
    [['limits', 'stripe', '--per-second', '12.5'], '/lanes/stripe/limits', { perSecond: 12.5 }],
    [['limits', 'sms', '--per-second', '2', '--concurrent', '3'], '/lanes/sms/limits', { perSecond: 2, concurrent: 3 }],
    [['brown-out', 'stripe', '50'], '/lanes/stripe/brown-out', { percent: 50 }],
    [['adaptive', 'stripe', 'off'], '/lanes/stripe/adaptive', { on: false }],
    [
      ['weights', 'stripe', 'acme:arena=2.5', 'globex='],
      '/lanes/stripe/weights',
      { weights: { 'acme:arena': 2.5, globex: null } },
    ],
  ])('0: %j', async (args, path, body) => {
    const { code, out } = await lanes([...args, ...why]);
    expect([code, api.seen]).toEqual([0, [{ line: `POST ${path}`, token: 'mine', body: { ...body, reason } }]]);
    expect(out).toMatch(/^In force +yes$/m);
  });

  it.each(['stop', 'resume'])('0: %s --all', async (action) => {
    api.next.body = {
      lanes: [
        { ...changed, queue: 'held' },
        { ...changed, lane: 'square' },
      ],
    };
    const { code, out } = await lanes([action, '--all', ...why]);
    expect([code, api.seen[0]]).toMatchObject([0, { line: `POST /lanes/${action}`, body: { reason } }]);
    expect(out.split('\n')).toEqual([
      'Lane    Stopped  In force  Queue  Next',
      'stripe  no       yes       held',
      'square  no       yes',
    ]);
    expect(JSON.parse((await lanes([action, '--all', ...why, '--json'])).out)).toEqual(api.next.body);
  });

  it('1: it is recorded and not in force, with what is open', async () => {
    api.next = { status: 202, body: { ...changed, inForce: false, queue: 'held', next: 'It is recorded.' } };
    const { code, out } = await lanes(['stop', 'stripe', ...why]);
    expect([code, out]).toEqual([1, expect.stringMatching(/^In force +not yet$/mu)]);
    expect(out).toMatch(/^Next +It is recorded\.$/mu);
  });

  it('1: one of all is not in force', async () => {
    api.next = {
      status: 202,
      body: { lanes: [changed, { ...changed, lane: 'chain', inForce: false, next: 'Recorded.' }] },
    };
    const { code, out } = await lanes(['stop', '--all', ...why]);
    expect([code, out]).toEqual([1, expect.stringMatching(/^chain +no +not yet +Recorded\.$/mu)]);
  });

  it('1: the token does not allow it', async () => {
    api.next = { status: 403, body: { ...problems.forbidden, code: 'forbidden', detail: 'only an admin' } };
    expect((await lanes(['stop', 'stripe', ...why])).code).toBe(1);
  });

  it.each<[string, string[], Record<string, string> | undefined]>([
    ['--reason', ['stop', 'stripe'], undefined],
    ['either one lane or --all', ['stop', ...why], undefined],
    ['either one lane or --all', ['stop', 'stripe', '--all', ...why], undefined],
    ['one of stripe, chain', ['stop', 'paypal', ...why], undefined],
    ['one of stripe, chain', ['stop', 'alert', ...why], undefined],
    ['give --per-second, --concurrent or both', ['limits', 'stripe', ...why], undefined],
    ['a number of calls a second above 0', ['limits', 'stripe', '--per-second', '0', ...why], undefined],
    ['a whole number, 1 or more', ['limits', 'stripe', '--concurrent', '1.5', ...why], undefined],
    ['a whole number, 1 or more', ['brown-out', 'stripe', '0', ...why], undefined],
    ['on or off', ['adaptive', 'stripe', 'maybe', ...why], undefined],
    ['TENANT:VENUE=WEIGHT', ['weights', 'stripe', 'acme:arena', ...why], undefined],
    ['BOXOFFICE_API_TOKEN is not set', [], { BOXOFFICE_API_URL: 'http://127.0.0.1:1' }],
    ['no sandbox runs here', [], {}],
    ['--as is for the sandbox', ['stop', 'stripe', ...why, '--as', 'me'], undefined],
    ['too many arguments', ['nonsense'], undefined],
  ])('2: %s', async (message, args, env) => {
    const { code, err } = await lanes(args, env);
    expect([code, err, api.seen]).toEqual([2, expect.stringContaining(message), []]);
  });
});

describe('lanes in a sandbox', () => {
  beforeEach(() => api.becomeSandbox());

  it.each([
    ["the platform's admin", [], 'platform-admin'],
    ['somebody else', ['--as', 'ada'], 'ada'],
  ])('are stopped by %s, with a token made for it', async (_, more, sub) => {
    expect((await lanes(['stop', 'stripe', ...why, ...more], {})).code).toBe(0);
    expect(decodeJwt(api.seen[0]!.token)).toMatchObject({ sub, tenant: 'platform', roles: ['admin'] });
  });
});
