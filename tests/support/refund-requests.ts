import type { RefundRequest, RefundResult } from '../../contracts/refund.ts';

export const requestOf = (change: Partial<RefundRequest> = {}): RefundRequest => ({
  tenantId: 'acme',
  refundId: 'refund-1',
  paymentKey: 'key-1',
  tickets: 'keep',
  reason: 'the show moved',
  requestedBy: 'clerk-7',
  ...change,
});

export const refunded: RefundResult = {
  status: 'completed',
  moneyMoved: 'refunded',
  amount: 5_250,
  currency: 'USD',
  providerRefundId: 're_1',
  burned: [],
};
export const notRefunded: RefundResult = { status: 'failed', moneyMoved: 'captured', code: 'lost_or_stolen_card' };
export const exceeds: RefundResult = { status: 'rejected', moneyMoved: 'captured', reason: 'exceeds', refundable: 250 };
export const refundCancelled: RefundResult = {
  status: 'cancelled',
  moneyMoved: 'captured',
  actor: 'clerk-7',
  reason: 'changed',
};

/** What the query `status` answers while the card provider takes its time. */
export const refundPending = {
  stage: 'pending',
  attention: 'provider',
  moneyMoved: 'captured',
  next: 'The card provider has taken the refund and has not finished it.',
};
