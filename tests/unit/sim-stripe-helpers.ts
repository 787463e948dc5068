import { Stripe } from 'stripe';
import { afterEach, expect } from 'vitest';
import {
  createStripeSimulator,
  type StripeSimulator,
  type StripeSimulatorOptions,
} from '../../sandbox/stripe/simulator.ts';
import { shapeFaults } from './sim-stripe-shapes.ts';

export const secretKey = 'sk_test_simulator';
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((resource) => resource.close()));
});

export function closeAfterTest<T extends { close(): Promise<void> }>(resource: T): T {
  open.push(resource);
  return resource;
}

/** A client that, like ours, retries nothing itself, and that checks the shape of every answer it gets. */
export function clientOf(url: string, options: { apiKey?: string } = {}): Stripe {
  const { hostname, port } = new URL(url);
  const stripe = new Stripe(options.apiKey ?? secretKey, {
    host: hostname,
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    emitEventBodies: true,
  });
  stripe.on('response', (event: Stripe.ResponseEvent & { body?: unknown }) => {
    shapes.push(...shapeFaults(event.body));
  });
  return stripe;
}

const shapes: string[] = [];
afterEach(() => {
  expect(shapes.splice(0)).toEqual([]);
});

export interface Setup {
  sim: StripeSimulator;
  stripe: Stripe;
  /** A call of a control route; throws unless it succeeds. */
  control: (method: string, path: string, body?: unknown) => Promise<Record<string, unknown>>;
}

/** A simulator without a limit of its own, unless one is asked for. */
export async function setUp(options: Partial<StripeSimulatorOptions> = {}): Promise<Setup> {
  const sim = closeAfterTest(await createStripeSimulator({ secretKey, limits: { perSecond: null }, ...options }));
  const control = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${sim.url}/_sim/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = Object(await response.json());
    if (!response.ok) throw new Error(`${method} ${path}: ${String(answer['error'])}`);
    return answer;
  };
  return { sim, stripe: clientOf(sim.url), control };
}

/** What our own authorization sends. */
export const order = (more: Partial<Stripe.PaymentIntentCreateParams> = {}): Stripe.PaymentIntentCreateParams => ({
  amount: 10_000,
  currency: 'usd',
  capture_method: 'manual',
  confirm: true,
  payment_method: 'pm_card_visa',
  allowed_payment_method_types: ['card'],
  transfer_group: 'order-1',
  metadata: { order: 'order-1' },
  ...more,
});

/** The error that a call must end with. */
export async function failureOf(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Stripe.errors.StripeError) return error;
  throw new Error(`expected a Stripe error, got ${String(error)}`);
}
