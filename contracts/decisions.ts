/**
 * Decisions by people that move money: approve, reject, resolve. Each carries a proof, a short-lived statement signed by the
 * API's key, which a local activity verifies; without it the decision is refused, and recorded. One JSON object each, for
 * the Web UI's forms.
 */

export const resolutions = ['retry', 'mark_succeeded', 'mark_failed', 'compensate'] as const;
export type Resolution = (typeof resolutions)[number];

/** Approves or rejects what waits for approval. */
export interface ApprovalRequest {
  /** Who decides: the subject of the proof. */
  actor: string;
  reason: string;
  proof: string;
}

/** Decides about the step that waits for a person. */
export interface ResolveRequest {
  actor: string;
  /**
   * `retry`: now, with one more call allowed · `mark_succeeded`: it was done outside of Boxoffice · `mark_failed`: it has no
   * effect and shall not be tried again; what may exist of it is looked for once more · `compensate`: undo everything.
   */
  decision: Resolution;
  /** What the decision rests on, e.g. a ticket of the provider's support. Kept with the decision. */
  evidence: string;
  proof: string;
}

export type DecisionKind = 'approve' | 'reject' | 'resolve';

/** What a person chooses between: the kind itself, or for `resolve` one of the resolutions. */
export const decisions = ['approve', 'reject', ...resolutions] as const;
export type Decision = (typeof decisions)[number];

export const isResolution = (decision: Decision): decision is Resolution =>
  (resolutions as readonly string[]).includes(decision);
export const decisionKindOf = (decision: Decision): DecisionKind => (isResolution(decision) ? 'resolve' : decision);

/** A decision as the message that carries it: `payload` goes to the update or signal `message`. */
export type DecisionMessage = { workflowId: string } & (
  { message: 'approve' | 'reject'; payload: ApprovalRequest } | { message: 'resolve'; payload: ResolveRequest }
);

/** Not sent yet; its proof is refused after `expiresAt` (ISO 8601). */
export type PreparedDecision = DecisionMessage & { expiresAt: string };

/** Why a decision was not taken. The message names them to whoever sent it. */
export const refusals = {
  no_proof: 'the proof is missing or cannot be read; `boxoffice decide` or POST /decisions makes one',
  bad_signature: "the proof was not signed with a key of this deployment's API",
  expired: 'the proof is not valid now: it lives for ten minutes at most; make a new one',
  other_workflow: 'the proof is about another workflow or run',
  other_decision: 'the proof is about another decision',
  other_actor: "the proof is another person's than the actor named",
  replayed: 'the proof decided something already; make a new one for a new decision',
  own_request: 'whoever asked for it cannot approve it',
  decided_before: 'this person has approved it already; another one is needed',
  nothing_waits: 'nothing waits for this decision now',
  not_possible: 'this step cannot be decided like that',
  may_be_sent:
    'an earlier call may have sent it, and mail cannot be looked up: look for it at the mail server, send it under a new key where it is not there, then close the letter',
} as const;
export type DecisionRefusal = keyof typeof refusals;

/** What the proof says, once its signature is good. */
export interface ProofClaims {
  tenantId: string;
  workflowId: string;
  /** The first run's id. */
  runId: string;
  kind: DecisionKind;
  choice: Decision;
  /** Who decides: an opaque id. */
  subject: string;
  /** Unique: a proof decides once. */
  proofId: string;
}

export type DecisionOutcome = { accepted: true; subject: string } | { accepted: false; because: DecisionRefusal };

/** The answer to the updates `approve` and `reject`. */
export interface ApprovalAnswer {
  decision: 'approved' | 'rejected';
  /** Different people who have approved so far, and how many have to. */
  approvals: number;
  needed: number;
}

/** The answer to the update `resolve`: what is done now, with which step. */
export interface ResolveAnswer {
  taken: Resolution;
  step: string;
}

export type DecisionAnswer = ApprovalAnswer | ResolveAnswer;

/** How many different people have to approve: more than `one` minor units need one, more than `two` need two. */
export interface ApprovalLimits {
  one: number;
  two: number;
}

export const approvalsNeeded = (amount: number, { one, two }: ApprovalLimits): 0 | 1 | 2 =>
  amount > two ? 2 : amount > one ? 1 : 0;
