/** Validators of messages: they refuse before anything is written to history. Synchronous, or they would never refuse. */
import { ApplicationFailure } from '@temporalio/workflow';
import { type ApprovalRequest, type ResolveRequest, resolutions } from '../contracts/decisions.ts';
import { failureTypes } from '../contracts/failures.ts';
import type { CancelRequest } from '../contracts/messages.ts';
import type { ConfigureRequest } from '../contracts/monitor.ts';
import { settingFaults } from '../contracts/monitor-settings.ts';

const refuse = (type: string, message: string) => ApplicationFailure.create({ type, message, nonRetryable: true });

/** The same key with another body is another purchase that would get this one's answer. */
export function refuseOtherBody(request: { fingerprint: string }, fingerprint: string): void {
  if (request?.fingerprint === fingerprint) return;
  throw refuse(failureTypes.keyReused, 'this idempotency key belongs to a request with another body; use a new key');
}

const texts = { actor: 200, reason: 500 } as const;

const isText = (value: unknown, maximum: number): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= maximum;

/** Whoever presses Cancel in the Web UI gives neither name nor reason. */
export const cancelledThroughTemporal: CancelRequest = { actor: 'temporal', reason: 'cancelled through Temporal' };

/** A signal cannot be refused, and its sender wants out: what it does not say properly is filled in. */
export function cancelRequestOf(request: Partial<CancelRequest> | undefined, otherwise: CancelRequest): CancelRequest {
  return {
    actor: isText(request?.actor, texts.actor) ? request.actor : otherwise.actor,
    reason: isText(request?.reason, texts.reason) ? request.reason : otherwise.reason,
  };
}

export function refuseUnlessCancelRequest(request: CancelRequest, end: { status: string } | undefined): void {
  if (end) throw refuse(failureTypes.alreadyEnded, `too late to cancel: it has ended as ${end.status}`);
  for (const [field, maximum] of Object.entries(texts) as [keyof CancelRequest, number][]) {
    if (isText(request?.[field], maximum)) continue;
    throw refuse(
      failureTypes.invalidMessage,
      `${field} is missing or no text of 1 to ${maximum} characters; send {"actor": "…", "reason": "…"}`,
    );
  }
}

/** A proof is a signed statement of some hundred characters. */
const proofLength = 4_000;

function refuseUnlessTexts(request: unknown, fields: Readonly<Record<string, number>>, form: string): void {
  const given = (request ?? {}) as Record<string, unknown>;
  for (const [field, maximum] of Object.entries(fields)) {
    if (isText(given[field], maximum)) continue;
    throw refuse(
      failureTypes.invalidMessage,
      `${field} is missing or no text of 1 to ${maximum} characters; send ${form}`,
    );
  }
}

export function refuseUnlessApproval(request: ApprovalRequest): void {
  refuseUnlessTexts(request, { ...texts, proof: proofLength }, '{"actor": "…", "reason": "…", "proof": "…"}');
}

export function refuseUnlessResolve(request: ResolveRequest): void {
  const choices = resolutions.join(', ');
  const form = '{"actor": "…", "decision": "…", "evidence": "…", "proof": "…"}';
  refuseUnlessTexts(request, { actor: texts.actor, evidence: 2_000, proof: proofLength }, form);
  if (resolutions.includes(request.decision)) return;
  throw refuse(failureTypes.invalidMessage, `decision is "${request.decision}"; it is one of ${choices}`);
}

export function refuseUnlessConfigure(request: ConfigureRequest): void {
  refuseUnlessTexts(request, texts, '{"actor": "…", "reason": "…", "settings": {"moneyDepth": 80}}');
  const faults = settingFaults(request.settings);
  if (faults.length === 0) return;
  const said = faults.map(({ field, value, accepted }) => `${field} is ${value}; accepted is ${accepted}`);
  throw refuse(failureTypes.invalidMessage, said.join('; '));
}
