import { describe, expect, test } from 'vitest';
import { order, setUp } from './sim-stripe-helpers.ts';
import { shapeFaults } from './sim-stripe-shapes.ts';

describe("the check against Stripe's shapes", () => {
  test('takes what the simulator answers, to the deepest expansion', async () => {
    const { stripe } = await setUp();
    const { id } = await stripe.paymentIntents.create(order({ capture_method: 'automatic' }));
    const intent = await stripe.paymentIntents.retrieve(id, {
      expand: ['latest_charge.balance_transaction', 'payment_method'],
    });
    expect(shapeFaults(JSON.parse(JSON.stringify(intent)))).toEqual([]);
    expect(intent.latest_charge).toMatchObject({ object: 'charge', balance_transaction: { fee: 320 } });
  });

  test('finds a missing, an unknown, a null and a wrong field, and a value outside of an enum', async () => {
    const { stripe } = await setUp();
    const { id } = await stripe.paymentIntents.create(order());
    const intent = await stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] });
    const faults = (change: object): string[] => shapeFaults({ ...JSON.parse(JSON.stringify(intent)), ...change });
    expect(faults({ amount_received: undefined })).toEqual(['PaymentIntent.amount_received is required and missing']);
    expect(faults({ invoice: null })).toEqual(["PaymentIntent.invoice is no field of Stripe's"]);
    expect(faults({ amount: null })).toEqual(['PaymentIntent.amount is null, wanted is number']);
    expect(faults({ created: '1' })).toEqual(['PaymentIntent.created is "1", wanted is number']);
    expect(faults({ status: 'paid' })[0]).toMatch(/^PaymentIntent\.status is "paid"/);
    const charge = JSON.parse(JSON.stringify(intent.latest_charge));
    charge.payment_method_details.card.checks.cvc_check = 7;
    expect(faults({ latest_charge: charge })).toHaveLength(1);
  });
});
