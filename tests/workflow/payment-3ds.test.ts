/** 3-D Secure: the card asks for its holder, who confirms, fails, or never comes. */
import { describe, expect, test } from 'vitest';
import { afterCustomerUpdateId, authorizedUpdateId } from '../../contracts/ids.ts';
import { authorizedUpdate, statusQuery } from '../../contracts/messages.ts';
import { customerPollMs, customerWindowMs, lastLookMs } from '../../contracts/retry-profiles.ts';
import { declines, exhausts, failsFor, Gate, hangs } from '../support/workflow-behaviours.ts';
import { allMeans, cancelAndJudge, me, sendCancel } from '../support/workflow-cancels.ts';
import { customerWanted, customerWho, type CustomerEvent, intentIdOf, tell } from '../support/workflow-customers.ts';
import { cancelledBy, durationOf, endOf, eventsOf, upsertsOf, useWorkflowWorld } from '../support/workflow-judge.ts';
import type { StartedPayment } from '../support/workflow-world.ts';

const world = useWorkflowWorld({ queues: ['money'] });
const minute = 60_000;
const capturable: CustomerEvent = 'payment_intent.amount_capturable_updated';

/** The purchase has asked for its customer. */
async function waiting(...plan: Parameters<typeof customerWho>) {
  const purchase = await world().purchase(customerWho(...plan));
  expect(await purchase.early).toEqual(customerWanted(purchase));
  return purchase;
}

const askedNow = ({ handle, fingerprint }: StartedPayment) =>
  handle.executeUpdate(authorizedUpdate, {
    args: [{ fingerprint, afterCustomer: true }],
    updateId: afterCustomerUpdateId(fingerprint),
  });

describe('a card that asks for its holder', () => {
  test('is no decline: the buyer hears it, with the time they have, and people see who is waited for', async () => {
    const minting = new Gate();
    const purchase = await world().purchase((twin) => {
      customerWho('confirmed')(twin);
      twin.plan('mintTickets', minting.passes);
    });
    expect(await purchase.early).toEqual(customerWanted(purchase));
    const { handle, twin } = purchase;
    expect(await handle.query(statusQuery)).toMatchObject({
      stage: 'awaiting customer',
      attention: 'customer',
      moneyMoved: 'none',
      next: expect.stringContaining('3-D Secure') as string,
    });
    expect(twin.customer.asked).toBe(true);
    expect(await upsertsOf(handle)).toEqual(['awaiting customer/customer']);

    await tell(purchase, capturable);
    await twin.begun('mintTickets');
    expect(await handle.query(statusQuery)).toMatchObject({ stage: 'minting', attention: 'none', moneyMoved: 'held' });
    minting.open();
    expect(await endOf(purchase)).toMatchObject({ status: 'completed', intentId: intentIdOf(purchase) });
    expect(await upsertsOf(handle)).toEqual(['awaiting customer/customer', 'minting/none', 'completed/none']);
    expect(twin.count('authorizePayment')).toBe(1);
  });

  test('waits for half an hour, and says so: not longer than a purchase may take to its authorization', async () => {
    const purchase = await waiting('waited for');
    const early = await purchase.early;
    const { startTime } = await purchase.handle.describe();
    const wait = early.status === 'requires_action' ? Date.parse(early.expiresAt) - startTime.getTime() : 0;
    expect(wait).toBeGreaterThanOrEqual(customerWindowMs);
    expect(wait).toBeLessThan(customerWindowMs + minute);
    await endOf(purchase);
  });

  test('keeps its secret out of the history', async () => {
    const purchase = await waiting('waited for', 'confirmed');
    await endOf(purchase);
    expect(JSON.stringify(await eventsOf(purchase.handle))).not.toMatch(/secret/i);
  });
});

describe('the webhook', () => {
  test('makes it look at once, and what it says is not believed but looked up', async () => {
    const purchase = await waiting('waited for', 'confirmed');
    await tell(purchase, capturable);
    await purchase.twin.begun('retrieveAuthorization');
    await tell(purchase, 'payment_intent.payment_failed');
    expect((await endOf(purchase)).status).toBe('completed');
    expect(purchase.twin.count('retrieveAuthorization')).toBe(2);
    expect(await durationOf(purchase.handle)).toBeLessThan(customerPollMs(0) + customerPollMs(1));
  });

  test('of another intent makes it look no earlier', async () => {
    const purchase = await waiting('confirmed');
    await tell(purchase, capturable, 'pi_of_another_attempt');
    expect((await endOf(purchase)).status).toBe('completed');
    expect(await durationOf(purchase.handle)).toBeGreaterThanOrEqual(customerPollMs(0));
  });

  test('that comes before the answer that tells which intent is ours is not lost', async () => {
    const answer = new Gate();
    const purchase = await world().purchase((twin) => {
      customerWho('confirmed')(twin);
      twin.plan('authorizePayment', answer.passes);
    });
    await purchase.twin.begun('authorizePayment');
    await tell(purchase, capturable);
    answer.open();
    expect((await endOf(purchase)).status).toBe('completed');
    expect(await durationOf(purchase.handle)).toBeLessThan(customerPollMs(0));
  });

  test('that never comes costs time only: it is looked now and then, with pauses that grow', async () => {
    const purchase = await waiting('waited for', 'waited for', 'waited for', 'confirmed');
    expect((await endOf(purchase)).status).toBe('completed');
    expect(purchase.twin.count('retrieveAuthorization')).toBe(4);
    const pauses = [0, 1, 2, 3].map(customerPollMs);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(await durationOf(purchase.handle)).toBeGreaterThanOrEqual(pauses.reduce((sum, pause) => sum + pause, 0));
  });
});

describe('a customer', () => {
  test('who fails ends it declined with the code of the provider, and the intent is canceled', async () => {
    const purchase = await waiting({ failed: 'payment_intent_authentication_failure' });
    await tell(purchase, 'payment_intent.payment_failed');
    const end = await endOf(purchase);
    expect(end).toEqual({ status: 'declined', moneyMoved: 'none', code: 'payment_intent_authentication_failure' });
    expect(purchase.twin.inputsOf('voidPayment')).toMatchObject([{ intentId: intentIdOf(purchase) }]);
    expect(await upsertsOf(purchase.handle)).toEqual(['awaiting customer/customer', 'undoing/none', 'declined/none']);
    expect(purchase.twin.count('mintTickets')).toBe(0);
  });

  test('who never comes ends it expired when their time is over, and the intent is canceled', async () => {
    const purchase = await waiting('waited for');
    expect(await endOf(purchase)).toEqual({ status: 'expired', moneyMoved: 'none', what: 'customer' });
    expect(purchase.twin.inputsOf('voidPayment')).toMatchObject([{ intentId: intentIdOf(purchase) }]);
    const took = await durationOf(purchase.handle);
    expect(took).toBeGreaterThanOrEqual(customerWindowMs);
    expect(took).toBeLessThan(customerWindowMs + minute);
    // Half an hour costs a dozen looks.
    expect(purchase.twin.count('retrieveAuthorization')).toBeLessThan(15);
  });

  test('who comes in the last moment was in time: it goes on', async () => {
    let looks = 0;
    for (let at = 0; at < customerWindowMs; looks += 1) at += customerPollMs(looks);
    const purchase = await waiting(...Array<'waited for'>(looks - 1).fill('waited for'), 'confirmed');
    expect((await endOf(purchase)).status).toBe('completed');
    expect(await durationOf(purchase.handle)).toBeGreaterThanOrEqual(customerWindowMs);
  });

  test('whose intent somebody canceled at the provider ends it expired', async () => {
    const purchase = await waiting('canceled');
    await tell(purchase, 'payment_intent.canceled');
    expect(await endOf(purchase)).toEqual({ status: 'expired', moneyMoved: 'none', what: 'authorization' });
  });

  test('who confirmed does not save a purchase whose tickets cannot be made: the hold is released', async () => {
    const purchase = await world().purchase((twin) => {
      customerWho('confirmed')(twin);
      twin.plan('mintTickets', declines('ticket_taken'));
    });
    expect(await endOf(purchase)).toEqual({ status: 'unfulfilled', moneyMoved: 'none', reason: 'ticket_taken' });
    expect(purchase.twin.money).toBe('voided');
  });
});

describe('who asks', () => {
  test('again while the customer is waited for hears the same; asking for what follows waits for it', async () => {
    const minting = new Gate();
    const purchase = await world().purchase((twin) => {
      customerWho('confirmed')(twin);
      twin.plan('mintTickets', minting.passes);
    });
    const first = await purchase.early;
    const { fingerprint, handle } = purchase;
    const again = await handle.executeUpdate(authorizedUpdate, {
      args: [{ fingerprint }],
      updateId: authorizedUpdateId(fingerprint),
    });
    expect(again).toEqual(first);
    const later = askedNow(purchase);
    await tell(purchase, capturable);
    expect(await later).toMatchObject({ status: 'authorized', moneyMoved: 'held', captureBefore: expect.any(String) });
    expect(purchase.twin.tickets).toBe('none');
    minting.open();
    await endOf(purchase);
  });

  test('for what follows hears the end where the customer failed', async () => {
    const purchase = await waiting({ failed: 'authentication_failed' });
    const later = askedNow(purchase);
    await tell(purchase, 'payment_intent.payment_failed');
    expect(await later).toEqual(await endOf(purchase));
  });
});

describe.each(allMeans)('cancelled by %s', (how) => {
  test('while the customer is waited for: the intent is canceled', async () => {
    const purchase = await waiting('waited for');
    await cancelAndJudge(purchase, how);
    expect(purchase.twin.inputsOf('voidPayment')).toMatchObject([{ intentId: intentIdOf(purchase) }]);
  });

  test('while it is looked what they did, and they did confirm: what is held is released', async () => {
    const purchase = await world().purchase((twin) => {
      customerWho('confirmed')(twin);
      twin.plan('retrieveAuthorization', hangs({ commits: true }));
    });
    await purchase.early;
    await tell(purchase, capturable);
    await purchase.twin.begun('retrieveAuthorization');
    await cancelAndJudge(purchase, how);
    expect(purchase.twin.money).toBe('voided');
  });
});

test('nothing is promised of a purchase that was cancelled before the customer could be asked', async () => {
  const answer = new Gate();
  const purchase = await world().purchase((twin) => {
    customerWho('waited for')(twin);
    twin.plan('authorizePayment', answer.passes);
  });
  await purchase.twin.begun('authorizePayment');
  await sendCancel(purchase, 'signal');
  answer.open();
  expect(await purchase.early).toEqual(cancelledBy(me.actor, me.reason));
  await endOf(purchase);
});

describe('a provider that does not say what the customer did', () => {
  test('parks the look, visibly, and waits for the customer again once it answers', async () => {
    const purchase = await world().purchase((twin) => {
      customerWho('waited for', 'confirmed')(twin);
      twin.plan('retrieveAuthorization', exhausts({ sent: 0 }));
    });
    expect((await endOf(purchase)).status).toBe('completed');
    expect(await upsertsOf(purchase.handle)).toEqual([
      'awaiting customer/customer',
      'in review/review',
      'awaiting customer/customer',
      'minting/none',
      'completed/none',
    ]);
  });

  test('does not keep a purchase beyond its time: the intent is canceled', async () => {
    const purchase = await world().purchase((twin) => {
      customerWho('waited for')(twin);
      twin.always('retrieveAuthorization', failsFor(minute / 4));
    });
    expect(await endOf(purchase)).toEqual({ status: 'expired', moneyMoved: 'none', what: 'customer' });
    expect(await durationOf(purchase.handle)).toBeLessThan(customerWindowMs + lastLookMs + minute);
  });
});
