import { describe, expect, test } from 'vitest';
import { failureOf, order, setUp } from './sim-stripe-helpers.ts';
import { eventTypes } from './sim-stripe-money.ts';

const challenged = order({ payment_method: 'pm_card_authenticationRequired' });

/** An intent that waits for its customer. */
async function waiting() {
  const setup = await setUp();
  const { id, status } = await setup.stripe.paymentIntents.create(challenged);
  expect(status).toBe('requires_action');
  const told = () => eventTypes(setup.stripe, { after: 'payment_intent.requires_action' });
  return { ...setup, id, told };
}

describe('3-D Secure', () => {
  test('done: the money is held and can be captured', async () => {
    const { stripe, control, id, told } = await waiting();
    await control('POST', 'authenticate', { payment_intent: id, outcome: 'succeed' });
    expect(await told()).toEqual(['charge.succeeded', 'payment_intent.amount_capturable_updated']);
    expect((await stripe.paymentIntents.capture(id)).status).toBe('succeeded');
  });

  test('failed: the customer can try another card under the same intent', async () => {
    const { stripe, control, id, told } = await waiting();
    await control('POST', 'authenticate', { payment_intent: id, outcome: 'fail' });
    expect(await told()).toEqual(['payment_intent.payment_failed']);
    expect((await failureOf(stripe.paymentIntents.capture(id))).code).toBe('payment_intent_unexpected_state');
    const again = await stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' });
    expect(again).toMatchObject({ status: 'requires_capture', next_action: null, last_payment_error: null });
  });

  test('never done: it waits until it is canceled, and cannot be done afterwards', async () => {
    const { stripe, control, id, told } = await waiting();
    await control('POST', 'clock', { advance: 8 * 24 * 3600 * 1000 });
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe('requires_action');
    expect(await stripe.paymentIntents.cancel(id)).toMatchObject({ status: 'canceled', next_action: null });
    expect(await told()).toEqual(['payment_intent.canceled']);
    for (const outcome of ['succeed', 'fail']) {
      await expect(control('POST', 'authenticate', { payment_intent: id, outcome })).rejects.toThrow('is canceled');
    }
    expect(await failureOf(stripe.paymentIntents.cancel(id))).toMatchObject({
      code: 'payment_intent_unexpected_state',
      payment_intent: { status: 'canceled' },
    });
  });

  test('done twice, or while it is captured, moves nothing', async () => {
    const { stripe, control, id } = await waiting();
    await control('POST', 'authenticate', { payment_intent: id, outcome: 'succeed' });
    await expect(control('POST', 'authenticate', { payment_intent: id, outcome: 'succeed' })).rejects.toThrow(
      'requires_capture',
    );
    expect((await stripe.charges.list({ payment_intent: id })).data).toHaveLength(1);
  });
});
