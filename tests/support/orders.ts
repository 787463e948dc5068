import type { EarlyAnswer, PaymentResult, PurchaseOrder } from '../../contracts/payment.ts';

export const orderOf = (change: Partial<PurchaseOrder> = {}): PurchaseOrder => ({
  tenantId: 'acme',
  venueId: 'arena',
  eventId: 'summer-night',
  userId: 'user-1',
  orderId: 'order-1',
  idempotencyKey: 'key-1',
  currency: 'USD',
  amount: 5_250,
  paymentMethod: 'pm_card_visa',
  lines: [
    { kind: 'ticket', ticketId: 'seat-1', amount: 5_000 },
    { kind: 'fee', amount: 250 },
  ],
  tickets: [{ ticketId: 'seat-1', price: 5_000 }],
  buyer: { wallet: `0x${'1'.repeat(40)}`, emailRef: 'c_1' },
  ...change,
});

export const authorized: EarlyAnswer = {
  status: 'authorized',
  moneyMoved: 'held',
  amount: 5_250,
  currency: 'USD',
  intentId: 'pi_1',
};

export const completed: PaymentResult = {
  status: 'completed',
  moneyMoved: 'captured',
  amount: 5_250,
  currency: 'USD',
  intentId: 'pi_1',
  tickets: [{ ticketId: 'seat-1', tokenId: '7' }],
  transactionHash: `0x${'a'.repeat(64)}`,
  nextAction: 'refund',
};

export const declined: PaymentResult = { status: 'declined', moneyMoved: 'none', code: 'insufficient_funds' };
export const cancelled: PaymentResult = { status: 'cancelled', moneyMoved: 'none', actor: 'me', reason: 'changed' };
