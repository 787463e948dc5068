/**
 * Decisions by people. The token says who, its roles say whether; what the workflow gets is a proof of both, signed here.
 */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { AlreadyEndedError, DecisionRefusedError } from '../../client/index.ts';
import {
  type Decision,
  type DecisionMessage,
  decisionKindOf,
  isResolution,
  refusals,
} from '../../contracts/decisions.ts';
import { parseWorkflowId } from '../../contracts/ids.ts';
import { DecisionBody, DecisionsQuery } from '../../contracts/schema/decisions.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf, requesterOf } from '../plugins/auth.ts';
import { ApiProblem } from '../problem.ts';
import { answers } from '../schemas.ts';

export async function decisionRoutes(instance: FastifyInstance, deps: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { boxoffice, store, signProof, decideMs = 10_000 } = deps;
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
      if (!isOf(tenantId, workflowId)) throw unknown(workflowId);
      const { firstRunId: runId, open } = await boxoffice.decisions.standing(workflowId);
      if (!open) throw ended(workflowId);
      const kind = decisionKindOf(decision);
      const { proof, expiresAt } = await signProof({ tenantId, workflowId, runId, kind, choice: decision, subject });
      const message = messageOf({ workflowId, decision, actor: subject, reason, proof });
      if (!send) return { ...message, expiresAt };
      return {
        workflowId,
        ...(await boxoffice.decisions.send(message, { deadlineMs: decideMs }).catch(refuse(workflowId))),
      };
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

interface Given {
  workflowId: string;
  decision: Decision;
  actor: string;
  reason: string;
  proof: string;
}

function messageOf({ workflowId, decision, actor, reason, proof }: Given): DecisionMessage {
  return isResolution(decision)
    ? { workflowId, message: 'resolve', payload: { actor, decision, evidence: reason, proof } }
    : { workflowId, message: decision, payload: { actor, reason, proof } };
}

const unknown = (workflowId: string) => new ApiProblem('not_found', `There is no workflow "${workflowId}"`);
const ended = (workflowId: string) => new ApiProblem('already_ended', `${workflowId} has ended`, { workflowId });

const refuse = (workflowId: string) => (error: unknown) => {
  if (error instanceof AlreadyEndedError) throw ended(workflowId);
  if (!(error instanceof DecisionRefusedError)) throw error;
  const { because } = error;
  throw new ApiProblem('decision_refused', `The decision was not taken: ${refusals[because]}`, { workflowId, because });
};
