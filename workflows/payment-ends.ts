/** From what stopped a purchase to how it ends. Pure, so that every case is a row in a test. */
import type { CancelRequest } from '../contracts/messages.ts';
import type { UndonePayment } from '../contracts/payment.ts';
import { DeadlinePassed, readFailure } from './outcomes.ts';

export type ForwardStep = 'authorize' | 'customer' | 'mint' | 'capture';

export interface Stop {
  error: unknown;
  /** The step that was under way. */
  step: ForwardStep;
  /** Set when the scope was cancelled, whatever the step answered besides. */
  cancelled: CancelRequest | undefined;
  /** The provider told us that the authorization is gone. */
  authorizationEnded: boolean;
}

/** Undefined: nothing that a purchase may end with, so a bug. */
export function endOf({ error, step, cancelled, authorizationEnded }: Stop): UndonePayment | undefined {
  if (authorizationEnded) return { status: 'expired', moneyMoved: 'none', what: 'authorization' };
  if (cancelled) return { status: 'cancelled', moneyMoved: 'none', ...cancelled };
  if (error instanceof DeadlinePassed) {
    const what = step === 'authorize' ? 'time' : step === 'customer' ? 'customer' : 'authorization';
    return { status: 'expired', moneyMoved: 'none', what };
  }
  const failure = readFailure(error);
  if (failure.kind !== 'declined') return undefined;
  switch (step) {
    case 'authorize':
      return { status: 'declined', moneyMoved: 'none', code: failure.code };
    case 'mint':
      return { status: 'unfulfilled', moneyMoved: 'none', reason: failure.code };
    case 'customer':
    case 'capture':
      return failure.code === 'authorization_ended'
        ? { status: 'expired', moneyMoved: 'none', what: 'authorization' }
        : { status: 'declined', moneyMoved: 'none', code: failure.code };
  }
}

/** When minting has to be over, so that the capture still meets its authorization. Epoch milliseconds. */
export function captureDeadline(captureBefore: string, now: number, marginMs: number): number {
  const end = Date.parse(captureBefore);
  // A short authorization gives a tenth of itself as margin instead of all of it.
  return end - Math.min(marginMs, Math.max(0, end - now) / 10);
}
