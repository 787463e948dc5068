import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ConfigurationError,
  databaseUrlOf,
  loadConfig,
  parts,
  redisUrlOf,
  type Part,
} from '../../infrastructure/config.ts';
import { decisionKey, decisionKeySet, otherKey } from '../support/decision-keys.ts';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'boxoffice-config-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const good = {
  TEMPORAL_ADDRESS: '127.0.0.1:7233',
  DATABASE_URL: 'postgres://app:pw@127.0.0.1:5432/boxoffice',
  STRIPE_SECRET_KEY: 'sk_test_abc',
  STRIPE_WEBHOOK_SECRET: 'whsec_abc',
  CHAIN_RPC_URL: 'http://127.0.0.1:8545',
  CHAIN_ID: '31337',
  CHAIN_CONTRACT_ADDRESS: `0x${'1'.repeat(40)}`,
  CHAIN_ISSUER_KEY: `0x${'a'.repeat(64)}`,
  SMTP_URL: 'smtp://127.0.0.1:1025',
  TWILIO_ACCOUNT_SID: `AC${'a'.repeat(32)}`,
  TWILIO_AUTH_TOKEN: 'token',
  TWILIO_FROM: '+15005550006',
  MAIL_FROM: 'Boxoffice <tickets@example.com>',
  REDIS_URL: 'redis://127.0.0.1:6379',
  JWT_ISSUER: 'issuer',
  JWT_AUDIENCE: 'boxoffice',
  JWT_JWKS: '{"keys":[]}',
  CONTACT_ID_KEY: 'k'.repeat(32),
  ONCALL_EMAIL: 'oncall@example.com',
  ALERT_LINK_KEY: 'l'.repeat(32),
  API_PUBLIC_URL: 'https://boxoffice.example.com',
  DECISION_SIGNING_KEY: JSON.stringify(decisionKey),
  DECISION_KEYS: decisionKeySet,
};
const urlOf = (env: Record<string, string>) => databaseUrlOf(loadConfig(env, ['database']).database);
const redisOf = (env: Record<string, string>) => redisUrlOf(loadConfig(env, ['redis']).redis);
const keyOf = (env: Record<string, string>) => loadConfig(env, ['stripe']).stripe.STRIPE_SECRET_KEY;
const all = Object.keys(parts) as Part[];

function faultsOf(env: Record<string, string>, names: Part[] = all): string[] {
  try {
    loadConfig(env, names);
  } catch (error) {
    if (error instanceof ConfigurationError) return [...error.faults];
    throw error;
  }
  return [];
}
const changed = (change: Record<string, string>) => faultsOf({ ...good, ...change });

describe('a configuration', () => {
  it('is typed, with the defaults filled in', () => {
    const config = loadConfig({ ...good, API_PORT: '0', STRIPE_LIVEMODE: 'true', RETRY_SCALE: '0.5' }, all);
    expect(config.api).toMatchObject({ API_PORT: 0, API_HOST: '127.0.0.1' });
    expect(config.chain).toMatchObject({ CHAIN_ID: 31_337, CHAIN_CONFIRMATIONS: 2 });
    expect(config.stripeWebhook.STRIPE_LIVEMODE).toBe(true);
    expect(config.lanes).toEqual({ LIMITER: 'redis', RETRY_SCALE: 0.5 });
    expect(config.redis).toEqual({ REDIS_URL: good.REDIS_URL, REDIS_PORT: 6379, REDIS_DB: 0, REDIS_TLS: false });
    expect(config.process.LOG_LEVEL).toBe('info');
  });

  it('asks only for what a process needs', () => {
    expect(loadConfig({ STRIPE_SECRET_KEY: 'sk_test_abc' }, ['stripe'])).toEqual({
      stripe: { STRIPE_SECRET_KEY: 'sk_test_abc' },
    });
  });

  it('names everything that is missing at once, and what to set it to', () => {
    const faults = faultsOf({});
    const names = faults.map((fault) => fault.split(' ')[0]);
    expect(new Set(names)).toEqual(new Set(Object.keys(good)));
    expect(names).toHaveLength(23);
    for (const fault of faults) expect(fault).toMatch(/^[A-Z_]+ is missing; set it to \S/);
    expect(new ConfigurationError(faults).message).toMatch(/^The configuration has 23 faults:\n {2}- /);
  });

  it('counts what is empty as missing', () => {
    expect(changed({ STRIPE_SECRET_KEY: '' })).toEqual([
      'STRIPE_SECRET_KEY is missing; set it to sk_test_…, sk_live_… or a restricted rk_… key',
    ]);
  });

  it.each([
    ['CHAIN_ID', 'main'],
    ['API_PORT', '8080.5'],
    ['API_PORT', '0x10'],
    ['API_PORT', 'true'],
    ['API_PORT', '70000'],
    ['DB_POOL_MAX', '0'],
    ['RETRY_SCALE', '2'],
    ['RETRY_SCALE', 'half'],
    ['STRIPE_LIVEMODE', 'yes'],
    ['NODE_ENV', 'prod'],
    ['LIMITER', 'none'],
    ['REDIS_PORT', '70000'],
    ['REDIS_DB', '-1'],
    ['REDIS_TLS', 'yes'],
    ['RATE_LIMIT_BUCKETS', 'stripe,visa'],
    ['TEMPORAL_ADDRESS', 'localhost'],
    ['CHAIN_CONTRACT_ADDRESS', '0x12'],
    ['WORKER_LANES', 'stripe,visa'],
    ['RATE_LIMITS', 'paced'],
    ['RATE_LIMIT_STRIPE', 'fast'],
  ])('names %s and its value %s', (name, value) => {
    const [fault, ...others] = changed({ [name]: value });
    expect(others).toEqual([]);
    expect(fault).toMatch(new RegExp(`^${name} is "?${value.replaceAll('.', '\\.')}"?; set it to \\S`));
  });

  it('accepts several lanes, and one', () => {
    expect(changed({ WORKER_LANES: 'money,stripe' })).toEqual([]);
    expect(changed({ WORKER_LANES: 'chain' })).toEqual([]);
  });
});

describe('a secret', () => {
  it.each([
    ['STRIPE_SECRET_KEY', 'pk_live_hunter2'],
    ['STRIPE_WEBHOOK_SECRET', 'hunter2'],
    ['CHAIN_ISSUER_KEY', '0xhunter2'],
    ['CONTACT_ID_KEY', 'hunter2'],
    ['DATABASE_URL', 'mysql://app:hunter2@db/x'],
    ['REDIS_URL', 'http://app:hunter2@redis'],
    ['REDIS_URL', 'redis://app:hunter2@redis:70000'],
    ['SMTP_URL', 'user:hunter2@mail'],
    ['CHAIN_RPC_URL', 'node/v2/hunter2'],
    ['JWT_JWKS', 'hunter2'],
    ['DECISION_SIGNING_KEY', 'hunter2'],
    ['DECISION_KEYS', '{"keys": "hunter2"}'],
  ])('that is wrong is named, never shown: %s', (name, value) => {
    const faults = changed({ [name]: value });
    expect(faults).toEqual([
      expect.stringMatching(new RegExp(`^${name} has a value that is not accepted; set it to `)),
    ]);
    expect(faults.join()).not.toContain('hunter2');
  });

  it('comes from a file, without the line end; the variable itself comes first', () => {
    const { STRIPE_SECRET_KEY: _, ...rest } = good;
    const path = file('key', 'sk_test_from_file\n');
    expect(keyOf({ ...rest, STRIPE_SECRET_KEY_FILE: path })).toBe('sk_test_from_file');
    expect(keyOf({ ...good, STRIPE_SECRET_KEY_FILE: path })).toBe('sk_test_abc');
  });

  it('in a file that cannot be read, or is wrong, is a fault that shows the path at most', () => {
    const { STRIPE_SECRET_KEY: _, ...rest } = good;
    const missing = join(folder, 'absent');
    expect(faultsOf({ ...rest, STRIPE_SECRET_KEY_FILE: missing })[0]).toBe(
      `STRIPE_SECRET_KEY_FILE names "${missing}", which cannot be read (ENOENT); give a readable file or STRIPE_SECRET_KEY itself`,
    );
    const wrong = faultsOf({ ...rest, STRIPE_SECRET_KEY_FILE: file('wrong', 'hunter2') });
    expect(wrong).toEqual([expect.stringContaining('STRIPE_SECRET_KEY has a value that is not accepted')]);
    expect(wrong.join()).not.toContain('hunter2');
  });
});

describe('rules across variables', () => {
  it('the limiter of one process is refused in production, the shared one is not', () => {
    const production = { NODE_ENV: 'production', WORKFLOW_BUNDLE: 'dist/workflows.js' };
    expect(changed({ ...production, LIMITER: 'memory' })).toEqual([
      expect.stringMatching(/^LIMITER is "memory" with NODE_ENV=production.*set it to redis$/),
    ]);
    expect(changed(production)).toEqual([]);
    expect(changed({ NODE_ENV: 'development', LIMITER: 'memory' })).toEqual([]);
    expect(faultsOf({ LIMITER: 'memory', NODE_ENV: 'production' }, ['lanes'])).toHaveLength(1);
  });

  it('a worker in production runs a bundle that was built before', () => {
    const faults = faultsOf({ NODE_ENV: 'production', DECISION_KEYS: decisionKeySet }, ['worker']);
    expect(faults).toEqual([expect.stringMatching(/^WORKFLOW_BUNDLE is missing; set it to \S/)]);
  });

  it('Redis is asked for where it paces, and only there', () => {
    const { REDIS_URL: _, ...rest } = good;
    const missing = 'REDIS_URL is missing; set it to redis://user:password@host:port/db, or set REDIS_HOST';
    expect(faultsOf(rest)).toEqual([missing]);
    expect(faultsOf({}, ['redis'])).toEqual([missing]);
    expect(faultsOf({ ...rest, LIMITER: 'redis' })).toEqual([missing]);
    expect(faultsOf({ ...rest, LIMITER: 'memory' })).toEqual([]);
    expect(faultsOf({ ...rest, REDIS_HOST: 'redis' })).toEqual([]);
    expect(faultsOf({ ...rest, REDIS_HOST: 'no host' })).toEqual([
      expect.stringMatching(/^REDIS_HOST is no host; set/),
    ]);
  });

  it('Redis comes by its address or in parts, with a password from a file, too', () => {
    const { REDIS_URL: _, ...rest } = good;
    const inParts = { REDIS_HOST: 'redis', REDIS_PASSWORD: 'p@ss/word', REDIS_DB: '2' };
    expect(redisOf({ ...rest, ...inParts })).toBe('redis://:p%40ss%2Fword@redis:6379/2');
    expect(redisOf({ REDIS_HOST: 'redis', REDIS_PORT: '6380', REDIS_TLS: 'true' })).toBe('rediss://redis:6380/0');
    expect(redisOf({ REDIS_HOST: 'redis', REDIS_PASSWORD_FILE: file('redis', 'pw\n') })).toBe(
      'redis://:pw@redis:6379/0',
    );
    expect(redisOf({ ...good, ...inParts })).toBe(good.REDIS_URL);
  });

  it('the database comes by its address or in parts, and what is missing is named', () => {
    const { DATABASE_URL: _, ...rest } = good;
    const inParts = { DB_HOST: 'db', DB_USER: 'app', DB_PASSWORD: 'p@ss/word', DB_NAME: 'boxoffice' };
    expect(urlOf({ ...rest, ...inParts })).toBe('postgres://app:p%40ss%2Fword@db:5432/boxoffice');
    expect(urlOf({ ...good, ...inParts, DB_PORT: '6432' })).toBe(good.DATABASE_URL);
    expect(faultsOf({ ...rest, DB_HOST: 'db', DB_USER: 'app' })).toEqual([
      'DATABASE_URL is missing; set it to postgres://user:password@host:port/name, or set DB_PASSWORD, DB_NAME',
    ]);
  });

  it('tokens are checked by a key set, given or fetched', () => {
    const { JWT_JWKS: _, ...rest } = good;
    expect(faultsOf({ ...rest, JWT_JWKS_URL: 'https://issuer.example/jwks.json' })).toEqual([]);
    expect(faultsOf(rest)).toEqual([expect.stringMatching(/^JWT_JWKS is missing.*JWT_JWKS_URL/)]);
  });

  it('the keys of proofs are found to be unusable at start, and a worker holds no private one', async () => {
    const [good, rsa, noPoint] = [await otherKey('EdDSA'), { kty: 'RSA', kid: 'k' }, { ...decisionKey, x: 'AAAA' }];
    const { d: _, ...publicHalf } = decisionKey;
    const faults: [string, object, RegExp][] = [
      ['DECISION_SIGNING_KEY', good, /kid/],
      ['DECISION_SIGNING_KEY', publicHalf, /no private half/],
      ['DECISION_SIGNING_KEY', { ...rsa, d: 'AAAA' }, /cannot be imported/],
      ['DECISION_KEYS', { keys: [] }, /set of keys/],
      ['DECISION_KEYS', { keys: [decisionKey] }, /private half, which only the API may have/],
      ['DECISION_KEYS', { keys: [{ ...noPoint, d: undefined }] }, /cannot be imported/],
    ];
    for (const [name, value, why] of faults) {
      const found = changed({ [name]: JSON.stringify(value) });
      expect(found, JSON.stringify(value)).toEqual([expect.stringMatching(why)]);
      expect(found[0]).toMatch(new RegExp(`^${name} has a value that is not accepted; set it to `));
    }
    const ed = { ...good, kid: 'ed' };
    expect(changed({ DECISION_SIGNING_KEY: JSON.stringify(ed) })).toEqual([]);
  });
});
