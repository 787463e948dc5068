import type { Stripe } from 'stripe';
import { missingResource } from '../../errors.ts';
import type { Call } from '../../world.ts';

/** The dispute of the address. Throws the 404. */
export function disputeOf({ world, id }: Call): Stripe.Dispute {
  const found = world.store.disputes.get(id);
  if (!found) throw missingResource('dispute', id, 'dispute', 404);
  return found;
}
