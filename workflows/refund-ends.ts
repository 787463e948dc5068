/** From what stopped a refund to how it ends. Pure, so that every case is a row in a test. */
import type { CancelRequest } from '../contracts/messages.ts';
import type { ProviderRefund, RefundResult } from '../contracts/refund.ts';
import { NotApproved, readFailure } from './outcomes.ts';

/** An end that left nothing behind: what was reserved is given back. */
export type UndoneRefund = Exclude<RefundResult, { status: 'completed' }>;

/** The provider took the refund and could not make it. */
export class NotRefunded extends Error {
  readonly code: string;
  constructor({ providerRefundId, status, failureCode }: ProviderRefund) {
    super(`refund ${providerRefundId} is ${status}`);
    this.name = 'NotRefunded';
    this.code = failureCode ?? status;
  }
}

export interface RefundStop {
  error: unknown;
  /** Set when the scope was cancelled, whatever the step answered besides. */
  cancelled: CancelRequest | undefined;
  /** Whether the call to the provider was scheduled: from there on a cancel is too late. */
  asked: boolean;
}

/**
 * Undefined: nothing that a refund may end with, so a bug, before anything was asked for.
 * @throws Error after that: it holds the workflow where it is, until its code is mended. Giving the reservation back would
 * say that no money moved.
 */
export function refundEndOf({ error, cancelled, asked }: RefundStop): UndoneRefund | undefined {
  if (!asked && error instanceof NotApproved && !cancelled) return rejectionOf(error);
  if (!asked) return cancelled ? { status: 'cancelled', moneyMoved: 'captured', ...cancelled } : undefined;
  if (error instanceof NotRefunded) return { status: 'failed', moneyMoved: 'captured', code: error.code };
  const { kind, code } = readFailure(error);
  if (kind !== 'declined') throw new Error('stopped with a refund that may have been made', { cause: error });
  return code === 'disputed'
    ? { status: 'rejected', moneyMoved: 'captured', reason: code }
    : { status: 'failed', moneyMoved: 'captured', code };
}

const rejectionOf = ({ by }: NotApproved): UndoneRefund =>
  by === 'expired'
    ? { status: 'rejected', moneyMoved: 'captured', reason: 'approval_expired' }
    : { status: 'rejected', moneyMoved: 'captured', reason: 'not_approved', actor: by.actor };
