/** What becomes of a refund. */
export interface RefundCourse {
  status: 'succeeded' | 'pending' | 'requires_action';
  /** What happens by itself, some seconds later; nothing unless given. */
  settle?: 'succeed' | 'fail';
}

/** What becomes of a payout. */
export interface PayoutCourse {
  end: 'pay' | 'fail_before_paid' | 'fail_after_paid';
  failureCode: PayoutFailure;
}

/** Facts of https://docs.stripe.com/api/payouts/failures, those that a closed or wrong bank account causes. */
export const payoutFailures = {
  account_closed: 'The bank account has been closed.',
  could_not_process: 'The bank could not process this payout.',
  declined: 'The bank has declined this transfer. Please contact the bank before retrying.',
  invalid_account_number:
    'The routing number seems correct, but the account number is invalid, or the bank does not process transfers to this account.',
  no_account:
    'The bank account details on file are probably incorrect. No bank account could be located with those details.',
} as const;
export type PayoutFailure = keyof typeof payoutFailures;

export interface Planned<Course> {
  course: Course;
  /** Of this account only; of any unless given. */
  account?: string;
  left: number;
}

/** What the control routes ordered for objects that are still to come. */
export interface Plans {
  refunds: Planned<RefundCourse>[];
  payouts: Planned<PayoutCourse>[];
}

/** Takes the first order that fits. */
export function takePlan<Course>(plans: Planned<Course>[], account: string): Course | undefined {
  const found = plans.find((plan) => plan.left > 0 && (plan.account ?? account) === account);
  if (found) found.left -= 1;
  return found?.course;
}
