/** What mails and text messages have in common: the claim that belongs to the message, and what gives one up. */
import { failureTypes } from '../contracts/failures.ts';
import { typeOf } from './failure.ts';
import type { MessageLedger } from './ports.ts';

export interface MessageInput<Request> {
  request: Request;
  fingerprint: string;
  /** Business time, ISO 8601. */
  now: string;
}

/** Delivers a message that has no result yet, and keeps the result with its claim. */
export async function deliverOnce<Request, Result>(
  messages: MessageLedger<Request, Result>,
  { request, fingerprint, now }: MessageInput<Request>,
  deliver: (request: Request) => Promise<Result>,
): Promise<Result | { status: 'suppressed'; reason: string }> {
  const claim = await messages.claim({ request, fingerprint, now });
  if (claim.kind === 'settled') return claim.result;
  if (claim.kind === 'refused') return { status: 'suppressed', reason: 'key_reused' };
  const result = await deliver(request);
  await messages.settle({ request, result, now });
  return result;
}

const finalTypes = new Set<unknown>([failureTypes.declined, failureTypes.refused, failureTypes.budgetExhausted]);

/**
 * No further attempt changes anything. A wrong password refuses every message, and trying again only locks the account: a
 * dead letter says so instead.
 */
export const isGivenUp = (error: unknown) => finalTypes.has(typeOf(error));
