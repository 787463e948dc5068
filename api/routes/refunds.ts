import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { closedRefundStatus, type RefundHandle } from '../../client/index.ts';
import { problems } from '../../contracts/problems.ts';
import type { RefundResult, RefundStatus } from '../../contracts/refund.ts';
import { remedyOf } from '../../contracts/refund-words.ts';
import { CancelBody } from '../../contracts/schema/payment.ts';
import { RefundBody } from '../../contracts/schema/refund.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf, requesterOf } from '../plugins/auth.ts';
import { ApiProblem } from '../problem.ts';
import { answerCancel, answerStarted } from '../run-answers.ts';
import { viewOf } from '../run-view.ts';
import { type Run, statusOf } from '../runs.ts';
import { answers, IdParams, RefundView } from '../schemas.ts';

/** A card provider takes a second or two; what takes longer may take days. */
const defaultDeadlineMs = 5_000;

export async function refundRoutes(instance: FastifyInstance, deps: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { boxoffice, store, webUi, deadlineMs = defaultDeadlineMs } = deps;
  const tags = ['refunds'];

  const runOf = (tenantId: string, handle: RefundHandle): Run<RefundResult, RefundStatus> => ({
    id: handle.refundId,
    workflowId: handle.workflowId,
    handle,
    record: () => store.refunds.get(tenantId, handle.refundId),
    closedStatus: closedRefundStatus,
    noun: 'refund',
  });

  app.post(
    '/payments/:id/refunds',
    {
      config: { access: 'refunds.start' },
      schema: {
        tags,
        summary: 'Give money back: answers with the end, or after 5 s with where it stands',
        params: IdParams,
        body: RefundBody,
        response: answers({ 200: RefundView, 201: RefundView, 202: RefundView }, 404, 409, 422),
      },
    },
    async (request, reply) => {
      const { tenantId, requestedBy } = requesterOf(request);
      const handle = await boxoffice.refunds.request({
        ...request.body,
        tenantId,
        paymentKey: request.params.id,
        requestedBy,
      });
      const run = runOf(tenantId, handle);
      void reply.header('location', `/refunds/${run.id}`);
      return answerStarted(run, handle, refuseRejected(run.workflowId), { reply, deadlineMs, webUi });
    },
  );

  app.get(
    '/refunds/:id',
    {
      config: { access: 'refunds.read' },
      schema: { tags, summary: 'Where a refund stands', params: IdParams, response: answers({ 200: RefundView }, 404) },
    },
    async (request) => {
      const { tenantId } = callerOf(request);
      const run = runOf(tenantId, boxoffice.refunds.get(tenantId, request.params.id));
      return viewOf(run, await statusOf(run), webUi);
    },
  );

  app.post(
    '/refunds/:id/cancel',
    {
      config: { access: 'refunds.cancel' },
      schema: {
        tags,
        summary: 'Give nothing back, unless the card provider was asked already; the answer is how the refund ended',
        params: IdParams,
        body: CancelBody,
        response: answers({ 200: RefundView, 202: RefundView }, 404),
      },
    },
    async (request, reply) => {
      const { tenantId, subject } = callerOf(request);
      const run = runOf(tenantId, boxoffice.refunds.get(tenantId, request.params.id));
      return answerCancel(run, { actor: subject, reason: request.body.reason }, { reply, deadlineMs, webUi });
    },
  );
}

const refuseRejected = (workflowId: string) => (result: RefundResult) => {
  if (result.status !== 'rejected') return;
  const { reason, moneyMoved, refundable } = result;
  throw new ApiProblem(reason, problems[reason].title, {
    workflowId,
    moneyMoved,
    nextAction: remedyOf(result),
    ...(refundable === undefined ? {} : { refundable }),
  });
};
