import { expect, it } from 'vitest';
import { ApiError } from '../../client/index.ts';
import { viewOf } from '../support/queue-twins.ts';
import { useClientApi } from '../support/client-api.ts';

const served = useClientApi('admin');

it('boxoffice.queues looks at queues and jobs, and pauses', async () => {
  const { queues } = served.boxoffice;
  expect(await queues.list()).toHaveLength(10);
  expect(await queues.get('money')).toEqual(viewOf('money'));
  expect(await queues.jobs('money', { status: 'failed', limit: 5 })).toEqual({ jobs: [] });
  expect(served.world.queues.asked).toEqual([
    { tenantId: 'acme', queue: 'money', filter: { status: 'failed', limit: 5 } },
  ]);
  expect(await queues.pause('stripe', 'why')).toMatchObject({ queue: 'held', settings: { stopped: true } });
  expect(await queues.resume('stripe', 'why')).toMatchObject({ queue: 'freed', settings: { stopped: false } });
  await expect(queues.pause('money' as 'stripe', 'why')).rejects.toThrow(ApiError);
});

it('boxoffice.metrics says what the monitor has seen', async () => {
  const { metrics } = served.boxoffice;
  expect(await metrics.summary()).toMatchObject({ queues: [], openAlerts: { critical: 0 } });
  expect(await metrics.throughput({ queue: 'money', per: 'minute' })).toEqual([]);
  expect(served.world.store.monitorHistory.asked.at(-1)).toMatchObject({ queues: ['money'], per: 'minute' });
  expect(await metrics.failures({ hours: 1 })).toMatchObject({ queues: [], letters: [] });
});
