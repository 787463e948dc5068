/** `npm run api`: configuration, connections, the port, and an orderly end. */
import { Stripe } from 'stripe';
import { createBoxoffice } from '../client/index.ts';
import { createMonitorControl } from '../client/monitor-control.ts';
import { createQueueReads } from '../client/queue-reads.ts';
import { readLimits } from '../contracts/lane-limits.ts';
import { databaseUrlOf, loadConfigOrExit } from '../infrastructure/config.ts';
import { createLogger } from '../infrastructure/logger.ts';
import { createApiMetrics } from '../infrastructure/metrics.ts';
import { createPool } from '../infrastructure/postgres.ts';
import { createAlertLinks } from '../infrastructure/alert-links.ts';
import { readSigningKey } from '../infrastructure/proof-keys.ts';
import { createProofSigner } from '../infrastructure/proofs.ts';
import { createTemporalClient } from '../infrastructure/temporal.ts';
import { connectPace } from '../lanes/connect.ts';
import { createStore } from '../store/index.ts';
import { buildApp } from './app.ts';
import { createLanes } from './lanes.ts';
import { createTokenVerifier, parseKeySet } from './tokens.ts';

const signatureToleranceSeconds = 300;
const drainMs = 15_000;

const config = loadConfigOrExit(process.env, [
  'process',
  'temporal',
  'database',
  'stripeWebhook',
  'lanes',
  'redis',
  'api',
]);
const logger = createLogger('api', config.process.LOG_LEVEL);
const { database, temporal, stripeWebhook, api } = config;

// Configuration asks for one of the two.
const keySource = api.JWT_JWKS_URL ? { url: api.JWT_JWKS_URL } : { jwks: parseKeySet(api.JWT_JWKS ?? '') };

const pool = createPool({
  url: databaseUrlOf(database),
  min: database.DB_POOL_MIN,
  max: database.DB_POOL_MAX,
  applicationName: 'boxoffice-api',
});
const client = createTemporalClient(temporal);
const store = createStore(pool);
const shared = connectPace({
  config,
  limits: readLimits(process.env).limits,
  settings: store.lanes,
  name: 'boxoffice-api',
  log: logger,
});
// Where each process paces for itself, nobody could control all of them from here.
const lanes =
  config.lanes.LIMITER === 'redis' ? createLanes({ pace: shared.pace, store: store.lanes, client, logger }) : undefined;
const checkMs = 2_000;
const connectSecret = stripeWebhook.STRIPE_CONNECT_WEBHOOK_SECRET;

const app = await buildApp({
  boxoffice: createBoxoffice({ temporal: { client } }),
  store,
  lanes,
  monitor: createMonitorControl(client),
  queues: createQueueReads(client),
  metrics: createApiMetrics(),
  verifyToken: createTokenVerifier({ issuer: api.JWT_ISSUER, audience: api.JWT_AUDIENCE, keys: keySource }),
  signProof: createProofSigner(readSigningKey(api.DECISION_SIGNING_KEY)),
  alertLinks: createAlertLinks(api.ALERT_LINK_KEY),
  verifyStripeEvent: (raw, signature) =>
    Stripe.webhooks.constructEvent(raw, signature, stripeWebhook.STRIPE_WEBHOOK_SECRET, signatureToleranceSeconds),
  verifyConnectEvent: connectSecret
    ? (raw, signature) => Stripe.webhooks.constructEvent(raw, signature, connectSecret, signatureToleranceSeconds)
    : undefined,
  livemode: stripeWebhook.STRIPE_LIVEMODE,
  contactIdKey: api.CONTACT_ID_KEY,
  docs: api.API_DOCS,
  limit: { max: api.API_RATE_LIMIT, windowMs: 60_000 },
  checks: {
    postgres: () => pool.query('select 1'),
    temporal: () =>
      client.withDeadline(Date.now() + checkMs, () =>
        client.workflowService.describeNamespace({ namespace: temporal.TEMPORAL_NAMESPACE }),
      ),
  },
  lesserChecks: shared.ping ? { redis: shared.ping } : {},
  logger,
  ...(temporal.TEMPORAL_UI_URL
    ? { webUi: { url: temporal.TEMPORAL_UI_URL, namespace: temporal.TEMPORAL_NAMESPACE } }
    : {}),
});

let stopping: Promise<void> | undefined;
/** Stops listening, lets requests in flight end, then closes what they used. */
async function stop(signal: string): Promise<void> {
  logger.info({ signal }, 'api stopping');
  const late = setTimeout(() => process.exit(1), drainMs);
  late.unref();
  await app.close();
  lanes?.close();
  await Promise.all([shared.close(), pool.end(), client.connection.close()]);
  logger.info('api stopped');
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    stopping ??= stop(signal).catch((error: unknown) => {
      logger.error({ err: error }, 'api did not stop cleanly');
      process.exitCode = 1;
    });
  });
}

// The one line that says where: Fastify logs it.
await app.listen({
  host: api.API_HOST,
  port: api.API_PORT,
  listenTextResolver: (address) => `api listening at ${address}`,
});
