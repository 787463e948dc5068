import type { Stripe } from 'stripe';
import { payoutEvent } from '../../events.ts';
import { type PayoutCourse, type PayoutFailure, payoutFailures } from '../../plans.ts';
import { record } from '../../transactions.ts';
import { booksOf, nobody, type Origin, type World } from '../../world.ts';

export interface OwnPayout {
  account: string;
  payout: Stripe.Payout;
}

/** Banks return a payout within five business days after it was paid. */
const returnDays = 5;
const daySeconds = 24 * 3600;
const plannedReturnSeconds = 2 * daySeconds;

/** Epoch seconds `days` business days later: Saturdays and Sundays (UTC) are none. */
export function businessDaysLater(seconds: number, days: number): number {
  let at = seconds;
  for (let left = days; left > 0;) {
    at += daySeconds;
    const weekday = new Date(at * 1000).getUTCDay();
    if (weekday !== 0 && weekday !== 6) left -= 1;
  }
  return at;
}

/** The bank has it. Returns false unless it was pending, as all of these do from a wrong status. */
export function submitPayout(world: World, own: OwnPayout): boolean {
  if (own.payout.status !== 'pending') return false;
  own.payout.status = 'in_transit';
  payoutEvent(world, nobody, 'payout.updated', own);
  return true;
}

/** It has arrived, as far as Stripe knows. */
export function payPayout(world: World, own: OwnPayout): boolean {
  if (own.payout.status === 'pending') submitPayout(world, own);
  if (own.payout.status !== 'in_transit') return false;
  own.payout.status = 'paid';
  payoutEvent(world, nobody, 'payout.paid', own);
  return true;
}

function giveBack(world: World, { account, payout }: OwnPayout, type: 'payout_failure' | 'payout_cancel'): void {
  payout.failure_balance_transaction = record(booksOf(world, account), {
    type,
    reportingCategory: 'payout_reversal',
    amount: payout.amount,
    currency: payout.currency,
    source: payout.id,
    description: payout.description ?? 'STRIPE PAYOUT',
  }).id;
}

/** The bank returns it, before it was paid or within five business days after: the money is back in the balance. */
export function failPayout(world: World, own: OwnPayout, code: PayoutFailure): boolean {
  const { payout } = own;
  const returnable =
    payout.status === 'paid' && world.clock.seconds() <= businessDaysLater(payout.arrival_date, returnDays);
  if (payout.status !== 'pending' && payout.status !== 'in_transit' && !returnable) return false;
  payout.status = 'failed';
  payout.failure_code = code;
  payout.failure_message = payoutFailures[code];
  giveBack(world, own, 'payout_failure');
  payoutEvent(world, nobody, 'payout.failed', own);
  return true;
}

/** Takes a payout back before the bank has it. */
export function cancelPayout(world: World, origin: Origin, own: OwnPayout): boolean {
  if (own.payout.status !== 'pending') return false;
  own.payout.status = 'canceled';
  giveBack(world, own, 'payout_cancel');
  payoutEvent(world, origin, 'payout.canceled', own);
  return true;
}

/** What becomes of a new payout by the clock: with the bank at half time, paid at `arrival_date`, or as ordered. */
export function followPayout(
  world: World,
  own: OwnPayout,
  { end, failureCode }: PayoutCourse = { end: 'pay', failureCode: 'could_not_process' },
): void {
  const { created, arrival_date: arrival } = own.payout;
  const fail = () => failPayout(world, own, failureCode);
  world.agenda.add(Math.floor((created + arrival) / 2), () => submitPayout(world, own));
  world.agenda.add(arrival, end === 'fail_before_paid' ? fail : () => payPayout(world, own));
  if (end === 'fail_after_paid') world.agenda.add(arrival + plannedReturnSeconds, fail);
}
