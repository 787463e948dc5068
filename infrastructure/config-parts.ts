/** The parts that a process can ask for: names, defaults and what each variable is set to. config.ts loads them. */
import { Type } from 'typebox';
import { monitorVariables } from './monitor-config.ts';
import { alertLinkKey, alertVariables } from './config-alerts.ts';
import { laneNames, workflowQueues } from '../contracts/task-queues.ts';

const text = (description: string) => Type.String({ minLength: 1, description });
const optional = (description: string) => Type.Optional(text(description));
const url = (schemes: string, description: string) => Type.String({ pattern: `^(${schemes})://\\S+$`, description });
const port = (name: string, fallback: number) =>
  Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: fallback,
    description: `a port, 0 to 65535 (0: any free one; ${name})`,
  });
const count = (fallback: number, maximum: number, description: string) =>
  Type.Integer({ minimum: 1, maximum, default: fallback, description });

/** Each is the environment of one outside thing. */
export const parts = {
  process: Type.Object({
    NODE_ENV: Type.Optional(
      Type.Enum(['production', 'development', 'test'], { description: 'production, development or test' }),
    ),
    LOG_LEVEL: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      default: 'info',
      description: 'trace, debug, info, warn, error, fatal or silent',
    }),
  }),
  temporal: Type.Object({
    TEMPORAL_ADDRESS: Type.String({ pattern: '^\\S+:\\d+$', description: "the Temporal frontend's host:port" }),
    TEMPORAL_NAMESPACE: Type.String({ minLength: 1, default: 'default', description: 'a namespace' }),
    TEMPORAL_API_KEY: optional('an API key of Temporal Cloud'),
    TEMPORAL_TLS_CA: optional('a PEM certificate'),
    TEMPORAL_TLS_CERT: optional('a PEM certificate'),
    TEMPORAL_TLS_KEY: optional('a PEM private key'),
    TEMPORAL_UI_URL: Type.Optional(url('https?', 'the address of the Web UI, http(s)://…')),
  }),
  database: Type.Object({
    DATABASE_URL: Type.Optional(
      url(
        'postgres(ql)?',
        'postgres://user:password@host:port/name (or DB_HOST, DB_PORT, DB_USER, DB_PASSWORD, DB_NAME)',
      ),
    ),
    DB_HOST: optional('a host'),
    DB_PORT: Type.Integer({ minimum: 1, maximum: 65_535, default: 5432, description: 'a port' }),
    DB_USER: optional('the application role, which owns no table'),
    DB_PASSWORD: optional('its password'),
    DB_NAME: optional('the database'),
    DB_POOL_MIN: Type.Integer({ minimum: 0, maximum: 100, default: 0, description: '0 to 100 idle connections' }),
    DB_POOL_MAX: count(10, 500, '1 to 500 connections'),
  }),
  stripe: Type.Object({
    STRIPE_SECRET_KEY: Type.String({
      pattern: '^(sk|rk)_(test|live)_\\S+$',
      description: 'sk_test_…, sk_live_… or a restricted rk_… key',
    }),
    STRIPE_API_BASE: Type.Optional(url('https?', "another address than Stripe's own, e.g. the simulator's")),
  }),
  stripeWebhook: Type.Object({
    STRIPE_WEBHOOK_SECRET: Type.String({
      pattern: '^whsec_\\S+$',
      description: "the webhook endpoint's signing secret, whsec_…",
    }),
    STRIPE_CONNECT_WEBHOOK_SECRET: Type.Optional(
      Type.String({
        pattern: '^whsec_\\S+$',
        description: 'the signing secret of the webhook endpoint for connected accounts, whsec_…',
      }),
    ),
    STRIPE_LIVEMODE: Type.Boolean({
      default: false,
      description: 'true where the keys are live keys; events of the other mode are refused',
    }),
  }),
  chain: Type.Object({
    CHAIN_RPC_URL: url('https?', "the chain node's address, http(s)://…"),
    CHAIN_ID: Type.Integer({ minimum: 1, description: 'the chain id, e.g. 1, 137 or 31337' }),
    CHAIN_CONTRACT_ADDRESS: Type.String({
      pattern: '^0x[0-9a-fA-F]{40}$',
      description: '0x and 40 hex digits (`boxoffice setup` deploys one)',
    }),
    CHAIN_ISSUER_KEY: Type.String({
      pattern: '^0x[0-9a-fA-F]{64}$',
      description: "the issuer's private key, 0x and 64 hex digits",
    }),
    CHAIN_CONFIRMATIONS: count(2, 200, '1 to 200 blocks'),
    CHAIN_BUMP_AFTER_SECONDS: count(45, 90, '1 to 90 seconds'),
    CHAIN_MAX_FEE_GWEI: count(500, 1_000_000, '1 to 1000000 gwei per gas'),
  }),
  mail: Type.Object({
    SMTP_URL: url('smtps?', 'smtp(s)://user:password@host:port'),
    MAIL_FROM: text('the sender, e.g. Boxoffice <tickets@example.com>'),
  }),
  sms: Type.Object({
    TWILIO_ACCOUNT_SID: Type.String({ pattern: '^AC[0-9a-fA-F]{32}$', description: 'AC and 32 hex digits' }),
    TWILIO_AUTH_TOKEN: text("the account's auth token"),
    TWILIO_FROM: Type.String({
      pattern: '^(\\+[1-9]\\d{6,14}|MG[0-9a-fA-F]{32})$',
      description: 'the sender: a number in E.164, e.g. +15005550006, or a messaging service, MG and 32 hex digits',
    }),
    TWILIO_API_BASE: Type.Optional(url('https?', "another address than Twilio's own, e.g. the simulator's")),
  }),
  monitor: Type.Object(monitorVariables),
  alerts: Type.Object(alertVariables),
  redis: Type.Object({
    REDIS_URL: Type.Optional(
      url('rediss?', 'redis(s)://user:password@host:port/db (or REDIS_HOST, REDIS_PORT, REDIS_PASSWORD, REDIS_DB)'),
    ),
    REDIS_HOST: optional('a host'),
    REDIS_PORT: Type.Integer({ minimum: 1, maximum: 65_535, default: 6379, description: 'a port' }),
    REDIS_PASSWORD: optional('its password'),
    REDIS_DB: Type.Integer({ minimum: 0, maximum: 65_535, default: 0, description: 'the number of a database' }),
    REDIS_TLS: Type.Boolean({ default: false, description: 'true where REDIS_HOST speaks TLS (in a URL: rediss://)' }),
  }),
  lanes: Type.Object({
    LIMITER: Type.Enum(['redis', 'memory'], {
      default: 'redis',
      description: 'redis, or memory (one process paces for itself; refused in production)',
    }),
    RATE_LIMITS: Type.Optional(Type.Enum(['unpaced'], { description: 'unpaced, or absent' })),
    RETRY_SCALE: Type.Number({
      minimum: 0.001,
      maximum: 1,
      default: 1,
      description: "0.001 to 1: shortens the contract's back-off, for tests",
    }),
  }),
  worker: Type.Object({
    WORKER_LANES: Type.Optional(
      Type.String({
        pattern: `^(${[...workflowQueues, ...laneNames].join('|')})(,(${[...workflowQueues, ...laneNames].join('|')}))*$`,
        description: `task queues separated by commas: ${[...workflowQueues, ...laneNames].join(', ')}`,
      }),
    ),
    WORKER_SHUTDOWN_GRACE_SECONDS: count(
      25,
      600,
      '1 to 600 seconds; less than what your orchestrator waits before it kills',
    ),
    WORKER_MAX_CACHED_WORKFLOWS: count(500, 100_000, '1 to 100000 workflows'),
    WORKFLOW_BUNDLE: optional('the path of a prebuilt workflow bundle'),
    DECISION_KEYS: text(
      "the public halves of the API's DECISION_SIGNING_KEY as a JSON Web Key Set, each with a kid (docs/operations.md)",
    ),
    METRICS_HOST: Type.String({ default: '127.0.0.1', description: 'the address that metrics listen on' }),
    METRICS_PORT: port('metrics', 9464),
    SDK_METRICS_PORT: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_535,
        description: "a port for the SDK's own metrics, 1 to 65535; absent: none",
      }),
    ),
  }),
  api: Type.Object({
    API_HOST: Type.String({ default: '127.0.0.1', description: 'the address that the API listens on' }),
    API_PORT: port('the API', 8080),
    JWT_ISSUER: text('the issuer (iss) of accepted tokens'),
    JWT_AUDIENCE: text('the audience (aud) of accepted tokens'),
    JWT_JWKS: Type.Optional(
      Type.String({ pattern: '^\\s*\\{', description: 'the JSON Web Key Set of the public keys (or JWT_JWKS_URL)' }),
    ),
    JWT_JWKS_URL: Type.Optional(url('https?', 'where the JSON Web Key Set is (or JWT_JWKS)')),
    API_DOCS: Type.Enum(['token', 'open'], {
      default: 'token',
      description: 'token, or open on a machine of your own',
    }),
    API_RATE_LIMIT: count(6_000, 1_000_000, '1 to 1000000 requests a minute for each caller'),
    DECISION_SIGNING_KEY: text(
      'a private JSON Web Key on P-256 or Ed25519 with a kid (docs/operations.md says how to make one)',
    ),
    CONTACT_ID_KEY: Type.String({
      minLength: 32,
      description: 'at least 32 characters; keys the ids that stand for personal data',
    }),
    ALERT_LINK_KEY: alertLinkKey,
  }),
} as const;

export type Part = keyof typeof parts;
