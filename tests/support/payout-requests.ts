import type { PayoutRequest, PayoutResult } from '../../contracts/payout.ts';

export const payoutOf = (change: Partial<PayoutRequest> = {}): PayoutRequest => ({
  tenantId: 'acme',
  payoutId: 'payout-1',
  venueId: 'arena',
  reason: 'weekly',
  requestedBy: 'clerk-7',
  ...change,
});

export const paidOut: PayoutResult = {
  status: 'paid',
  moneyMoved: 'paid_out',
  amount: 8_550,
  currency: 'USD',
  providerPayoutId: 'po_1',
  transferId: 'tr_1',
};
export const payoutReturned: PayoutResult = { status: 'returned', moneyMoved: 'with_provider', code: 'account_closed' };
export const payoutExceeds: PayoutResult = {
  status: 'rejected',
  moneyMoved: 'with_us',
  reason: 'exceeds',
  available: 250,
};
export const payoutCancelled: PayoutResult = {
  status: 'cancelled',
  moneyMoved: 'with_us',
  actor: 'clerk-7',
  reason: 'changed',
};

/** What the query `status` answers while the bank takes its time. */
export const payoutInTransit = {
  stage: 'in transit',
  attention: 'provider',
  moneyMoved: 'in_transit',
  next: "The provider has sent the money to the venue's bank.",
};
