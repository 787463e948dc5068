import type { BurnInput, BurnResult } from '../contracts/ticket-move.ts';
import { moveTicket } from './ticket-move.ts';

/** A ticket that an operator takes out of the world; no money moves. Ends burned, rejected or cancelled. */
export function burn(input: BurnInput): Promise<BurnResult> {
  // What its own activities answer is no other kind's.
  return moveTicket(input, 'ticket-burn', `Burn of ticket ${input.request.ticketId}`) as Promise<BurnResult>;
}
