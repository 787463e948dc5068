import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { roles } from '../../api/permissions.ts';
import { untouched } from '../../contracts/lane-control.ts';
import { controlledLanes, type LaneView } from '../../contracts/lane-words.ts';
import { statusOf } from '../support/lane-twins.ts';
import { type ApiWorld, bearer, createApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeEach(async () => {
  world = await createApiWorld();
});
afterEach(() => world.lanes.lanes.close());

const reason = 'Stripe is slow';
const get = async (url: string, role = 'viewer') => world.app.inject({ url, headers: await bearer({ role }) });
const post = async (url: string, payload: object, role = 'admin') =>
  world.app.inject({ method: 'POST', url, payload, headers: await bearer({ role }) });

describe('access', () => {
  const changing: [string, object][] = [
    ['/lanes/stripe/limits', { perSecond: 5 }],
    ['/lanes/stripe/brown-out', { percent: 50 }],
    ['/lanes/stripe/adaptive', { on: false }],
    ['/lanes/stripe/weights', { weights: { acme: 2 } }],
    ['/lanes/stripe/stop', {}],
    ['/lanes/stripe/resume', {}],
    ['/lanes/stripe/reset', {}],
    ['/lanes/stop', {}],
    ['/lanes/resume', {}],
  ];

  it.each(changing)('POST %s is an admin alone', async (url, body) => {
    for (const role of roles) {
      const { statusCode } = await post(url, { ...body, reason }, role);
      expect([role, statusCode]).toEqual([role, role === 'admin' ? 200 : 403]);
    }
    expect(new Set(world.lanes.records.recorded.map(({ actor }) => actor))).toEqual(new Set(['admin-1']));
  });

  it.each(['/lanes', '/lanes/changes'])('GET %s is for those who look after the service', async (url) => {
    for (const role of roles)
      expect([role, (await get(url, role)).statusCode]).toEqual([
        role,
        ['operator', 'admin', 'viewer'].includes(role) ? 200 : 403,
      ]);
  });

  it('needs to know who it is, by an id', async () => {
    const headers = await bearer({ role: 'admin', sub: 'ada@example.com' });
    const answer = await world.app.inject({ method: 'POST', url: '/lanes/stop', payload: { reason }, headers });
    expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, 'sub']);
    expect(world.lanes.records.recorded).toEqual([]);
  });
});

describe('GET /lanes', () => {
  it('has every lane that can be controlled', async () => {
    const { lanes } = (await get('/lanes')).json<{ lanes: LaneView[] }>();
    expect(lanes.map(({ lane }) => lane)).toEqual(controlledLanes);
    expect(lanes[0]).toEqual({ ...statusOf('stripe'), blockedUntil: null });
  });

  it('says null where a number has no end, and when a lane opens again', async () => {
    const unpaced = { perSecond: Infinity, effectivePerSecond: Infinity, expectedWaitMs: Infinity };
    const blockedUntil = Date.UTC(2027, 0, 1);
    world.lanes.pace.statuses.set('stripe', statusOf('stripe', { ...unpaced, blockedUntil }));
    const { lanes } = (await get('/lanes')).json<{ lanes: LaneView[] }>();
    const nothing = { perSecond: null, effectivePerSecond: null, expectedWaitMs: null };
    expect(lanes[0]).toMatchObject({ ...nothing, blockedUntil: '2027-01-01T00:00:00.000Z' });
  });

  it('503: the limiter is away, with what to do', async () => {
    world.lanes.pace.away = true;
    const answer = await get('/lanes');
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([
      503,
      expect.stringContaining('application/problem+json'),
    ]);
    const nextAction = expect.stringContaining('Bring Redis back');
    expect(answer.json()).toMatchObject({ code: 'limiter_away', moneyMoved: 'none', nextAction });
  });
});

describe('POST /lanes/:name/…', () => {
  it.each([
    ['limits', { perSecond: 0.5, concurrent: 3 }, { perSecond: 0.5, concurrent: 3 }],
    // More than the contract has is an admin's to decide.
    ['limits', { perSecond: 500 }, { perSecond: 500 }],
    ['brown-out', { percent: 1 }, { percent: 1 }],
    ['adaptive', { on: false }, { adaptive: false }],
    ['stop', {}, { stopped: true }],
    ['resume', {}, { stopped: false }],
    ['reset', {}, {}],
    ['weights', { weights: { 'acme:arena': 2.5, globex: null } }, {}],
  ])('%s %j', async (action, body, settings) => {
    const answer = await post(`/lanes/stripe/${action}`, { ...body, reason });
    const expected = { ...untouched, revision: 1, ...settings };
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      {
        lane: 'stripe',
        settings: expected,
        inForce: true,
        ...{ stop: { queue: 'held' }, resume: { queue: 'freed' }, weights: { queue: 'weighed' } }[action],
      },
    ]);
    const change = { action, ...body };
    expect(world.lanes.records.recorded).toMatchObject([{ lane: 'stripe', change, actor: 'admin-1', reason }]);
  });

  it('202: recorded, and the limiter does not know it yet', async () => {
    world.lanes.pace.away = true;
    const answer = await post('/lanes/stripe/stop', { reason });
    expect([answer.statusCode, answer.json()]).toMatchObject([
      202,
      { inForce: false, queue: 'held', settings: { stopped: true }, next: expect.stringContaining('tried again') },
    ]);
  });

  it.each([
    ['resume', 202, 'told until it answers'],
    ['stop', 200, undefined],
  ])('%s is %i while Temporal is away', async (action, status, next) => {
    world.lanes.queues.away = true;
    const answer = await post(`/lanes/stripe/${action}`, { reason });
    expect([answer.statusCode, answer.json()]).toMatchObject([status, { inForce: true, queue: 'not told' }]);
    if (next === undefined) expect(answer.json()).not.toHaveProperty('next');
    else expect(answer.json().next).toContain(next);
  });

  it('weights are 202 while Temporal is away', async () => {
    world.lanes.queues.away = true;
    const answer = await post('/lanes/stripe/weights', { weights: { acme: 2 }, reason });
    expect([answer.statusCode, answer.json().next]).toEqual([202, expect.stringContaining('set them again')]);
  });

  it('503: it could not be recorded, so nothing was changed', async () => {
    world.lanes.records.broken.add('stripe');
    const answer = await post('/lanes/stripe/stop', { reason });
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'unavailable']);
    expect([world.lanes.pace.statuses.size, world.lanes.queues.held.size]).toEqual([0, 0]);
  });

  it.each<[string, object, string, RegExp]>([
    ['/lanes/paypal/stop', {}, 'name', /one of stripe, chain, .*quickbooks$/],
    ['/lanes/alert/stop', {}, 'name', /one of stripe/],
    ['/lanes/square/weights', { weights: { acme: 1 } }, 'name', /one of stripe, chain, email, sms, webhook$/],
    ['/lanes/stripe/stop', { reason: undefined }, 'reason', /1 to 500 characters/],
    ['/lanes/stripe/stop', { reason: '' }, 'reason', /1 to 500 characters/],
    ['/lanes/stripe/stop', { actor: 'somebody' }, 'actor', /no such field/],
    ['/lanes/stripe/limits', {}, 'perSecond', /perSecond, concurrent or both/],
    ['/lanes/stripe/limits', { perSecond: 0 }, 'perSecond', /0\.01 to 100000/],
    ['/lanes/stripe/limits', { perSecond: '5' }, 'perSecond', /0\.01 to 100000/],
    ['/lanes/stripe/limits', { concurrent: 0 }, 'concurrent', /1 to 100000/],
    ['/lanes/stripe/limits', { concurrent: 1.5 }, 'concurrent', /1 to 100000/],
    ['/lanes/stripe/brown-out', { percent: 0 }, 'percent', /1 to 100; .*stop the lane/],
    ['/lanes/stripe/brown-out', { percent: 101 }, 'percent', /1 to 100/],
    ['/lanes/stripe/adaptive', { on: 'no' }, 'on', /true or false/],
    ['/lanes/stripe/weights', { weights: {} }, 'weights', /1 to 100 of/],
    ['/lanes/stripe/weights', { weights: { 'acme:arena': 0 } }, 'weights.acme:arena', /0\.001 to 1000/],
    ['/lanes/stripe/weights', { weights: { 'a:b:c': 1 } }, 'weights.a:b:c', /no such field/],
    ['/lanes/stop', { reason: 'x'.repeat(501) }, 'reason', /1 to 500 characters/],
  ])('400: %s %j', async (url, body, field, accepted) => {
    const answer = await post(url, { reason, ...body });
    expect([answer.statusCode, answer.json().errors]).toEqual([
      400,
      [expect.objectContaining({ field, accepted: expect.stringMatching(accepted) })],
    ]);
    expect(world.lanes.records.recorded).toEqual([]);
  });
});

describe('POST /lanes/stop and /lanes/resume', () => {
  it('are the emergency stop of all lanes and its end', async () => {
    const stopped = await post('/lanes/stop', { reason });
    const { lanes } = stopped.json<{ lanes: { lane: string; settings: { stopped: boolean } }[] }>();
    expect([stopped.statusCode, lanes.map(({ lane, settings }) => [lane, settings.stopped])]).toEqual([
      200,
      controlledLanes.map((lane) => [lane, true]),
    ]);
    expect((await post('/lanes/resume', { reason })).statusCode).toBe(200);
    expect([...world.lanes.pace.statuses.values()].some(({ settings }) => settings.stopped)).toBe(false);
    expect(world.lanes.queues.held.size).toBe(0);
  });

  it('202: some of it is not in force yet', async () => {
    world.lanes.pace.away = true;
    expect((await post('/lanes/stop', { reason })).statusCode).toBe(202);
  });
});

describe('GET /lanes/changes', () => {
  beforeEach(async () => {
    await post('/lanes/stripe/stop', { reason });
    await post('/lanes/email/brown-out', { percent: 10, reason });
    await post('/lanes/stripe/resume', { reason });
  });

  it.each([
    ['', ['resume', 'brown-out', 'stop']],
    ['?lane=stripe', ['resume', 'stop']],
    ['?lane=stripe&limit=1', ['resume']],
  ])('%s: newest first', async (query, actions) => {
    const { changes } = (await get(`/lanes/changes${query}`)).json<{ changes: { change: { action: string } }[] }>();
    expect(changes.map(({ change }) => change.action)).toEqual(actions);
    expect(changes[0]).toMatchObject({ actor: 'admin-1', reason, settings: { revision: 2 } });
  });

  it.each(['?lane=paypal', '?limit=0', '?limit=201', '?limit=x', '?all=1'])('400: %s', async (query) => {
    expect((await get(`/lanes/changes${query}`)).statusCode).toBe(400);
  });
});

it('where each process paces for itself, there are no such routes', async () => {
  world = await createApiWorld({ lanes: undefined });
  expect((await get('/lanes')).statusCode).toBe(404);
});
