import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { closedStatus, OperationFailedError, PaymentNotFoundError, StillRunningError } from '../../client/index.ts';
import type { PurchaseHandle } from '../../client/index.ts';
import type { PaymentResult, PaymentStatus } from '../../contracts/payment.ts';
import { Id } from '../../contracts/schema/common.ts';
import { CancelBody, PurchaseBody, type PurchaseOrder } from '../../contracts/schema/payment.ts';
import { createValidator, type FieldFault, InvalidRequestError } from '../../contracts/schema/validate.ts';
import type { ApiDeps } from '../deps.ts';
import { earlyView, pendingView, summaryOf, viewOf } from '../payment-view.ts';
import { callerOf } from '../plugins/auth.ts';
import { ApiProblem } from '../problem.ts';
import { answers, IdParams, ListQuery, PaymentView } from '../schemas.ts';

const defaultDeadlineMs = 10_000;
const KeyHeader = Type.Object({ 'idempotency-key': Id('Idempotency-Key, one per attempt to buy') });

const checkBody = createValidator(PurchaseBody);
const checkKey = createValidator(Type.Object({ idempotencyKey: Id('Idempotency-Key, one per attempt to buy') }));

/** Header and body are checked together, so that one answer names everything that is wrong. */
function orderOf(request: FastifyRequest): PurchaseOrder {
  const faults: FieldFault[] = [];
  const collect = <T>(check: () => T): T | undefined => {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof InvalidRequestError)) throw error;
      faults.push(...error.faults);
      return undefined;
    }
  };
  const key = collect(() => checkKey({ idempotencyKey: request.headers['idempotency-key'] }));
  const body = collect(() => checkBody(request.body));
  if (!key || !body) throw new InvalidRequestError(faults);
  return { ...body, ...key, tenantId: callerOf(request).tenantId };
}

export async function paymentRoutes(instance: FastifyInstance, deps: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { boxoffice, store, webUi, deadlineMs = defaultDeadlineMs } = deps;
  const tags = ['payments'];

  /** Its history is gone and a fresh run gave the stored result: the caller knows this purchase already. */
  async function isReplay(tenantId: string, handle: PurchaseHandle): Promise<boolean> {
    if (handle.early.status === 'authorized' || handle.runId === undefined) return false;
    const record = await store.payments.get(tenantId, handle.paymentKey);
    return record !== undefined && record.runId !== handle.runId;
  }

  app.post(
    '/payments',
    {
      config: { access: 'payments.start' },
      // Checked in the handler, header and body together.
      validatorCompiler: () => (value: unknown) => ({ value }),
      schema: {
        tags,
        summary: 'Buy: answers when the money is authorized, or there is no sale',
        headers: KeyHeader,
        body: PurchaseBody,
        response: answers({ 200: PaymentView, 201: PaymentView, 202: PaymentView }, 409, 422),
      },
    },
    async (request, reply) => {
      const order = orderOf(request);
      const handle = await boxoffice.payments.purchase(order, { deadlineMs });
      void reply.header('location', `/payments/${handle.paymentKey}`);
      const view = earlyView(handle, webUi);
      if (handle.early.status === 'pending') return reply.code(202).header('retry-after', '1').send(view);
      const isNew = handle.created && !(await isReplay(order.tenantId, handle));
      return reply.code(isNew ? 201 : 200).send(view);
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

  /** What our own row says of a purchase that Temporal does not know, or that ended without a result. */
  async function remembered(tenantId: string, key: string, error: unknown): Promise<PaymentResult> {
    if (!(error instanceof PaymentNotFoundError) && !(error instanceof OperationFailedError)) throw error;
    const record = await store.payments.get(tenantId, key);
    if (record?.result) return record.result;
    if (record) throw new OperationFailedError(record.workflowId, error);
    if (error instanceof OperationFailedError) throw error;
    throw new ApiProblem('not_found', 'There is no purchase with this key');
  }

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
      const handle = boxoffice.payments.get(tenantId, request.params.id);
      const status = await handle
        .status()
        .catch(async (error: unknown): Promise<PaymentStatus> =>
          closedStatus(await remembered(tenantId, handle.paymentKey, error)),
        );
      return viewOf(handle, status, webUi);
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
      const handle = boxoffice.payments.get(tenantId, request.params.id);
      try {
        const result = await handle
          .cancel({ actor: subject, reason: request.body.reason }, { deadlineMs })
          .catch((error: unknown) => remembered(tenantId, handle.paymentKey, error));
        return viewOf(handle, closedStatus(result), webUi);
      } catch (error) {
        if (!(error instanceof StillRunningError)) throw error;
        return reply.code(202).header('retry-after', '1').send(pendingView(handle, webUi));
      }
    },
  );
}
