/** The limits of every provider group, from the legacy contract, and how the environment changes them. Pure. */
import type { LaneName } from './task-queues.ts';

export interface LaneLimits {
  /** Calls in any sliding second. Infinity where the lane is unpaced. */
  perSecond: number;
  /** Calls in flight at once. */
  concurrent: number;
  /** Bucket size, only for a provider that is declared a bucket. */
  burst: number;
  /** How long a 429 without Retry-After closes the lane. Milliseconds. */
  cooldownMs: number;
}

export const contractLimits: Readonly<Record<LaneName, LaneLimits>> = {
  stripe: { perSecond: 25, concurrent: 10, burst: 50, cooldownMs: 1_000 },
  chain: { perSecond: 10, concurrent: 5, burst: 30, cooldownMs: 1_000 },
  email: { perSecond: 5, concurrent: 20, burst: 100, cooldownMs: 1_000 },
  sms: { perSecond: 1, concurrent: 5, burst: 10, cooldownMs: 5_000 },
  webhook: { perSecond: 100, concurrent: 50, burst: 200, cooldownMs: 100 },
  // The contract has no alert lane; an alert storm may not look like an attack to the provider either.
  alert: { perSecond: 1, concurrent: 2, burst: 5, cooldownMs: 5_000 },
};

/** First name that is set wins: ours, then the legacy one. */
const variables: Readonly<Record<LaneName, readonly string[]>> = {
  stripe: ['RATE_LIMIT_STRIPE'],
  chain: ['RATE_LIMIT_CHAIN', 'RATE_LIMIT_SOLANA'],
  email: ['RATE_LIMIT_EMAIL', 'RATE_LIMIT_SENDGRID'],
  sms: ['RATE_LIMIT_SMS', 'RATE_LIMIT_TWILIO'],
  webhook: ['RATE_LIMIT_WEBHOOK'],
  alert: ['RATE_LIMIT_ALERT'],
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
  return perSecond > 0 && concurrent > 0 ? { perSecond, concurrent, burst, cooldownMs } : undefined;
}

/** Limits by lane, and every fault found (limits of a faulty variable fall back to the contract's). */
export function readLimits(env: Readonly<Record<string, string | undefined>>): {
  limits: Record<LaneName, LaneLimits>;
  faults: string[];
} {
  const faults: string[] = [];
  const limits = { ...contractLimits };
  for (const lane of Object.keys(contractLimits) as LaneName[]) {
    if (env['RATE_LIMITS'] === 'unpaced') limits[lane] = unpaced;
    const name = variables[lane].find((candidate) => env[candidate]);
    if (name === undefined) continue;
    const parsed = parse(env[name]!, contractLimits[lane]);
    if (parsed) limits[lane] = parsed;
    else faults.push(`${name} is "${env[name]}"; set it to rate[,concurrent[,burst[,cooldownMs]]], e.g. 25,10,50,1000`);
  }
  return { limits, faults };
}
