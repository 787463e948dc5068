/** The limits of every provider group, from the legacy contract, and how the environment changes them. Pure. */
import type { LaneName } from './task-queues.ts';

/** Providers that have limits in the contract and no adapter here, so no lane either. */
export const unservedProviders = ['square', 'quickbooks'] as const;

/** What the limiter keeps a pace for. */
export type PacedName = LaneName | (typeof unservedProviders)[number];

export interface LaneLimits {
  /** Calls in any sliding second. Infinity where the lane is unpaced. */
  perSecond: number;
  /** Calls in flight at once. */
  concurrent: number;
  /** Bucket size, only for a provider that is declared a bucket. */
  burst: number;
  /** How long a 429 without Retry-After closes the lane. Milliseconds. */
  cooldownMs: number;
  /** The provider refills a bucket of `burst` calls at `perSecond`, instead of counting a sliding second. */
  bucket?: boolean;
  /** Calls a second of some of its endpoints, by name; they count for the lane, too. */
  endpoints?: Readonly<Record<string, number>>;
  /** Calls a second of each endpoint that `endpoints` does not name. */
  eachEndpoint?: number;
}

export const contractLimits: Readonly<Record<PacedName, LaneLimits>> = {
  stripe: { perSecond: 25, concurrent: 10, burst: 50, cooldownMs: 1_000, endpoints: { payouts: 15 } },
  chain: { perSecond: 10, concurrent: 5, burst: 30, cooldownMs: 1_000 },
  email: { perSecond: 5, concurrent: 20, burst: 100, cooldownMs: 1_000 },
  sms: { perSecond: 1, concurrent: 5, burst: 10, cooldownMs: 5_000 },
  webhook: { perSecond: 100, concurrent: 50, burst: 200, cooldownMs: 100, eachEndpoint: 5 },
  // The contract has no alert lane; an alert storm may not look like an attack to the provider either.
  alert: { perSecond: 1, concurrent: 2, burst: 5, cooldownMs: 5_000 },
  square: { perSecond: 8, concurrent: 5, burst: 20, cooldownMs: 2_000 },
  quickbooks: { perSecond: 2, concurrent: 3, burst: 10, cooldownMs: 3_000 },
};

export const pacedNames = Object.keys(contractLimits) as PacedName[];

/** Of one endpoint of a lane; undefined where the lane's own limit is all there is. Calls a second. */
export const endpointLimit = ({ endpoints, eachEndpoint }: LaneLimits, endpoint: string): number | undefined =>
  endpoints?.[endpoint] ?? eachEndpoint;

/** First name that is set wins: ours, then the legacy one. */
const variables: Readonly<Record<PacedName, readonly string[]>> = {
  stripe: ['RATE_LIMIT_STRIPE'],
  chain: ['RATE_LIMIT_CHAIN', 'RATE_LIMIT_SOLANA'],
  email: ['RATE_LIMIT_EMAIL', 'RATE_LIMIT_SENDGRID'],
  sms: ['RATE_LIMIT_SMS', 'RATE_LIMIT_TWILIO'],
  webhook: ['RATE_LIMIT_WEBHOOK'],
  alert: ['RATE_LIMIT_ALERT'],
  square: ['RATE_LIMIT_SQUARE'],
  quickbooks: ['RATE_LIMIT_QUICKBOOKS'],
};

const unpaced: LaneLimits = { perSecond: Infinity, concurrent: 1_000, burst: Infinity, cooldownMs: 1_000 };

function parse(value: string, fallback: LaneLimits): LaneLimits | undefined {
  if (!/^\d+(\.\d+)?(,\d+){0,3}$/.test(value)) return undefined;
  const [
    perSecond = fallback.perSecond,
    concurrent = fallback.concurrent,
    burst = fallback.burst,
    cooldownMs = fallback.cooldownMs,
  ] = value.split(',').map(Number);
  return perSecond > 0 && concurrent > 0 ? { ...fallback, perSecond, concurrent, burst, cooldownMs } : undefined;
}

/** `RATE_LIMIT_BUCKETS=email,webhook`: the providers that count with a bucket instead of a sliding second. */
function readBuckets(env: Environment, faults: string[]): ReadonlySet<PacedName> {
  const names = (env['RATE_LIMIT_BUCKETS'] ?? '').split(',').filter((name) => name !== '');
  const known = names.filter((name): name is PacedName => name in contractLimits);
  if (known.length < names.length) {
    const accepted = `lanes separated by commas: ${pacedNames.join(', ')}`;
    faults.push(`RATE_LIMIT_BUCKETS is "${env['RATE_LIMIT_BUCKETS']}"; set it to ${accepted}`);
  }
  return new Set(known);
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Limits by lane, and every fault found (limits of a faulty variable fall back to the contract's). */
export function readLimits(env: Environment): {
  limits: Record<PacedName, LaneLimits>;
  faults: string[];
} {
  const faults: string[] = [];
  const limits = { ...contractLimits };
  const buckets = readBuckets(env, faults);
  for (const lane of pacedNames) {
    if (buckets.has(lane)) limits[lane] = { ...limits[lane], bucket: true };
    if (env['RATE_LIMITS'] === 'unpaced') limits[lane] = unpaced;
    const name = variables[lane].find((candidate) => env[candidate]);
    if (name === undefined) continue;
    const parsed = parse(env[name]!, limits[lane] === unpaced ? contractLimits[lane] : limits[lane]);
    if (parsed) limits[lane] = parsed;
    else faults.push(`${name} is "${env[name]}"; set it to rate[,concurrent[,burst[,cooldownMs]]], e.g. 25,10,50,1000`);
  }
  return { limits, faults };
}
