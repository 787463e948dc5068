/**
 * The whole of Boxoffice on this machine: the engine's parts, the simulators, worker and API, a deployed contract and two
 * tenants to play with. Nothing here is faked: worker and API run as in production, with other addresses.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { deployContract } from '../activities/providers/chain/deploy.ts';
import { migrate } from '../infrastructure/migrate.ts';
import { ensureWorkflowBundle } from '../workers/bundle.ts';
import type { Endpoints } from './endpoints.ts';
import { fundIssuer } from './issuer.ts';
import { alertEnvironment } from './on-call.ts';
import type { OnProgress } from './progress.ts';
import { scheduleIn } from './schedule.ts';
import { issueTokens, type Tokens } from './tenants.ts';
import { createSigningKey, publicKeysOf, sandboxAudience, sandboxIssuer, writeSigningKey } from './tokens.ts';
import { grantApplicationRoles, startWorld, type Program, type World } from './world.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const fileOf = (name: string) => path.join(root, name);
const secret = (bytes = 24) => randomBytes(bytes).toString('hex');

export interface BoxofficeOptions {
  /** Folder of the world, usually `.sandbox`. */
  dir: string;
  onProgress?: OnProgress;
  onUnexpectedExit?: (name: string) => void;
  /** As in WorldOptions. */
  temporary?: boolean;
  /** As in WorldOptions. */
  blockSeconds?: number;
  /** Gives the start up; what was started is stopped then. */
  signal?: AbortSignal;
  /** Adds to or replaces the environment of worker and API, e.g. `RATE_LIMITS`, `RETRY_SCALE`. */
  env?: Readonly<Record<string, string>>;
  /** Of the Stripe simulator, e.g. `STRIPE_LIMIT_PER_SECOND`. */
  stripeEnv?: Readonly<Record<string, string>>;
  /** Without them a test starts its own. */
  withWorker?: boolean;
  withApi?: boolean;
}

/** A running Boxoffice. Stopping its world stops everything. */
export interface RunningBoxoffice {
  world: World;
  endpoints: Omit<Endpoints, 'pids'>;
  /** The environment that worker and API run with: what a further process of either needs. */
  env: Readonly<Record<string, string>>;
  /** Starts one more worker, e.g. for some lanes only. */
  addWorker(name: string, env?: Readonly<Record<string, string>>): Promise<void>;
}

/** Addresses and secrets, made anew for each world. */
interface Settings {
  ports: { stripe: number; smtp: number; inbox: number; twilio: number; api: number };
  stripeKey: string;
  webhookSecret: string;
  connectWebhookSecret: string;
  mail: { user: string; pass: string };
  sms: { accountSid: string; authToken: string; from: string };
  issuerKey: `0x${string}`;
  tokens: Tokens;
  jwks: string;
  /** Of proofs: the API signs with the one, workers verify with the other. */
  decisions: { signingKey: string; keys: string };
}

async function makeSettings(world: World): Promise<Settings> {
  const [signingKey, decisionKey] = [await createSigningKey(), await createSigningKey()];
  await writeSigningKey(world.dir, signingKey);
  return {
    ports: {
      stripe: await world.freePort(),
      smtp: await world.freePort(),
      inbox: await world.freePort(),
      twilio: await world.freePort(),
      api: await world.freePort(),
    },
    stripeKey: `sk_test_${secret()}`,
    webhookSecret: `whsec_${secret()}`,
    connectWebhookSecret: `whsec_${secret()}`,
    mail: { user: 'boxoffice', pass: secret() },
    sms: { accountSid: `AC${secret(16)}`, authToken: secret(16), from: '+15005550006' },
    issuerKey: generatePrivateKey(),
    tokens: await issueTokens(signingKey),
    jwks: JSON.stringify(publicKeysOf(signingKey)),
    decisions: { signingKey: JSON.stringify(decisionKey), keys: JSON.stringify(publicKeysOf(decisionKey)) },
  };
}

const at = (port: number) => `http://127.0.0.1:${port}`;

function simulators(settings: Settings, options: BoxofficeOptions): Program[] {
  const { ports, stripeKey, webhookSecret, connectWebhookSecret, mail, sms } = settings;
  return [
    {
      name: 'stripe',
      file: fileOf('sandbox/stripe/main.ts'),
      env: {
        PORT: String(ports.stripe),
        STRIPE_SECRET_KEY: stripeKey,
        STRIPE_WEBHOOK_SECRET: webhookSecret,
        STRIPE_WEBHOOK_URL: `${at(ports.api)}/webhooks/stripe`,
        STRIPE_CONNECT_WEBHOOK_SECRET: connectWebhookSecret,
        STRIPE_CONNECT_WEBHOOK_URL: `${at(ports.api)}/webhooks/stripe/connect`,
        ...options.stripeEnv,
      },
      ready: { port: ports.stripe },
    },
    {
      name: 'smtp',
      file: fileOf('sandbox/smtp/main.ts'),
      env: { PORT: String(ports.smtp), HTTP_PORT: String(ports.inbox), SMTP_USER: mail.user, SMTP_PASS: mail.pass },
      ready: { url: `${at(ports.inbox)}/inbox` },
    },
    {
      name: 'twilio',
      file: fileOf('sandbox/twilio/main.ts'),
      env: { PORT: String(ports.twilio), ...twilioAccount(sms) },
      ready: { port: ports.twilio },
    },
  ];
}

const twilioAccount = ({ accountSid, authToken, from }: Settings['sms']) => ({
  TWILIO_ACCOUNT_SID: accountSid,
  TWILIO_AUTH_TOKEN: authToken,
  TWILIO_FROM: from,
});

/** Real credentials in the environment replace the simulator; they come together. */
function twilioEnvironment({ sms, ports }: Settings): Record<string, string> {
  const { TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM } = process.env;
  if (TWILIO_ACCOUNT_SID && TWILIO_AUTH_TOKEN && TWILIO_FROM)
    return { TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM };
  return { ...twilioAccount(sms), TWILIO_API_BASE: at(ports.twilio) };
}

/** What worker and API are configured with: the same names as in production. */
function environment(world: World, settings: Settings, contract: string, bundle: string): Record<string, string> {
  const { ports, mail } = settings;
  const temporal = world.address('temporal');
  const anvil = world.address('anvil');
  const twilio = twilioEnvironment(settings);
  return {
    NODE_ENV: 'development',
    LOG_LEVEL: 'info',
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    TEMPORAL_UI_URL: temporal.webUi,
    DATABASE_URL: world.address('postgres').application,
    REDIS_URL: world.address('valkey').url,
    STRIPE_SECRET_KEY: process.env['STRIPE_SECRET_KEY'] ?? settings.stripeKey,
    // Real test credentials in the environment replace the simulator.
    ...(process.env['STRIPE_SECRET_KEY'] ? {} : { STRIPE_API_BASE: at(ports.stripe) }),
    STRIPE_WEBHOOK_SECRET: process.env['STRIPE_WEBHOOK_SECRET'] ?? settings.webhookSecret,
    STRIPE_CONNECT_WEBHOOK_SECRET: process.env['STRIPE_CONNECT_WEBHOOK_SECRET'] ?? settings.connectWebhookSecret,
    SMTP_URL: `smtp://${mail.user}:${mail.pass}@127.0.0.1:${ports.smtp}`,
    MAIL_FROM: 'Boxoffice <tickets@boxoffice.example>',
    ...twilio,
    ...alertEnvironment(process.env, { real: twilio['TWILIO_API_BASE'] === undefined }),
    ALERT_LINK_KEY: secret(32),
    API_PUBLIC_URL: at(ports.api),
    CHAIN_RPC_URL: anvil.rpc,
    CHAIN_ID: String(anvil.chainId),
    CHAIN_CONTRACT_ADDRESS: contract,
    CHAIN_ISSUER_KEY: settings.issuerKey,
    CHAIN_CONFIRMATIONS: '2',
    LIMITER: 'redis',
    // The node is ours, and the contract's 10 a second are a public provider's.
    RATE_LIMIT_CHAIN: '500,100',
    WORKFLOW_BUNDLE: bundle,
    API_PORT: String(ports.api),
    API_DOCS: 'open',
    JWT_ISSUER: sandboxIssuer,
    JWT_AUDIENCE: sandboxAudience,
    JWT_JWKS: settings.jwks,
    CONTACT_ID_KEY: secret(32),
    DECISION_SIGNING_KEY: settings.decisions.signingKey,
    DECISION_KEYS: settings.decisions.keys,
  };
}

/**
 * @throws Error when the folder holds a running world or a part does not come up, and the signal's reason when it was
 *   aborted; nothing is left behind then.
 */
export async function startBoxoffice(options: BoxofficeOptions): Promise<RunningBoxoffice> {
  const bundling = ensureWorkflowBundle();
  bundling.catch(() => undefined); // heard of below
  const world = await startWorld(options);
  try {
    return await unlessAborted(
      bundling.then((bundle) => furnish(world, bundle, options)),
      options.signal,
    );
  } catch (error) {
    await world.stop();
    throw error;
  }
}

/** `work`, or the signal's reason at once. What is being started then finds its world stopped. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  signal.throwIfAborted();
  const aborted = once(signal, 'abort').then(() => Promise.reject(signal.reason));
  return Promise.race([work, aborted]);
}

/** As Promise.all, but waits for all to end even when one fails: nothing may start after the stop. */
async function together<T extends readonly Promise<unknown>[]>(
  work: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

async function furnish(world: World, bundle: string, options: BoxofficeOptions): Promise<RunningBoxoffice> {
  const settings = await makeSettings(world);
  const [running] = await together([
    startOurs(world, settings, bundle, options),
    ...simulators(settings, options).map((program) => world.add(program)),
  ]);
  await world.publish(running.endpoints);
  return running;
}

/** Schema and contract, then worker and API. */
async function startOurs(
  world: World,
  settings: Settings,
  bundle: string,
  options: BoxofficeOptions,
): Promise<RunningBoxoffice> {
  const { owner } = world.address('postgres');
  const { rpc, chainId } = world.address('anvil');
  const [contract] = await together([
    deployTickets(rpc, chainId, settings.issuerKey),
    migrate({ url: owner, log: () => undefined }).then(() => grantApplicationRoles(owner)),
  ]);

  const env = { ...environment(world, settings, contract, bundle), ...options.env };
  const metricsPort = await world.freePort();
  const sdkMetricsPort = await world.freePort();
  const addWorker = async (name: string, more: Readonly<Record<string, string>> = {}) => {
    const port = more['METRICS_PORT'] ?? String(await world.freePort());
    await world.add({
      name,
      file: fileOf('workers/main.ts'),
      env: { ...env, ...more, METRICS_PORT: port },
      ready: { url: `${at(Number(port))}/health/ready` },
    });
  };
  const addApi = () =>
    world.add({
      name: 'api',
      file: fileOf('api/server.ts'),
      env,
      ready: { url: `${at(settings.ports.api)}/health/ready` },
    });
  await together([
    options.withWorker === false
      ? Promise.resolve()
      : addWorker('worker', { METRICS_PORT: String(metricsPort), SDK_METRICS_PORT: String(sdkMetricsPort) }),
    options.withApi === false ? Promise.resolve() : addApi(),
    scheduleIn(world.address('temporal')),
  ]);
  const endpoints = {
    ...endpointsOf(world, settings, contract, metricsPort),
    sdkMetrics: `${at(sdkMetricsPort)}/metrics`,
  };
  return { world, endpoints, env, addWorker };
}

async function deployTickets(rpcUrl: string, chainId: number, issuerKey: `0x${string}`): Promise<string> {
  await fundIssuer(rpcUrl, privateKeyToAccount(issuerKey).address);
  return deployContract({ rpcUrl, chainId, issuerKey });
}

function endpointsOf(world: World, { ports, tokens }: Settings, contract: string, metricsPort: number) {
  const { address, namespace, webUi } = world.address('temporal');
  const postgres = world.address('postgres');
  const anvil = world.address('anvil');
  return {
    temporal: { address, namespace },
    webUi,
    api: at(ports.api),
    postgres: postgres.application,
    postgresOwner: postgres.owner,
    redis: world.address('valkey').url,
    stripe: at(ports.stripe),
    twilio: at(ports.twilio),
    smtp: { host: '127.0.0.1', port: ports.smtp, inbox: `${at(ports.inbox)}/inbox` },
    chainRpc: anvil.rpc,
    chain: { contract, chainId: anvil.chainId },
    metrics: `${at(metricsPort)}/metrics`,
    tokens,
  };
}
