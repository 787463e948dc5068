import { numberFrom, runAsProcess } from '../sim/process.ts';
import { createStripeSimulator } from './simulator.ts';

const { env } = process;
const secretKey = env['STRIPE_SECRET_KEY'];
if (!secretKey?.startsWith('sk_test_')) throw new Error('STRIPE_SECRET_KEY is missing; wanted is sk_test_…');
const webhookUrl = env['STRIPE_WEBHOOK_URL'];
const webhookSecret = env['STRIPE_WEBHOOK_SECRET'] ?? '';
// Events of connected accounts go to an endpoint with a secret of its own, as Stripe has it.
const connectUrl = env['STRIPE_CONNECT_WEBHOOK_URL'];
const connectSecret = env['STRIPE_CONNECT_WEBHOOK_SECRET'] ?? '';
const endpoints = [
  ...(webhookUrl ? [{ url: webhookUrl, secret: webhookSecret }] : []),
  ...(connectUrl ? [{ url: connectUrl, secret: connectSecret, connect: true }] : []),
];
const limit = numberFrom(env, 'STRIPE_LIMIT_PER_SECOND', 25);

await runAsProcess('stripe', () =>
  createStripeSimulator({
    secretKey,
    port: numberFrom(env, 'PORT', 0),
    host: env['HOST'] ?? '127.0.0.1',
    authorizationSeconds: numberFrom(env, 'STRIPE_AUTHORIZATION_SECONDS', 7 * 24 * 3600),
    refundSeconds: numberFrom(env, 'STRIPE_REFUND_SECONDS', 5),
    payoutSeconds: numberFrom(env, 'STRIPE_PAYOUT_SECONDS', 2 * 24 * 3600),
    limits: { perSecond: limit === 0 ? null : limit },
    webhooks: { endpoints },
  }),
);
