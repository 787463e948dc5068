import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError, createBoxoffice } from '../../client/index.ts';
import { untouched } from '../../contracts/lane-control.ts';
import { controlledLanes } from '../../contracts/lane-words.ts';
import { useClientApi } from '../support/client-api.ts';

const served = useClientApi('admin');
beforeEach(() => {
  served.world.lanes.records.settings.clear();
  served.world.lanes.records.recorded.length = 0;
  served.world.lanes.pace.statuses.clear();
});

describe('boxoffice.lanes', () => {
  it('changes one lane, with who and why, and shows it', async () => {
    const { lanes } = served.boxoffice;
    await lanes.limits('stripe', { perSecond: 5, concurrent: 2 }, 'why');
    await lanes.brownOut('stripe', 50, 'why');
    await lanes.adaptive('stripe', false, 'why');
    expect(await lanes.weights('stripe', { 'acme:arena': 2, globex: null }, 'why')).toMatchObject({ queue: 'weighed' });
    expect(await lanes.stop('stripe', 'why')).toEqual({
      lane: 'stripe',
      settings: { revision: 5, stopped: true, percent: 50, adaptive: false, perSecond: 5, concurrent: 2 },
      inForce: true,
      queue: 'held',
    });
    const [stripe] = await lanes.status();
    expect(stripe).toMatchObject({ lane: 'stripe', settings: { stopped: true, percent: 50 } });
    expect(await lanes.resume('stripe', 'why')).toMatchObject({ queue: 'freed' });
    expect((await lanes.reset('stripe', 'enough')).settings).toEqual({ ...untouched, revision: 7 });
    const changes = await lanes.changes({ lane: 'stripe', limit: 2 });
    expect(changes).toMatchObject([
      { change: { action: 'reset' }, actor: 'admin-1', reason: 'enough' },
      { change: { action: 'resume' }, reason: 'why' },
    ]);
    expect(await lanes.changes()).toHaveLength(7);
  });

  it('stops and resumes all of them', async () => {
    const stopped = await served.boxoffice.lanes.stopAll('why');
    expect(stopped.map(({ lane, settings }) => [lane, settings.stopped])).toEqual(
      controlledLanes.map((lane) => [lane, true]),
    );
    expect((await served.boxoffice.lanes.resumeAll('why')).some(({ settings }) => settings.stopped)).toBe(false);
  });

  it('throws what the API refuses, and needs it', async () => {
    const refused = served.boxoffice.lanes.brownOut('stripe', 0, 'why');
    await expect(refused).rejects.toBeInstanceOf(ApiError);
    await expect(refused).rejects.toMatchObject({ code: 'invalid_request', status: 400 });
    const without = createBoxoffice({ temporal: { client: served.world.temporal.client } });
    await expect(without.lanes.status()).rejects.toThrow('createBoxoffice({api: {url, token}})');
  });
});
