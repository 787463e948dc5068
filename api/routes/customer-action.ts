/** What a customer needs for 3-D Secure. It is a secret: it leaves us only here and in the answer to `POST /payments`. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import type { ApiDeps } from '../deps.ts';
import { callerOf } from '../plugins/auth.ts';
import { ApiProblem } from '../problem.ts';
import { identityOf } from '../run-view.ts';
import { answers, CustomerActionView, IdParams } from '../schemas.ts';

export async function customerActionRoutes(instance: FastifyInstance, { store, webUi }: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();

  app.get(
    '/payments/:id/customer-action',
    {
      config: { access: 'payments.customer' },
      schema: {
        tags: ['payments'],
        summary: 'What the customer needs while their purchase waits for them (3-D Secure)',
        params: IdParams,
        response: answers({ 200: CustomerActionView }, 404),
      },
    },
    async (request, reply) => {
      const { tenantId } = callerOf(request);
      const { id } = request.params;
      const action = await store.customerActions.get({ tenantId, paymentKey: id });
      if (!action) throw new ApiProblem('not_found', `No customer is waited for at purchase "${id}"`);
      const { workflowId, intentId, clientSecret, expiresAt } = action;
      void reply.header('cache-control', 'no-store');
      return { ...identityOf({ id, workflowId }, webUi), intentId, clientSecret, expiresAt };
    },
  );
}
