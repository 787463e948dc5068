/** Queues as they are now. Their sizes are everybody's; their jobs are seen by the tenant that they belong to. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { ReasonBody } from '../../contracts/schema/lanes.ts';
import {
  allQueues,
  JobQueueParams,
  JobsQuery,
  PausableQueueParams,
  QueueParams,
} from '../../contracts/schema/queues.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf } from '../plugins/auth.ts';
import { answers, LaneAnswerView } from '../schemas.ts';
import { changeLane } from './lanes.ts';

const tags = ['queues'];
const read = { access: 'queues.read' } as const;

export async function queueRoutes(instance: FastifyInstance, { queues, lanes }: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();

  app.get(
    '/queues',
    { config: read, schema: { tags, summary: 'Every task queue as it is now', response: answers({}) } },
    async () => ({ queues: await Promise.all(allQueues.map((queue) => queues.queue(queue))) }),
  );

  app.get(
    '/queues/:name',
    {
      config: read,
      schema: {
        tags,
        summary: 'One task queue: backlog and its age, jobs that run, and which workers ask for tasks',
        params: QueueParams,
        response: answers({}),
      },
    },
    async (request) => queues.queue(request.params.name),
  );

  app.get(
    '/queues/:name/jobs',
    {
      config: read,
      schema: {
        tags,
        summary: "The tenant's jobs that Temporal remembers, the running ones first",
        params: JobQueueParams,
        querystring: JobsQuery,
        response: answers({}),
      },
    },
    async (request) => queues.jobs(callerOf(request).tenantId, request.params.name, request.query),
  );

  // Where each process paces for itself, there is nothing that could be controlled from here.
  if (!lanes) return;
  for (const [wish, action, summary] of [
    ['pause', 'stop', "As stopping the lane of this name: Temporal hands out none of the queue's activities"],
    ['resume', 'resume', 'As resuming the lane of this name'],
  ] as const)
    app.post(
      `/queues/:name/${wish}`,
      {
        config: { access: 'lanes.control' },
        schema: {
          tags,
          summary,
          params: PausableQueueParams,
          body: ReasonBody,
          response: answers({ 200: LaneAnswerView, 202: LaneAnswerView }),
        },
      },
      async (request, reply) => {
        const { params, body } = request;
        return changeLane(lanes, { lane: params.name, change: { action }, reason: body.reason }, request, reply);
      },
    );
}
