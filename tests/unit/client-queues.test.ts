import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiError, type Boxoffice, createBoxoffice } from '../../client/index.ts';
import { viewOf } from '../support/queue-twins.ts';
import { type ApiWorld, createApiWorld, tokenOf } from '../api/api-world.ts';

let world: ApiWorld;
let boxoffice: Boxoffice;
beforeAll(async () => {
  world = await createApiWorld();
  await world.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = world.app.server.address() as AddressInfo;
  const api = { url: `http://127.0.0.1:${port}`, token: () => tokenOf({ role: 'admin' }) };
  boxoffice = createBoxoffice({ temporal: { client: world.temporal.client }, api });
});
afterAll(() => world.app.close());

it('boxoffice.queues looks at queues and jobs, and pauses', async () => {
  const { queues } = boxoffice;
  expect(await queues.list()).toHaveLength(10);
  expect(await queues.get('money')).toEqual(viewOf('money'));
  expect(await queues.jobs('money', { status: 'failed', limit: 5 })).toEqual({ jobs: [] });
  expect(world.queues.asked).toEqual([{ tenantId: 'acme', queue: 'money', filter: { status: 'failed', limit: 5 } }]);
  expect(await queues.pause('stripe', 'why')).toMatchObject({ queue: 'held', settings: { stopped: true } });
  expect(await queues.resume('stripe', 'why')).toMatchObject({ queue: 'freed', settings: { stopped: false } });
  await expect(queues.pause('money' as 'stripe', 'why')).rejects.toThrow(ApiError);
});

it('boxoffice.metrics says what the monitor has seen', async () => {
  const { metrics } = boxoffice;
  expect(await metrics.summary()).toMatchObject({ queues: [], openAlerts: { critical: 0 } });
  expect(await metrics.throughput({ queue: 'money', per: 'minute' })).toEqual([]);
  expect(world.store.monitorHistory.asked.at(-1)).toMatchObject({ queues: ['money'], per: 'minute' });
  expect(await metrics.failures({ hours: 1 })).toMatchObject({ queues: [], letters: [] });
});
