/** Plays a script of money events to the store and to the model at once, and compares the two after every step. */
import type { Store } from '../../store/index.ts';
import { PayoutSteps } from './books-payouts.ts';
import { SaleSteps } from './books-sales.ts';
import type { BooksScript, BooksStep } from './books-script.ts';
import { BooksWorld, onDay } from './books-world.ts';
import { payable } from './payouts.ts';
import { openSale } from './sales.ts';

export async function playBooks(store: Store, tenantId: string, script: BooksScript): Promise<void> {
  const { currency, venue, eventEndsIn, steps } = script;
  const world = new BooksWorld(store, tenantId, script);
  await openSale(store, tenantId, { ...payable, ...venue, currency });
  const event = { venueId: 'venue', name: 'The Event', endsAt: onDay(eventEndsIn), salesOpen: true };
  await store.events.put(tenantId, 'event', event);
  const sales = new SaleSteps(world);
  const payouts = new PayoutSteps(world);
  for (const { step, twice } of steps) {
    Object.assign(world, { twice, told: false });
    await play(step, { world, sales, payouts });
    if (world.told) await world.compare();
  }
}

interface Parts {
  world: BooksWorld;
  sales: SaleSteps;
  payouts: PayoutSteps;
}

async function play(step: BooksStep, { world, sales, payouts }: Parts): Promise<void> {
  switch (step.kind) {
    case 'sell':
      return sales.sell(step);
    case 'refund':
      return sales.refund(step);
    case 'refund done':
      return sales.refundDone(step.of);
    case 'refund settled':
      return sales.refundSettled(step.of);
    case 'refund given back':
      return sales.refundGivenBack(step.of);
    case 'refund returned':
      return sales.refundReturned(step.of);
    case 'dispute':
      return sales.dispute(step);
    case 'dispute won':
      return sales.disputeWon(step);
    case 'dispute lost':
      return sales.disputeLost(step.of);
    case 'payout':
      return payouts.request(step);
    case 'payout goes on':
      return payouts.goesOn(step.of);
    case 'payout released':
      return payouts.released(step.of);
    case 'payout returned':
      return payouts.returned(step.of);
    case 'days pass':
      world.day += step.days;
      world.told = true;
  }
}
