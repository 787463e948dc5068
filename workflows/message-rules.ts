/** Validators of messages: they refuse before anything is written to history. Synchronous, or they would never refuse. */
import { ApplicationFailure } from '@temporalio/workflow';
import { failureTypes } from '../contracts/failures.ts';
import type { CancelRequest } from '../contracts/messages.ts';

const refuse = (type: string, message: string) => ApplicationFailure.create({ type, message, nonRetryable: true });

/** The same key with another body is another purchase that would get this one's answer. */
export function refuseOtherBody(request: { fingerprint: string }, fingerprint: string): void {
  if (request?.fingerprint === fingerprint) return;
  throw refuse(failureTypes.keyReused, 'this idempotency key belongs to a request with another body; use a new key');
}

const texts = { actor: 200, reason: 500 } as const;

const isText = (value: unknown, maximum: number): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= maximum;

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
