import type { SimClock } from '../sim/clock.ts';
import { createState, createSimServer, type SimServer, type SimServerOptions } from '../sim/server.ts';
import { Limits, type LimitsSpec } from '../sim/limits.ts';
import { Agenda } from './agenda.ts';
import { platformAccount } from './auth.ts';
import { stripeControls } from './controls.ts';
import { settleDue } from './due.ts';
import { failureInFront } from './execution.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { objectsOf } from './objects.ts';
import { createPipeline } from './pipeline.ts';
import { newAccount } from './resources/accounts.ts';
import { summarize } from './summary.ts';
import { Webhooks, type WebhookSettings } from './webhooks.ts';
import type { World } from './world.ts';

export interface StripeSimulatorOptions extends SimServerOptions {
  /** The one key that is accepted, `sk_test_…`. */
  secretKey: string;
  webhooks?: Partial<WebhookSettings>;
  /** How long an authorization holds, in seconds of the simulator's clock; 7 days unless given. */
  authorizationSeconds?: number;
  /** From a refund to its outcome, in seconds of the simulator's clock, where it comes by itself; 5 unless given. */
  refundSeconds?: number;
  /** From a payout to its arrival, in seconds of the simulator's clock; 2 days unless given. */
  payoutSeconds?: number;
  /** Of the calls that create payouts; 15 in any second unless given, none where calls have no limit at all. */
  payoutLimits?: LimitsSpec;
}

export interface StripeSimulator extends SimServer {
  world: World;
}

/** Stripe's sandbox: 25 calls in any second for an account. Its concurrency limit is not published. */
const sandboxLimits = { perSecond: 25, concurrent: null, retryAfter: null };
/** Creating payouts has a limit of its own: 15 in any second. */
const ofPayouts = { perSecond: 15 };
const dueCheckMs = 200;

function createWorld(clock: SimClock, options: StripeSimulatorOptions): World {
  const platform = newAccount(clock.seconds(), { id: platformAccount });
  return {
    store: platform.store,
    accounts: new Map([[platformAccount, platform]]),
    clock,
    webhooks: new Webhooks(options.webhooks ?? {}),
    behaviors: new Map(),
    authorizations: new Map(),
    authorizationSeconds: options.authorizationSeconds ?? 7 * 24 * 3600,
    refundSeconds: options.refundSeconds ?? 5,
    payoutSeconds: options.payoutSeconds ?? 2 * 24 * 3600,
    agenda: new Agenda(),
    plans: { refunds: [], payouts: [] },
  };
}

/**
 * A Stripe account that keeps state, as an HTTP server on `host` and `port` (a free one unless given).
 * Throws what `listen` throws.
 */
export async function createStripeSimulator(options: StripeSimulatorOptions): Promise<StripeSimulator> {
  const state = createState({ ...options, limits: { ...sandboxLimits, ...options.limits } });
  const { clock, limits } = state;
  const { payoutLimits: given = limits.settings.perSecond === null ? {} : ofPayouts } = options;
  const payoutLimits = new Limits(given, options.limitsNow);
  const world = createWorld(clock, options);
  const keys = new IdempotencyKeys(clock);
  const server = await createSimServer(
    state,
    {
      answer: createPipeline({ world, keys, limits, payoutLimits, secretKey: options.secretKey }),
      failure: failureInFront,
      idempotencyKey: ({ 'idempotency-key': key }) => (typeof key === 'string' ? key : null),
      summary: () => summarize(world),
      routes: stripeControls(world, payoutLimits),
      objects: { ...objectsOf(world), idempotency_keys: () => keys.list() },
    },
    options,
  );
  const settle = (): void => settleDue(world);
  clock.onChange(settle);
  const timer = setInterval(settle, dueCheckMs);
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
