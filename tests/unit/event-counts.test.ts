/** The judge of the proof of an event's cancellation is not blind: it passes what is right and names what is not. */
import { describe, expect, it } from 'vitest';
import { nothingYet } from '../../contracts/event-cancellation.ts';
import type { PaymentResult } from '../../contracts/payment.ts';
import type { Sold } from '../support/cancelled-event.ts';
import type { Played } from '../support/event-cancelling.ts';
import { type EventCounts, faultsOf } from '../support/event-counts.ts';
import { completedOf, orderOf } from '../support/sales.ts';

const sale = (end?: PaymentResult): Sold => {
  const order = orderOf('acme');
  return { order, end: end ?? completedOf(order) };
};
const closed = (): Sold => sale({ status: 'refused', moneyMoved: 'none', reason: 'sales_closed' });
const cancelled = (): Sold => sale({ status: 'cancelled', moneyMoved: 'none', actor: 'ada', reason: 'ill' });

const report = { ...nothingYet, purchases: 3, refunded: 3, cancelledInFlight: 1, amounts: { USD: 30_000 } };
const result = { status: 'completed', moneyMoved: 'refunded', report } as const;
const played = (change: Partial<Played> = {}): Played => ({
  phases: [],
  sold: [sale(), sale()],
  atItsFirstMoment: [sale(), cancelled(), closed()],
  late: [closed()],
  stuck: ['refund:acme:one'],
  blows: [2],
  peak: 2,
  result,
  again: { created: false, result },
  ...change,
});
const counts = (change: Partial<EventCounts> = {}): EventCounts => ({
  report,
  refundedTwice: 0,
  refunded: 30_000,
  burned: 3,
  burnedTwice: 0,
  owned: 0,
  openDeadLetters: 0,
  parked: 1,
  decided: 1,
  running: 0,
  balances: { stripe_balance: -960, provider_fees: 960, venue_payable: 2_850, venue_reserve: -2_850 },
  wrongs: {},
  wrongsOfWorld: [],
  ...change,
});

describe('faultsOf', () => {
  it('finds nothing where all is right', () => {
    expect(faultsOf(played(), counts())).toEqual([]);
  });

  it.each<[string, Partial<EventCounts>, RegExp]>([
    ['another report than the outside counts', { report: { ...report, cancelledInFlight: 0 } }, /the outside counts/],
    ['money given back twice', { refundedTwice: 1 }, /twice, or in part/],
    ['a token that is still there', { burned: 2, owned: 1 }, /2 of 3 tokens were burned/],
    ['a token burned twice', { burnedTwice: 1 }, /burned twice/],
    ['an open dead letter', { openDeadLetters: 1 }, /dead letters are open/],
    ['a refund that nobody had to look at', { parked: 0 }, /0 refunds waited/],
    ['a refund that nobody has decided about', { decided: 0 }, /decided about 0 of 1/],
    ['a workflow that still runs', { running: 1 }, /still run/],
    ['fees that are not the provider’s', { balances: { stripe_balance: -960, provider_fees: 900 } }, /fees are booked/],
    [
      'money that is set aside still',
      { balances: { stripe_balance: -960, provider_fees: 960, refunds_pending: -10 } },
      /refunds_pending/,
    ],
    [
      'a venue that owes for what was given back',
      { balances: { stripe_balance: -960, provider_fees: 960, venue_payable: -10 } },
      /do not cancel out/,
    ],
    ['a purchase that is wrong', { wrongs: { k: ['2 mints for 1 ticket'] } }, /k: 2 mints/],
    ['a world that is wrong', { wrongsOfWorld: ['the ledger sums to 1 USD'] }, /sums to 1/],
  ])('names %s', (_, change, fault) => {
    expect(faultsOf(played(), counts(change)).join('\n')).toMatch(fault);
  });

  it.each<[string, Partial<Played>, RegExp]>([
    ['a sale that had not been made', { sold: [sale(), cancelled()] }, /sold before, and ended as/],
    ['one let in after the first moment', { late: [sale()] }, /begun after its first moment/],
    ['one cancelled after the first moment', { late: [cancelled()] }, /begun after its first moment/],
    [
      'one refused for another reason',
      { atItsFirstMoment: [sale({ status: 'refused', moneyMoved: 'none', reason: 'venue_frozen' })] },
      /begun at its first moment/,
    ],
    ['a blow that hit nothing', { blows: [0] }, /hit nothing/],
    ['a second cancellation', { again: { created: true, result } }, /asked again/],
  ])('names %s', (_, change, fault) => {
    expect(faultsOf(played(change), counts()).join('\n')).toMatch(fault);
  });
});
