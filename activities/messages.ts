/** What mails and text messages have in common: the claim that belongs to the message, and what gives one up. */
import { failureTypes } from '../contracts/failures.ts';
import type { JobPolicy } from '../contracts/job-types.ts';
import { typeOf } from './failure.ts';
import type { MessageLedger } from './ports.ts';

export interface MessageInput<Request> {
  request: Request;
  fingerprint: string;
  /** Business time, ISO 8601. */
  now: string;
  /** How often a person had it sent again; absent: never. */
  round?: number;
}

/** Each time that a person has it sent again it may send as many calls as at first. */
export const budgetOf = ({ attempts }: JobPolicy, round: number) => attempts * (round + 1);

/** Delivers a message that has no result yet, and keeps the result with its claim. */
export async function deliverOnce<Request, Result>(
  messages: MessageLedger<Request, Result>,
  { request, fingerprint, now, round = 0 }: MessageInput<Request>,
  deliver: (request: Request, round: number) => Promise<Result>,
): Promise<Result | { status: 'suppressed'; reason: string }> {
  const claim = await messages.claim({ request, fingerprint, now });
  if (claim.kind === 'settled') return claim.result;
  if (claim.kind === 'refused') return { status: 'suppressed', reason: 'key_reused' };
  const result = await deliver(request, round);
  await messages.settle({ request, result, now, round });
  return result;
}

const finalTypes = new Set<unknown>([failureTypes.declined, failureTypes.refused, failureTypes.budgetExhausted]);

/**
 * No further attempt changes anything. A wrong password refuses every message, and trying again only locks the account: a
 * dead letter says so instead.
 */
export const isGivenUp = (error: unknown) => finalTypes.has(typeOf(error));
