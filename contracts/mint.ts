import type { MintedTicket } from './payment.ts';
import type { MintRequest } from './schema/jobs.ts';

export type { MintRequest } from './schema/jobs.ts';

export interface MintInput {
  request: MintRequest;
  fingerprint: string;
}

export type MintResult =
  | { status: 'minted'; ticket: MintedTicket; transactionHash: string }
  | { status: 'rejected'; reason: string }
  | { status: 'cancelled'; actor: string; reason: string };
