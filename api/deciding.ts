/** A decision of the token's subject, signed here, and sent to the workflow that waits for it. */
import { AlreadyEndedError, DecisionRefusedError } from '../client/index.ts';
import {
  type Decision,
  type DecisionAnswer,
  type DecisionMessage,
  type DecisionRefusal,
  decisionKindOf,
  isResolution,
  type PreparedDecision,
  refusals,
} from '../contracts/decisions.ts';
import type { ApiDeps } from './deps.ts';
import { ApiProblem } from './problem.ts';

export interface Deciding {
  tenantId: string;
  subject: string;
  workflowId: string;
  decision: Decision;
  /** Why; for a step that waits, its evidence. */
  reason: string;
}

export const defaultDecideMs = 10_000;

/** @throws ApiProblem `already_ended`, NotFoundError */
export async function prepareDecision(
  { boxoffice, signProof }: Pick<ApiDeps, 'boxoffice' | 'signProof'>,
  { tenantId, subject, workflowId, decision, reason }: Deciding,
): Promise<PreparedDecision> {
  const { firstRunId: runId, open } = await boxoffice.decisions.standing(workflowId);
  if (!open) throw ended(workflowId);
  const kind = decisionKindOf(decision);
  const { proof, expiresAt } = await signProof({ tenantId, workflowId, runId, kind, choice: decision, subject });
  return { ...messageOf({ workflowId, decision, actor: subject, reason, proof }), expiresAt };
}

/** @throws ApiProblem `decision_refused` or `already_ended`, NotFoundError, UnavailableError */
export function sendDecision(
  { boxoffice, decideMs: deadlineMs = defaultDecideMs }: Pick<ApiDeps, 'boxoffice' | 'decideMs'>,
  message: DecisionMessage,
  step?: string,
): Promise<DecisionAnswer> {
  const options = { deadlineMs, ...(step === undefined ? {} : { step }) };
  return boxoffice.decisions.send(message, options).catch(refuse(message.workflowId));
}

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

export const unknownWorkflow = (workflowId: string) =>
  new ApiProblem('not_found', `There is no workflow "${workflowId}"`);
const ended = (workflowId: string) => new ApiProblem('already_ended', `${workflowId} has ended`, { workflowId });

export const refusedDecision = (workflowId: string, because: DecisionRefusal) =>
  new ApiProblem('decision_refused', `The decision was not taken: ${refusals[because]}`, { workflowId, because });

const refuse = (workflowId: string) => (error: unknown) => {
  if (error instanceof AlreadyEndedError) throw ended(workflowId);
  if (!(error instanceof DecisionRefusedError)) throw error;
  throw refusedDecision(workflowId, error.because);
};
