import type { RefundCourse } from './plans.ts';

/** How a test card answers to an authorization. Codes: https://docs.stripe.com/testing and …/declines/codes. */
export type CardBehavior =
  | Approval
  | { kind: 'approve_then_fail_capture' }
  | { kind: 'authenticate' }
  | { kind: 'decline'; code: string; declineCode: string; networkCode: string; message: string; param?: string };

interface Approval {
  kind: 'approve';
  /** The captured money is available at once. */
  available?: true;
  refund?: RefundCourse;
  /** Opened as soon as the money is captured. */
  dispute?: { reason: string; status: 'needs_response' | 'warning_needs_response' };
}

export interface TestCard {
  brand: 'visa' | 'mastercard' | 'amex';
  last4: string;
  funding: 'credit' | 'debit';
  behavior: CardBehavior;
}

const approve: CardBehavior = { kind: 'approve' };
const visa = (last4: string, behavior: CardBehavior): TestCard => ({
  brand: 'visa',
  last4,
  funding: 'credit',
  behavior,
});

function decline(code: string, declineCode: string, networkCode: string, message: string, param?: string) {
  return { kind: 'decline' as const, code, declineCode, networkCode, message, ...(param ? { param } : {}) };
}

const declined = decline('card_declined', 'generic_decline', '05', 'Your card was declined.');
const declining: Record<string, TestCard> = {
  chargeDeclined: visa('0002', declined),
  chargeDeclinedInsufficientFunds: visa(
    '9995',
    decline('card_declined', 'insufficient_funds', '51', 'Your card has insufficient funds.'),
  ),
  chargeDeclinedLostCard: visa('9987', decline('card_declined', 'lost_card', '41', 'Your card was declined.')),
  chargeDeclinedStolenCard: visa('9979', decline('card_declined', 'stolen_card', '43', 'Your card was declined.')),
  chargeDeclinedExpiredCard: visa(
    '0069',
    decline('expired_card', 'expired_card', '54', 'Your card has expired.', 'exp_month'),
  ),
  chargeDeclinedIncorrectCvc: visa(
    '0127',
    decline('incorrect_cvc', 'incorrect_cvc', 'N7', "Your card's security code is incorrect.", 'cvc'),
  ),
  chargeDeclinedProcessingError: visa(
    '0119',
    decline(
      'processing_error',
      'processing_error',
      '96',
      'An error occurred while processing your card. Try again in a little bit.',
    ),
  ),
};

const cards: Record<string, TestCard> = {
  pm_card_visa: visa('4242', approve),
  pm_card_visa_debit: { ...visa('5556', approve), funding: 'debit' },
  pm_card_mastercard: { brand: 'mastercard', last4: '4444', funding: 'credit', behavior: approve },
  pm_card_amex: { brand: 'amex', last4: '8431', funding: 'credit', behavior: approve },
  pm_card_authenticationRequired: visa('3184', { kind: 'authenticate' }),
  pm_card_threeDSecure2Required: visa('3220', { kind: 'authenticate' }),
  pm_card_threeDSecureRequired: visa('3063', { kind: 'authenticate' }),
  pm_card_bypassPending: visa('0077', { kind: 'approve', available: true }),
  pm_card_pendingRefund: visa('7726', { kind: 'approve', refund: { status: 'pending', settle: 'succeed' } }),
  pm_card_refundFail: visa('5126', { kind: 'approve', refund: { status: 'succeeded', settle: 'fail' } }),
  pm_card_createDispute: visa('0259', {
    kind: 'approve',
    dispute: { reason: 'fraudulent', status: 'needs_response' },
  }),
  pm_card_createDisputeProductNotReceived: visa('2685', {
    kind: 'approve',
    dispute: { reason: 'product_not_received', status: 'needs_response' },
  }),
  pm_card_createDisputeInquiry: visa('1976', {
    kind: 'approve',
    dispute: { reason: 'fraudulent', status: 'warning_needs_response' },
  }),
  // The simulator's own: Stripe publishes no card whose authorization holds and whose capture fails.
  pm_card_sim_captureFails: visa('0909', { kind: 'approve_then_fail_capture' }),
};
for (const [name, card] of Object.entries(declining)) {
  cards[`pm_card_${name}`] = card;
  cards[`pm_card_visa_${name}`] = card;
}

/** The test card of a token such as `pm_card_visa`. */
export const testCard = (token: string): TestCard | undefined =>
  Object.hasOwn(cards, token) ? cards[token] : undefined;

/** What a capture of {@link CardBehavior} `approve_then_fail_capture` meets. */
export const captureDecline = declined;
