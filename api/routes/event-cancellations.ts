import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import {
  closedCancellationStatus,
  type EventCancellationHandle,
  NotFoundError,
  StillRunningError,
} from '../../client/index.ts';
import type { EventCancellationResult, EventCancellationStatus } from '../../contracts/event-cancellation.ts';
import { EventCancellationBody } from '../../contracts/schema/event-cancellation.ts';
import { CancelBody } from '../../contracts/schema/payment.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf, requesterOf } from '../plugins/auth.ts';
import { ApiProblem } from '../problem.ts';
import { answerCancel, later } from '../run-answers.ts';
import { pendingView, viewOf } from '../run-view.ts';
import { type Run, statusOf } from '../runs.ts';
import { answers, EventCancellationView, IdParams } from '../schemas.ts';

const defaultDeadlineMs = 5_000;

export async function eventCancellationRoutes(instance: FastifyInstance, deps: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { boxoffice, store, webUi, deadlineMs = defaultDeadlineMs } = deps;
  const tags = ['events'];

  const runOf = (
    tenantId: string,
    handle: EventCancellationHandle,
  ): Run<EventCancellationResult, EventCancellationStatus> => ({
    id: handle.eventId,
    workflowId: handle.workflowId,
    handle,
    record: () => store.eventCancellations.get(tenantId, handle.eventId),
    closedStatus: closedCancellationStatus,
    noun: 'cancellation of event',
  });
  const runAt = (tenantId: string, eventId: string) =>
    runOf(tenantId, boxoffice.eventCancellations.get(tenantId, eventId));

  app.post(
    '/events/:id/cancellation',
    {
      config: { access: 'events.cancel' },
      schema: {
        tags,
        summary: 'Cancel an event: sales are closed for good, and every purchase of it is given back',
        params: IdParams,
        body: EventCancellationBody,
        response: answers({ 200: EventCancellationView, 202: EventCancellationView }, 404, 422),
      },
    },
    async (request, reply) => {
      const { tenantId, requestedBy } = requesterOf(request);
      const eventId = request.params.id;
      const handle = await boxoffice.eventCancellations.start({
        ...request.body,
        tenantId,
        eventId,
        requestedBy,
      });
      const run = runOf(tenantId, handle);
      void reply.header('location', `/events/${eventId}/cancellation`);
      const status = await statusOf(run);
      if (status.result?.status === 'refused') throw refusal(status.result.reason, run);
      if (!status.result) void reply.code(202).header('retry-after', '1');
      return viewOf(run, status, webUi);
    },
  );

  app.get(
    '/events/:id/cancellation',
    {
      config: { access: 'events.read' },
      schema: {
        tags,
        summary: 'How far the cancellation of an event is, and what became of its purchases',
        params: IdParams,
        response: answers({ 200: EventCancellationView }, 404),
      },
    },
    async (request) => {
      const run = runAt(callerOf(request).tenantId, request.params.id);
      return viewOf(run, await statusOf(run), webUi);
    },
  );

  for (const [what, summary] of [
    ['pause', 'Start no further refund until resume; those under way go on'],
    ['resume', 'Go on starting refunds'],
  ] as const) {
    app.post(
      `/events/:id/cancellation/${what}`,
      {
        config: { access: 'events.cancel' },
        schema: {
          tags,
          summary,
          params: IdParams,
          body: CancelBody,
          response: answers({ 200: EventCancellationView, 202: EventCancellationView }, 404),
        },
      },
      async (request, reply) => {
        const { tenantId, subject } = callerOf(request);
        const run = runAt(tenantId, request.params.id);
        const handle = boxoffice.eventCancellations.get(tenantId, run.id);
        try {
          await handle[what]({ actor: subject, reason: request.body.reason }, { deadlineMs });
        } catch (error) {
          if (error instanceof StillRunningError) return later(reply, pendingView(run, webUi));
          // It may be remembered by our own row only.
          if (!(error instanceof NotFoundError)) throw error;
        }
        return viewOf(run, await statusOf(run), webUi);
      },
    );
  }

  app.post(
    '/events/:id/cancellation/cancel',
    {
      config: { access: 'events.cancel' },
      schema: {
        tags,
        summary: 'Start no further refund, ever; those under way go on, and sales stay closed',
        params: IdParams,
        body: CancelBody,
        response: answers({ 200: EventCancellationView, 202: EventCancellationView }, 404),
      },
    },
    async (request, reply) => {
      const { tenantId, subject } = callerOf(request);
      const run = runAt(tenantId, request.params.id);
      return answerCancel(run, { actor: subject, reason: request.body.reason }, { reply, deadlineMs, webUi });
    },
  );
}

function refusal(
  reason: 'no_event' | 'key_reused',
  { id, workflowId }: { id: string; workflowId: string },
): ApiProblem {
  return reason === 'no_event'
    ? new ApiProblem('not_found', `There is no event "${id}"`)
    : new ApiProblem('key_reused', `Event "${id}" was cancelled by another request`, { workflowId });
}
