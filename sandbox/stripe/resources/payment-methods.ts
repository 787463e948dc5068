import type { Stripe } from 'stripe';
import { type TestCard, testCard } from '../cards.ts';
import { missingResource } from '../errors.ts';
import { newId } from '../ids.ts';
import { one } from '../expand.ts';
import { route } from '../route.ts';
import type { World } from '../world.ts';

const noDetails: Stripe.PaymentMethod.BillingDetails = {
  address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
  email: null,
  name: null,
  phone: null,
  tax_id: null,
};

function build(world: World, { brand, last4, funding }: TestCard): Stripe.PaymentMethod {
  return {
    id: newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: noDetails,
    card: {
      brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'unchecked' },
      country: 'US',
      display_brand: brand,
      exp_month: 12,
      exp_year: new Date(world.clock.now()).getUTCFullYear() + 3,
      fingerprint: `sim${brand}${last4}`,
      funding,
      generated_from: null,
      last4,
      networks: { available: [brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created: world.clock.seconds(),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    type: 'card',
  };
}

/** The payment method of an id, or a new one for the token of a test card. Throws a 400 where there is none. */
export function resolvePaymentMethod(world: World, reference: string): Stripe.PaymentMethod {
  const existing = world.store.payment_methods.get(reference);
  if (existing) return existing;
  const card = testCard(reference);
  if (!card) throw missingResource('PaymentMethod', reference, 'payment_method', 400);
  const created = world.store.payment_methods.add(build(world, card));
  world.behaviors.set(created.id, card.behavior);
  return created;
}

export const paymentMethodRoutes = [
  route('GET', '/v1/payment_methods/:id', one('payment_method'), {}, ({ world, id }): Stripe.PaymentMethod => {
    const found = world.store.payment_methods.get(id);
    if (!found) throw missingResource('PaymentMethod', id, 'payment_method', 404);
    return found;
  }),
];
