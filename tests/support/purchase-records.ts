/** Records as the outside would write them of purchases that went right. Amounts in minor units. */
import type { PaymentResult } from '../../contracts/payment.ts';
import type { PurchaseRecord } from '../../sandbox/audit.ts';

const nothing = {
  workflowId: 'payment:acme:k',
  intents: 1,
  charges: 0,
  captured: 0,
  held: 0,
  fees: 0,
  refunds: 0,
  refunded: 0,
  refundsPending: 0,
  disputed: 0,
  disputeFees: 0,
  authorizeCalls: 1,
  replays: 0,
  calls: 2,
  mints: 0,
  owned: 0,
  order: { amount: 10_500, currency: 'USD', tickets: 2 },
  holdsLive: 0,
  ledger: { captureTransactions: 0, sumsToZero: true, stripeBalance: 0 },
  repaid: { done: 0, reserved: 0, returned: 0, burnedTickets: 0 },
  deadLetters: [],
  runs: 1,
  history: { status: 'COMPLETED', events: 34, workflowTasks: 5 },
  mails: 0,
} satisfies Omit<PurchaseRecord, 'claim'>;

const claimOf = (status: PaymentResult['status']): PurchaseRecord['claim'] => ({
  status: 'settled',
  result: { status, moneyMoved: 'none' } as PaymentResult,
});

export const completedRecord = (change: Partial<PurchaseRecord> = {}): PurchaseRecord => ({
  ...nothing,
  charges: 1,
  captured: 10_500,
  fees: 335,
  mints: 2,
  owned: 2,
  holdsLive: 3,
  ledger: { captureTransactions: 1, sumsToZero: true, stripeBalance: 10_165 },
  mails: 1,
  claim: claimOf('completed'),
  ...change,
});

/** One of its two tickets, burned: 50.00. */
export const refundedRecord = (change: Partial<PurchaseRecord> = {}): PurchaseRecord =>
  completedRecord({
    refunds: 1,
    refunded: 5_000,
    owned: 1,
    repaid: { done: 5_000, reserved: 0, returned: 0, burnedTickets: 1 },
    ledger: { captureTransactions: 1, sumsToZero: true, stripeBalance: 5_165 },
    ...change,
  });

export const undoneRecord = (end: PaymentResult['status'], change: Partial<PurchaseRecord> = {}): PurchaseRecord => ({
  ...nothing,
  claim: claimOf(end),
  ...change,
});
