/** From what stopped a payout to how it ends. Pure, so that every case is a row in a test. */
import type { CancelRequest } from '../contracts/messages.ts';
import type { PayoutMoney, ProviderPayout, ReleasedPayout } from '../contracts/payout.ts';
import { NotApproved, readFailure } from './outcomes.ts';

/** The provider took the payout, and it did not arrive. */
export class NotPaid extends Error {
  readonly code: string;
  constructor({ providerPayoutId, status, failureCode }: ProviderPayout) {
    super(`payout ${providerPayoutId} is ${status}`);
    this.name = 'NotPaid';
    this.code = failureCode ?? status;
  }
}

export interface PayoutStop {
  error: unknown;
  /** Set when the scope was cancelled, whatever the step answered besides. */
  cancelled: CancelRequest | undefined;
  /** Whether a call to the provider may have moved money: from there on a cancel is too late. */
  asked: boolean;
  /** Where the money of the payout is, as far as the books know. */
  money: PayoutMoney;
}

/**
 * Undefined: nothing that a payout may end with, so a bug, before anything was asked for.
 * @throws Error after that: it holds the workflow where it is, until its code is mended. Releasing the reservation would
 * say that no money moved.
 */
export function payoutEndOf({ error, cancelled, asked, money }: PayoutStop): ReleasedPayout | undefined {
  if (!asked) {
    if (cancelled) return { status: 'cancelled', moneyMoved: 'with_us', ...cancelled };
    return error instanceof NotApproved ? unapproved(error) : undefined;
  }
  if (error instanceof NotPaid) return { status: 'returned', moneyMoved: 'with_provider', code: error.code };
  const { kind, code } = readFailure(error);
  if (kind !== 'declined') throw new Error('stopped with a payout that may have been made', { cause: error });
  return { status: 'returned', moneyMoved: money === 'with_us' ? 'with_us' : 'with_provider', code };
}

const unapproved = ({ by }: NotApproved): ReleasedPayout =>
  by === 'expired'
    ? { status: 'expired', moneyMoved: 'with_us' }
    : { status: 'rejected', moneyMoved: 'with_us', reason: 'not_approved', actor: by.actor };
