/**
 * Decisions by people. The token says who, its roles say whether; what the workflow gets is a proof of both, signed here.
 */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { parseWorkflowId } from '../../contracts/ids.ts';
import { DecisionBody, DecisionsQuery } from '../../contracts/schema/decisions.ts';
import { prepareDecision, sendDecision, unknownWorkflow } from '../deciding.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf, requesterOf } from '../plugins/auth.ts';
import { answers } from '../schemas.ts';

export async function decisionRoutes(instance: FastifyInstance, deps: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { store } = deps;
  const tags = ['decisions'];

  app.post(
    '/decisions',
    {
      config: { access: 'decisions.make' },
      schema: {
        tags,
        summary:
          'Approve, reject or resolve what waits for a person; or, with send: false, get what a form needs for it',
        body: DecisionBody,
        response: answers({}, 404, 409),
      },
    },
    async (request) => {
      const { tenantId, requestedBy: subject } = requesterOf(request);
      const { workflowId, decision, reason, send = true } = request.body;
      if (!isOf(tenantId, workflowId)) throw unknownWorkflow(workflowId);
      const prepared = await prepareDecision(deps, { tenantId, subject, workflowId, decision, reason });
      if (!send) return prepared;
      const { expiresAt: _, ...message } = prepared;
      return { workflowId, ...(await sendDecision(deps, message)) };
    },
  );

  app.get(
    '/decisions',
    {
      config: { access: 'decisions.read' },
      schema: {
        tags,
        summary: 'What was decided about a workflow, refused decisions included; newest first',
        querystring: DecisionsQuery,
        response: answers({}),
      },
    },
    async (request) => {
      const { tenantId } = callerOf(request);
      const records = await store.decisions.list(tenantId, request.query.workflowId);
      return { decisions: records.map((record) => ({ ...record, accepted: record.refusedBecause === undefined })) };
    },
  );
}

const isOf = (tenantId: string, workflowId: string) => parseWorkflowId(workflowId)?.tenantId === tenantId;
