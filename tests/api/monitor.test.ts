import { beforeEach, describe, expect, it } from 'vitest';
import { roles } from '../../api/permissions.ts';
import { failureTypes } from '../../contracts/failures.ts';
import { monitorWorkflowId } from '../../contracts/ids.ts';
import { defaultMonitorSettings } from '../../contracts/monitor.ts';
import { acceptedOf, monitorSettingNames, settingRanges } from '../../contracts/monitor-settings.ts';
import { startMonitor } from '../../client/monitor-control.ts';
import { incidentOf } from '../support/incidents.ts';
import { type ApiWorld, bearer, createApiWorld } from './api-world.ts';

const standing = { settings: defaultMonitorSettings, overrides: { moneyDepth: 80 }, incidents: [incidentOf()] };
const reason = 'summer sale';

let world: ApiWorld;
beforeEach(async () => {
  world = await createApiWorld();
  await startMonitor(world.temporal.client);
  world.temporal.standing = standing;
  world.temporal.answers.set('configure', standing);
});

const get = async (url: string, role = 'viewer') => world.app.inject({ url, headers: await bearer({ role }) });
const set = async (settings: object, role = 'admin') =>
  world.app.inject({
    method: 'POST',
    url: '/monitor/settings',
    payload: { settings, reason },
    headers: await bearer({ role }),
  });
const updates = () => world.temporal.runs.get(monitorWorkflowId)!.updates;

it.each(['/monitor', '/monitor/changes'])('GET %s is for those who look after the service', async (url) => {
  for (const role of roles) {
    const expected = ['operator', 'admin', 'viewer'].includes(role) ? 200 : 403;
    expect([role, (await get(url, role)).statusCode]).toEqual([role, expected]);
  }
});

describe('GET /monitor', () => {
  it('is what the monitor says of itself', async () => {
    expect((await get('/monitor')).json()).toEqual(standing);
  });

  it('404: there is none', async () => {
    world.temporal.runs.clear();
    expect((await get('/monitor')).statusCode).toBe(404);
  });
});

describe('POST /monitor/settings', () => {
  it('is an admin alone, and says who and why', async () => {
    for (const role of roles)
      expect([role, (await set({ moneyDepth: 80 }, role)).statusCode]).toEqual([role, role === 'admin' ? 200 : 403]);
    expect(updates()).toMatchObject([
      { name: 'configure', input: { actor: 'admin-1', reason, settings: { moneyDepth: 80 } } },
    ]);
    expect((await set({ moneyDepth: null })).json()).toEqual(standing);
  });

  it.each(monitorSettingNames)('takes %s within its range, and says the range', async (name) => {
    const { minimum, maximum } = settingRanges[name];
    for (const value of [minimum, maximum, null]) expect((await set({ [name]: value })).statusCode).toBe(200);
    for (const value of [minimum - 1, maximum + 1, minimum + 0.5, '10']) {
      const answer = await set({ [name]: value });
      expect([value, answer.statusCode]).toEqual([value, 400]);
      const fault = { field: `settings.${name}`, value: JSON.stringify(value) };
      expect(answer.json().errors).toMatchObject([{ ...fault, accepted: expect.stringContaining(acceptedOf(name)) }]);
    }
  });

  it('refuses what it does not know, nothing at all, and what has no reason', async () => {
    expect((await set({ moneyDpth: 1 })).json().errors[0].field).toBe('settings.moneyDpth');
    expect((await set({})).json().errors[0].field).toBe('settings');
    const headers = await bearer({ role: 'admin' });
    const payload = { settings: { moneyDepth: 80 } };
    const answer = await world.app.inject({ method: 'POST', url: '/monitor/settings', payload, headers });
    expect(answer.json().errors[0].field).toBe('reason');
    expect(updates()).toEqual([]);
  });

  it('503: it could not be recorded, so that it does not hold', async () => {
    world.temporal.refusals.set('configure', failureTypes.notRecorded);
    const answer = await set({ moneyDepth: 80 });
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'unavailable']);
  });
});

it('GET /monitor/changes has them newest first', async () => {
  const change = { actor: 'admin-1', reason, settings: { moneyDepth: 80 }, changedAt: '2027-01-31T12:00:00.000Z' };
  world.store.changesOfMonitor.push(change, { ...change, reason: 'before' });
  expect((await get('/monitor/changes')).json()).toEqual({ changes: [change, { ...change, reason: 'before' }] });
  expect((await get('/monitor/changes?limit=1')).json().changes).toEqual([change]);
  expect((await get('/monitor/changes?limit=201')).statusCode).toBe(400);
});
