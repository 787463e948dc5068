/**
 * Whether a person's decision counts. It runs as a local activity, before anything that the decision asks for; whatever
 * the answer is, it is recorded first.
 */
import type { DecisionKind, DecisionOutcome, DecisionRefusal, ProofClaims } from '../contracts/decisions.ts';
import { fingerprintOf } from '../contracts/hashes.ts';
import type { ProofReading, VerifyProof } from '../infrastructure/proofs.ts';
import type { Store } from '../store/index.ts';
import type { Operation } from './ports.ts';

export interface DecideInput {
  operation: Operation;
  /** Of the update or signal: the same one, taken again, is the same decision. */
  messageId: string;
  kind: DecisionKind;
  /** For `resolve` the resolution, else the kind itself. */
  choice: string;
  /** What is decided about, where a run can wait with more than one thing. */
  step?: string;
  /** As the message says them. A signal may say anything. */
  actor: string;
  evidence: string;
  proof: string;
  /** Business time, ISO 8601. */
  now: string;
  /** Who asked for what is to be approved: never the one who approves it. */
  requestedBy?: string;
  /** Who has approved it so far. */
  decidedBy?: readonly string[];
}

export interface DecisionActivities {
  /** A bad proof is an answer, and recorded; only a database that cannot record is an error. */
  decide: (input: DecideInput) => Promise<DecisionOutcome>;
}

type Rules = Pick<DecideInput, 'operation' | 'kind' | 'choice' | 'actor' | 'requestedBy' | 'decidedBy'>;

/** What speaks against it, or undefined. What only the records know, the store adds. */
export function refusalOf(input: Rules, { claims, fault }: ProofReading): DecisionRefusal | undefined {
  if (fault) return fault;
  if (!isAbout(claims, input.operation)) return 'other_workflow';
  if (claims.kind !== input.kind || claims.choice !== input.choice) return 'other_decision';
  if (claims.subject !== input.actor) return 'other_actor';
  if (input.kind !== 'approve') return undefined;
  if (claims.subject === input.requestedBy) return 'own_request';
  return input.decidedBy?.includes(claims.subject) ? 'decided_before' : undefined;
}

const isAbout = (claims: ProofClaims, { tenantId, workflowId, runId }: Operation) =>
  claims.tenantId === tenantId && claims.workflowId === workflowId && claims.runId === runId;

/** Fits the record, whatever a signal has brought: one that cannot be recorded would be tried for ever. */
const recordable = (value: unknown, longest: number) =>
  typeof value === 'string' && value !== '' ? value.slice(0, longest) : '–';

/** Temporal takes longer ids of updates than the record. A shortened one still is its message's own. */
function shortened(messageId: string): string {
  const message: object = { messageId };
  return messageId.length <= longest.messageId ? messageId : fingerprintOf(message);
}

const longest = { messageId: 200, choice: 40, step: 100, actor: 200, evidence: 2_000 } as const;

export function createDecisionActivities(deps: {
  verify: VerifyProof;
  decisions: Pick<Store['decisions'], 'record'>;
}): DecisionActivities {
  return {
    async decide(input) {
      const { operation, messageId, kind, step, now } = input;
      const reading = await deps.verify(input.proof);
      return deps.decisions.record({
        operation,
        messageId: shortened(messageId),
        kind,
        choice: recordable(input.choice, longest.choice),
        ...(step === undefined ? {} : { step: recordable(step, longest.step) }),
        actor: recordable(input.actor, longest.actor),
        evidence: recordable(input.evidence, longest.evidence),
        ...(reading.claims ? { subject: reading.claims.subject, proofId: reading.claims.proofId } : {}),
        refusedBecause: refusalOf(input, reading),
        now,
      });
    },
  };
}
