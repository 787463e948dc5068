/** Metrics: this process's for Prometheus, and what the monitor has seen, for people. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { laneViewOf, type LaneView } from '../../contracts/lane-words.ts';
import { sampledQueues } from '../../contracts/monitor.ts';
import type { FailureAnalysis, MetricsSummary, Throughput } from '../../contracts/queue-views.ts';
import { FailuresQuery, ThroughputQuery } from '../../contracts/schema/queues.ts';
import { PaceAwayError } from '../../lanes/pace.ts';
import type { ApiDeps } from '../deps.ts';
import type { Lanes } from '../lanes.ts';
import { callerOf } from '../plugins/auth.ts';
import { answers } from '../schemas.ts';

const tags = ['metrics'];
const read = { access: 'metrics.read' } as const;
const defaultHours = 24;

const hoursAgo = (hours = defaultHours) => new Date(Date.now() - hours * 3_600_000).toISOString();

export async function metricsRoutes(instance: FastifyInstance, { metrics, store, lanes }: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { registry } = metrics;

  app.get(
    '/metrics',
    {
      config: read,
      // Comes every few seconds, for ever.
      logLevel: 'warn',
      schema: {
        tags,
        summary: 'Metrics of this process, for Prometheus; workers have their own port',
        produces: ['text/plain'],
      },
    },
    async (_request, reply) => {
      // The app's serializer makes JSON of everything else.
      void reply.type(registry.contentType).serializer(String);
      return registry.metrics();
    },
  );

  app.get(
    '/metrics/summary',
    {
      config: read,
      schema: {
        tags,
        summary: 'Queues at their newest sample, lanes as they are, open incidents',
        response: answers({}),
      },
    },
    async (): Promise<MetricsSummary> => {
      const [queues, openAlerts, pace] = await Promise.all([
        store.monitorHistory.newest(),
        store.monitorHistory.openAlerts(),
        lanesOrNull(lanes),
      ]);
      return { queues, lanes: pace, openAlerts };
    },
  );

  app.get(
    '/metrics/throughput',
    {
      config: read,
      schema: {
        tags,
        summary: 'Jobs that ended, by queue and hour or minute, the oldest first',
        querystring: ThroughputQuery,
        response: answers({}),
      },
    },
    async ({ query: { queue, per = 'hour', hours } }): Promise<{ per: string; throughput: Throughput[] }> => {
      const queues = queue === undefined ? sampledQueues : [queue];
      return { per, throughput: await store.monitorHistory.throughput({ queues, per, since: hoursAgo(hours) }) };
    },
  );

  app.get(
    '/metrics/failures',
    {
      config: read,
      schema: {
        tags,
        summary: "How many jobs failed, by queue; and why, by the tenant's dead letters",
        querystring: FailuresQuery,
        response: answers({}),
      },
    },
    async (request): Promise<FailureAnalysis> => {
      const since = hoursAgo(request.query.hours);
      const [ends, letters] = await Promise.all([
        store.monitorHistory.ends(since),
        store.failures.byError(callerOf(request).tenantId, since),
      ]);
      return { since, queues: ends.map((end) => ({ ...end, failedPercent: percentOf(end) })), letters };
    },
  );
}

/** A limiter that is away is one of the things to be seen. */
async function lanesOrNull(lanes: Lanes | undefined): Promise<LaneView[] | null> {
  if (!lanes) return null;
  try {
    return (await lanes.status()).map(laneViewOf);
  } catch (error) {
    if (error instanceof PaceAwayError) return null;
    throw error;
  }
}

/** With one decimal. */
function percentOf({ completed, failed }: { completed: number; failed: number }): number | null {
  const ended = completed + failed;
  return ended === 0 ? null : Math.round((failed / ended) * 1_000) / 10;
}
