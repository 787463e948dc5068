import { Type } from 'typebox';
import { check, ControlError } from '../sim/check.ts';
import type { ControlHandler } from '../sim/control.ts';
import type { Limits } from '../sim/limits.ts';
import { StripeFailure } from './errors.ts';
import { moneyControls } from './money-controls.ts';
import { authenticate } from './resources/payment-intents/settle.ts';
import type { World } from './world.ts';

const strict = { additionalProperties: false };
const milliseconds = Type.Integer({ minimum: 0 });

const webhookSpec = Type.Partial(
  Type.Object({
    endpoints: Type.Array(
      Type.Object(
        {
          url: Type.String({ pattern: '^https?://' }),
          secret: Type.String({ pattern: '^whsec_' }),
          events: Type.Optional(Type.Array(Type.String())),
          connect: Type.Optional(Type.Boolean()),
        },
        strict,
      ),
    ),
    mode: Type.Union([Type.Literal('deliver'), Type.Literal('hold'), Type.Literal('drop')]),
    delayMs: milliseconds,
    copies: Type.Integer({ minimum: 1 }),
    reorder: Type.Integer({ minimum: 1 }),
    retryMs: Type.Array(milliseconds),
  }),
  strict,
);

const releaseSpec = Type.Object(
  { order: Type.Optional(Type.Union([Type.Literal('forward'), Type.Literal('reverse')])) },
  strict,
);

const authenticateSpec = Type.Object(
  { payment_intent: Type.String(), outcome: Type.Union([Type.Literal('succeed'), Type.Literal('fail')]) },
  strict,
);

function webhookControls(world: World): Record<string, ControlHandler> {
  const { webhooks } = world;
  const settings = () => ({
    ...webhooks.settings,
    endpoints: webhooks.settings.endpoints.map(({ secret: _secret, ...endpoint }) => endpoint),
  });
  return {
    'GET /_sim/webhooks': () => ({ ...settings(), deliveries: webhooks.list() }),
    'POST /_sim/webhooks': ({ body }) => {
      webhooks.settings = { ...webhooks.settings, ...check(webhookSpec, body) };
      return settings();
    },
    'POST /_sim/webhooks/release': async ({ body }) => ({
      released: await webhooks.release(check(releaseSpec, body).order),
    }),
    /** Sends an event once more, as the Dashboard's "resend" does: days late, if the clock was moved. */
    'POST /_sim/webhooks/resend': ({ body }) => {
      const { event: id } = check(Type.Object({ event: Type.String() }, strict), body);
      const event = [...world.accounts.values()].flatMap(({ store }) => store.events.get(id) ?? [])[0];
      if (!event) throw new ControlError(`no event '${id}'`);
      webhooks.deliver(event);
      return { resent: id };
    },
    'POST /_sim/authenticate': ({ body }) => {
      const { payment_intent, outcome } = check(authenticateSpec, body);
      return authenticate(world, payment_intent, outcome);
    },
  };
}

/** What Stripe would refuse is wrong for a control route too. */
function refusing(handler: ControlHandler): ControlHandler {
  return async (call) => {
    try {
      return await handler(call);
    } catch (error) {
      throw error instanceof StripeFailure ? new ControlError(error.message) : error;
    }
  };
}

/** The Stripe simulator's own control routes. */
export function stripeControls(world: World, payoutLimits: Limits): Record<string, ControlHandler> {
  const handlers = { ...webhookControls(world), ...moneyControls(world, payoutLimits) };
  return Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, refusing(handler)]));
}
