import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { closedRefundStatus, type RefundHandle } from '../../client/index.ts';
import { problems } from '../../contracts/problems.ts';
import type { RefundResult, RefundStatus } from '../../contracts/refund.ts';
import { remedyOf } from '../../contracts/refund-words.ts';
import { Id } from '../../contracts/schema/common.ts';
import { CancelBody } from '../../contracts/schema/payment.ts';
import { RefundBody } from '../../contracts/schema/refund.ts';
import { createValidator } from '../../contracts/schema/validate.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf } from '../plugins/auth.ts';
import { ApiProblem } from '../problem.ts';
import { pendingView, viewOf } from '../run-view.ts';
import { cancelled, isReplay, type Run, statusAfter, statusOf } from '../runs.ts';
import { answers, IdParams, RefundView } from '../schemas.ts';

/** A card provider takes a second or two; what takes longer may take days. */
const defaultDeadlineMs = 5_000;

/** Who asks is kept with the refund, unencrypted. */
const checkSubject = createValidator(Type.Object({ sub: Id('sub of the token, an opaque id') }));

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
      const { tenantId, subject } = callerOf(request);
      const handle = await boxoffice.refunds.request({
        ...request.body,
        tenantId,
        paymentKey: request.params.id,
        requestedBy: checkSubject({ sub: subject }).sub,
      });
      const run = runOf(tenantId, handle);
      void reply.header('location', `/refunds/${run.id}`);
      const status = await statusAfter(run, deadlineMs);
      const view = viewOf(run, status, webUi);
      if (!status.result) return reply.code(202).header('retry-after', '1').send(view);
      if (status.result.status === 'rejected') throw rejection(status.result, run.workflowId);
      const isNew = handle.created && !(await isReplay(run, handle.runId));
      return reply.code(isNew ? 201 : 200).send(view);
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
      const status = await cancelled(run, { actor: subject, reason: request.body.reason }, deadlineMs);
      if (status) return viewOf(run, status, webUi);
      return reply.code(202).header('retry-after', '1').send(pendingView(run, webUi));
    },
  );
}

function rejection(result: Extract<RefundResult, { status: 'rejected' }>, workflowId: string): ApiProblem {
  const { reason, moneyMoved, refundable } = result;
  return new ApiProblem(reason, problems[reason].title, {
    workflowId,
    moneyMoved,
    nextAction: remedyOf(result),
    ...(refundable === undefined ? {} : { refundable }),
  });
}
