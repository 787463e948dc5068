import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { DisputeRecord } from '../../store/index.ts';
import type { WebUi } from '../../client/web-ui.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf } from '../plugins/auth.ts';
import { ApiProblem } from '../problem.ts';
import { identityOf } from '../run-view.ts';
import { answers, IdParams } from '../schemas.ts';

const DisputeView = Type.Object(
  {
    id: Type.String({ description: "the provider's id" }),
    workflowId: Type.String({ description: 'the workflow in Temporal' }),
    paymentKey: Type.String({ description: 'the purchase' }),
    status: Type.String({ description: 'open, or an end: won, lost, withdrawn' }),
    providerStatus: Type.String({ description: "the provider's word for it" }),
    amount: Type.Integer({ description: 'minor units' }),
    withdrawn: Type.Integer({ description: 'what the bank has now, minor units' }),
    fee: Type.Integer({ description: 'what the provider kept for it, minor units' }),
    evidenceDueBy: Type.Optional(Type.String({ description: 'until when evidence can be given' })),
  },
  { additionalProperties: true, description: 'a dispute' },
);

function viewOf({ disputeId, outcome, ...record }: DisputeRecord, webUi: WebUi | undefined) {
  return {
    ...identityOf({ id: disputeId, workflowId: record.workflowId }, webUi),
    status: outcome ?? 'open',
    ...record,
  };
}

/** Only reads, from our own rows: what becomes of a dispute is decided at the provider. */
export async function disputeRoutes(instance: FastifyInstance, { store, webUi }: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const tags = ['disputes'];
  const Disputes = Type.Object({ disputes: Type.Array(DisputeView) });

  app.get(
    '/payments/:id/disputes',
    {
      config: { access: 'disputes.read' },
      schema: {
        tags,
        summary: 'Disputes of a purchase, oldest first',
        params: IdParams,
        response: answers({ 200: Disputes }, 404),
      },
    },
    async (request) => {
      const { tenantId } = callerOf(request);
      const { id } = request.params;
      if (!(await store.payments.get(tenantId, id))) throw new ApiProblem('not_found', `There is no purchase "${id}"`);
      const disputes = await store.disputes.ofPayment(tenantId, id);
      return { disputes: disputes.map((record) => viewOf(record, webUi)) };
    },
  );

  app.get(
    '/disputes/:id',
    {
      config: { access: 'disputes.read' },
      schema: {
        tags,
        summary: 'Where a dispute stands',
        params: IdParams,
        response: answers({ 200: DisputeView }, 404),
      },
    },
    async (request) => {
      const { tenantId } = callerOf(request);
      const record = await store.disputes.get(tenantId, request.params.id);
      if (!record) throw new ApiProblem('not_found', `There is no dispute "${request.params.id}"`);
      return viewOf(record, webUi);
    },
  );
}
