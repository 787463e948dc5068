/** Events to count. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { AnalyticsEvent } from '../../contracts/analytics.ts';
import { AnalyticsEventBody } from '../../contracts/schema/analytics.ts';
import { Id } from '../../contracts/schema/common.ts';
import { createValidator } from '../../contracts/schema/validate.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf } from '../plugins/auth.ts';
import { ApiProblem } from '../problem.ts';
import { checkTogether } from '../check-together.ts';
import { later } from '../run-answers.ts';
import { identityOf, pendingView } from '../run-view.ts';
import { inTime } from '../runs.ts';
import { answers, AnalyticsEventView } from '../schemas.ts';

/** It takes a moment; whoever counts does not wait longer. Milliseconds. */
const defaultDeadlineMs = 2_000;

const key = Id('Idempotency-Key, one per event');
const checkKey = createValidator(Type.Object({ idempotencyKey: key }));
const checkBody = createValidator(AnalyticsEventBody);

/** Header and body are checked together, so that one answer names everything that is wrong. */
function eventOf(request: FastifyRequest): AnalyticsEvent {
  const [{ idempotencyKey: eventKey }, body] = checkTogether(
    () => checkKey({ idempotencyKey: request.headers['idempotency-key'] }),
    () => checkBody(request.body),
  );
  return { ...body, eventKey, tenantId: callerOf(request).tenantId };
}

export async function analyticsRoutes(instance: FastifyInstance, deps: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { boxoffice, webUi, deadlineMs = defaultDeadlineMs } = deps;

  app.post(
    '/analytics/events',
    {
      config: { access: 'analytics.write' },
      // Checked in the handler, header and body together.
      validatorCompiler: () => (value: unknown) => ({ value }),
      schema: {
        tags: ['analytics'],
        summary: 'Count an event, once for its key; no personal data',
        headers: Type.Object({ 'idempotency-key': key }),
        body: AnalyticsEventBody,
        response: answers({ 200: AnalyticsEventView, 201: AnalyticsEventView, 202: AnalyticsEventView }, 422),
      },
    },
    async (request, reply) => {
      const event = eventOf(request);
      const job = await boxoffice.analytics.record(event);
      const run = { id: event.eventKey, workflowId: job.workflowId };
      const result = await inTime(job.result({ deadlineMs }));
      if (!result) return later(reply, pendingView(run, webUi));
      const { status } = result;
      if (status === 'refused')
        throw new ApiProblem('key_reused', `The key "${run.id}" is another event's`, { workflowId: run.workflowId });
      return reply.code(job.created ? 201 : 200).send({ ...identityOf(run, webUi), status });
    },
  );
}
