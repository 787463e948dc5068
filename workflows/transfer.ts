import type { TransferInput, TransferResult } from '../contracts/ticket-move.ts';
import { moveTicket } from './ticket-move.ts';

/** A ticket that its holder gives to another wallet. Ends transferred, rejected or cancelled. */
export function transfer(input: TransferInput): Promise<TransferResult> {
  const { ticketId, toWallet } = input.request;
  // What its own activities answer is no other kind's.
  return moveTicket(input, 'ticket-transfer', `Ticket ${ticketId} to ${toWallet}`) as Promise<TransferResult>;
}
