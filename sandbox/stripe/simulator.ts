import { createState, createSimServer, type SimServer, type SimServerOptions } from '../sim/server.ts';
import { stripeControls } from './controls.ts';
import { failureInFront } from './execution.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { createPipeline } from './pipeline.ts';
import { transactionsNow } from './transactions.ts';
import { expireAuthorizations } from './resources/payment-intents/settle.ts';
import { createStore } from './store.ts';
import { summarize } from './summary.ts';
import { Webhooks, type WebhookSettings } from './webhooks.ts';
import type { World } from './world.ts';

export interface StripeSimulatorOptions extends SimServerOptions {
  /** The one key that is accepted, `sk_test_…`. */
  secretKey: string;
  webhooks?: Partial<WebhookSettings>;
  /** How long an authorization holds, in seconds of the simulator's clock; 7 days unless given. */
  authorizationSeconds?: number;
}

export interface StripeSimulator extends SimServer {
  world: World;
}

/** Stripe's sandbox: 25 calls in any second for an account. Its concurrency limit is not published. */
const sandboxLimits = { perSecond: 25, concurrent: null, retryAfter: null };
const expiryCheckMs = 200;

/**
 * A Stripe account that keeps state, as an HTTP server on `host` and `port` (a free one unless given).
 * Throws what `listen` throws.
 */
export async function createStripeSimulator(options: StripeSimulatorOptions): Promise<StripeSimulator> {
  const state = createState({ ...options, limits: { ...sandboxLimits, ...options.limits } });
  const { clock, limits } = state;
  const world: World = {
    store: createStore(),
    clock,
    webhooks: new Webhooks(options.webhooks ?? {}),
    behaviors: new Map(),
    authorizations: new Map(),
    authorizationSeconds: options.authorizationSeconds ?? 7 * 24 * 3600,
  };
  const keys = new IdempotencyKeys(clock);
  const { store } = world;
  const server = await createSimServer(
    state,
    {
      answer: createPipeline({ world, keys, limits, secretKey: options.secretKey }),
      failure: failureInFront,
      idempotencyKey: ({ 'idempotency-key': key }) => (typeof key === 'string' ? key : null),
      summary: () => summarize(world),
      routes: stripeControls(world),
      objects: {
        payment_intents: () => store.payment_intents.all(),
        charges: () => store.charges.all(),
        balance_transactions: () => transactionsNow(world),
        payment_methods: () => store.payment_methods.all(),
        events: () => store.events.all(),
        idempotency_keys: () => keys.list(),
      },
    },
    options,
  );
  const expire = (): void => expireAuthorizations(world);
  clock.onChange(expire);
  const timer = setInterval(expire, expiryCheckMs);
  return {
    ...server,
    world,
    close: () => {
      clearInterval(timer);
      world.webhooks.close();
      return server.close();
    },
  };
}
