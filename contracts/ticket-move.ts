/** A ticket that changes its wallet, or is burned, because somebody asked for just that. No money moves with it. */
import type { MintedTicket, MoneyMoved } from './payment.ts';
import type { BurnRequest, TransferRequest } from './schema/ticket-move.ts';
import type { Attention } from './search-attributes.ts';

export type { BurnRequest, TransferRequest } from './schema/ticket-move.ts';

export type MoveKind = 'transfer' | 'burn';

export interface TransferInput {
  request: TransferRequest;
  fingerprint: string;
}

export interface BurnInput {
  request: BurnRequest;
  fingerprint: string;
}

export type MoveRejection =
  | 'key_reused'
  /** No such ticket stands: never sold, or burned before. */
  | 'no_ticket'
  /** Its sale has not ended. */
  | 'not_minted'
  /** Nobody may move it: its payment was lost to a dispute. */
  | 'locked'
  /** Another transfer or burn of it is under way, or a refund that burns it. */
  | 'moving'
  /** Its owner on the chain is another wallet than the one that we gave it to. */
  | 'not_held'
  | 'same_wallet'
  | 'internal_error';

interface Unmoved {
  moneyMoved: 'none';
}

export type NotMoved =
  | (Unmoved & { status: 'rejected'; reason: MoveRejection })
  /** Before its transaction was signed; later it is too late. */
  | (Unmoved & { status: 'cancelled'; actor: string; reason: string });

export type TransferResult =
  (Unmoved & { status: 'transferred'; ticket: MintedTicket; toWallet: string; transactionHash: string }) | NotMoved;
export type BurnResult = (Unmoved & { status: 'burned'; ticket: MintedTicket; transactionHash: string }) | NotMoved;
export type MoveResult = TransferResult | BurnResult;

export const openMoveStages = ['started', 'moving', 'undoing', 'in review', 'resumed'] as const;
export type OpenMoveStage = (typeof openMoveStages)[number];

export interface MoveStatus<Result extends MoveResult = MoveResult> {
  stage: OpenMoveStage | Result['status'];
  attention: Attention;
  /** `none`, unless nobody answered. */
  moneyMoved: MoneyMoved;
  next: string;
  result?: Result;
}
