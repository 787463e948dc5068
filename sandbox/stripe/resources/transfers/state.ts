import type { Stripe } from 'stripe';
import { missingResource } from '../../errors.ts';
import { idOf } from '../../store.ts';
import type { Call } from '../../world.ts';

/** The transfer of the address. Throws the 404. */
export function transferOf({ world, id }: Call): Stripe.Transfer {
  const found = world.store.transfers.get(id);
  if (!found) throw missingResource('transfer', id, 'transfer', 404);
  return found;
}

/** The reversal of the address, of its transfer. Throws the 404. */
export function reversalOf(call: Call): Stripe.TransferReversal {
  const transfer = transferOf(call);
  const found = call.world.store.transfer_reversals.get(call.inner);
  if (found && idOf(found.transfer) === transfer.id) return found;
  throw missingResource('transfer reversal', call.inner, 'id', 404);
}
