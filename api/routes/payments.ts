import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { closedStatus, type PaymentHandle, type PurchaseHandle } from '../../client/index.ts';
import type { PaymentResult, PaymentStatus } from '../../contracts/payment.ts';
import { Id } from '../../contracts/schema/common.ts';
import { CancelBody, PurchaseBody, type PurchaseOrder } from '../../contracts/schema/payment.ts';
import { createValidator } from '../../contracts/schema/validate.ts';
import { checkTogether } from '../check-together.ts';
import type { ApiDeps } from '../deps.ts';
import { buyerView, summaryOf } from '../payment-view.ts';
import { callerOf } from '../plugins/auth.ts';
import { answerCancel, later } from '../run-answers.ts';
import { viewOf } from '../run-view.ts';
import { isReplay, type Run, statusOf } from '../runs.ts';
import { answers, IdParams, ListQuery, PaymentView } from '../schemas.ts';

const defaultDeadlineMs = 10_000;
const KeyHeader = Type.Object({ 'idempotency-key': Id('Idempotency-Key, one per attempt to buy') });

const checkBody = createValidator(PurchaseBody);
const checkKey = createValidator(Type.Object({ idempotencyKey: Id('Idempotency-Key, one per attempt to buy') }));

/** Header and body are checked together, so that one answer names everything that is wrong. */
function orderOf(request: FastifyRequest): PurchaseOrder {
  const [key, body] = checkTogether(
    () => checkKey({ idempotencyKey: request.headers['idempotency-key'] }),
    () => checkBody(request.body),
  );
  return { ...body, ...key, tenantId: callerOf(request).tenantId };
}

export async function paymentRoutes(instance: FastifyInstance, deps: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { boxoffice, store, webUi, deadlineMs = defaultDeadlineMs } = deps;
  const tags = ['payments'];

  const runOf = (tenantId: string, handle: PaymentHandle): Run<PaymentResult, PaymentStatus> => ({
    id: handle.paymentKey,
    workflowId: handle.workflowId,
    handle,
    record: () => store.payments.get(tenantId, handle.paymentKey),
    closedStatus,
    noun: 'purchase',
  });

  async function isNew(tenantId: string, handle: PurchaseHandle): Promise<boolean> {
    const { created, early, runId } = handle;
    const live = early.status === 'authorized' || early.status === 'requires_action';
    if (!created || live || runId === undefined) return created;
    return !(await isReplay(runOf(tenantId, handle), runId));
  }

  app.post(
    '/payments',
    {
      config: { access: 'payments.start' },
      // Checked in the handler, header and body together.
      validatorCompiler: () => (value: unknown) => ({ value }),
      schema: {
        tags,
        summary: 'Buy: answers when the money is authorized, the customer has to act, or there is no sale',
        headers: KeyHeader,
        body: PurchaseBody,
        response: answers({ 200: PaymentView, 201: PaymentView, 202: PaymentView }, 409, 422),
      },
    },
    async (request, reply) => {
      const order = orderOf(request);
      const handle = await boxoffice.payments.purchase(order, { deadlineMs });
      void reply.header('location', `/payments/${handle.paymentKey}`);
      const view = await buyerView(store, order.tenantId, handle, webUi);
      if (handle.early.status === 'pending') return later(reply, view);
      return reply.code((await isNew(order.tenantId, handle)) ? 201 : 200).send(view);
    },
  );

  app.get(
    '/payments',
    {
      config: { access: 'payments.read' },
      schema: { tags, summary: 'Purchases of the tenant, newest first', querystring: ListQuery, response: answers({}) },
    },
    async (request) => {
      const { limit = 50, ...filter } = request.query;
      const { tenantId } = callerOf(request);
      const { payments, nextCursor } = await store.payments.list(tenantId, { limit, ...filter });
      return {
        payments: payments.map((record) => summaryOf(record, webUi)),
        ...(nextCursor === undefined ? {} : { nextCursor }),
      };
    },
  );

  app.get(
    '/payments/:id',
    {
      config: { access: 'payments.read' },
      schema: {
        tags,
        summary: 'Where a purchase stands',
        params: IdParams,
        response: answers({ 200: PaymentView }, 404),
      },
    },
    async (request) => {
      const { tenantId } = callerOf(request);
      const run = runOf(tenantId, boxoffice.payments.get(tenantId, request.params.id));
      return viewOf(run, await statusOf(run), webUi);
    },
  );

  app.post(
    '/payments/:id/cancel',
    {
      config: { access: 'payments.cancel' },
      schema: {
        tags,
        summary: 'Give the money back, until its capture is scheduled; the answer is how the purchase ended',
        params: IdParams,
        body: CancelBody,
        response: answers({ 200: PaymentView, 202: PaymentView }, 404),
      },
    },
    async (request, reply) => {
      const { tenantId, subject } = callerOf(request);
      const run = runOf(tenantId, boxoffice.payments.get(tenantId, request.params.id));
      return answerCancel(run, { actor: subject, reason: request.body.reason }, { reply, deadlineMs, webUi });
    },
  );
}
