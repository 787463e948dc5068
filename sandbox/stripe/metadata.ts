import type { Stripe } from 'stripe';

/** Merges metadata as Stripe does: null for a key unsets it, null for the whole unsets all. */
export function mergeMetadata(
  current: Stripe.Metadata,
  change: Record<string, string | null> | null | undefined,
): Stripe.Metadata {
  if (change === undefined) return current;
  if (change === null) return {};
  const merged = Object.entries({ ...current, ...change });
  return Object.fromEntries(merged.filter((entry): entry is [string, string] => entry[1] !== null));
}
