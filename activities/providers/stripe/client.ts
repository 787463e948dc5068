/** The SDK's client as every Stripe adapter uses it: one request is one sent call, and its errors are ours. */
import { Stripe } from 'stripe';
import { stripeFault } from './errors.ts';

export interface StripeConfig {
  secretKey: string;
  apiBase?: string | undefined;
}

/** A call that got no answer by then has none. Milliseconds. */
export const requestTimeoutMs = 20_000;

export function createStripeClient(config: StripeConfig): Stripe {
  const base = config.apiBase === undefined ? undefined : new URL(config.apiBase);
  return new Stripe(config.secretKey, {
    // Temporal retries; a second layer would send calls that nobody counts.
    maxNetworkRetries: 0,
    // One deadline for the whole request, connecting included, and no second try of the SDK's own when a connection
    // breaks: its Node client has neither, and a call that leaves late or twice is one that nobody counts.
    httpClient: Stripe.createFetchHttpClient(),
    timeout: requestTimeoutMs,
    telemetry: false,
    ...(base
      ? {
          host: base.hostname,
          port: Number(base.port || (base.protocol === 'https:' ? 443 : 80)),
          protocol: base.protocol === 'https:' ? ('https' as const) : ('http' as const),
        }
      : {}),
  });
}

/** @throws ProviderFault for whatever Stripe or the way to it says. */
export async function asked<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw stripeFault(error);
  }
}
