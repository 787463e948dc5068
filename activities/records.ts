/**
 * The short database steps that belong to a workflow's decisions. They run as local activities, at least once each, so
 * every one of them may run twice: the store makes the second time change nothing.
 */
import { mintClaimKeyOf } from '../contracts/ids.ts';
import type { DisputeResult } from '../contracts/dispute.ts';
import type { MintInput, MintResult } from '../contracts/mint.ts';
import type { MoneyMoved, PaymentInput, PaymentResult } from '../contracts/payment.ts';
import type { PayoutMoney } from '../contracts/payout.ts';
import type { RefundReservation, RefundResult } from '../contracts/refund.ts';
import type { MoveResult } from '../contracts/ticket-move.ts';
import type { Store } from '../store/index.ts';
import { type Claimed, createClaimer, type IsRunning, type Owned, type StoreClaim, type TakeOver } from './claimed.ts';
import type { Operation } from './ports.ts';

export interface ClaimPaymentInput {
  operation: Operation;
  input: PaymentInput;
  now: string;
}

export type SettlePaymentInput = Parameters<Store['payments']['settle']>[0];
export type ClosePaymentInput = Parameters<Store['payments']['close']>[0];

export interface ParkInput {
  operation: Operation;
  queueName: string;
  jobType: string;
  step: string;
  error: string;
  attempts: number;
  moneyMoved: MoneyMoved | PayoutMoney;
}

export interface MintClaimInput {
  operation: Operation;
  input: MintInput;
  now: string;
}

export interface CloseMintInput {
  operation: Operation;
  ticketId: string;
  mintKey: string;
  result: MintResult;
  now: string;
}

export type ReserveRefundInput = Parameters<Store['refunds']['reserve']>[0];
export type BookRefundInput = Parameters<Store['refunds']['refunded']>[0];
export type SettleRefundInput = Parameters<Store['refunds']['settle']>[0];
export type GiveBackRefundInput = Parameters<Store['refunds']['giveBack']>[0];

export type ClaimMoveInput = Parameters<Store['moves']['reserve']>[0];
export type CloseMoveInput = Parameters<Store['moves']['close']>[0];
export type ClaimDisputeInput = Parameters<Store['disputes']['claim']>[0];
export type RecordDisputeInput = Parameters<Store['disputes']['book']>[0];
export type ReturnRefundInput = Parameters<Store['refundReturns']['take']>[0];

export interface ReceiptInput {
  tenantId: string;
  paymentWorkflowId: string;
  paymentKey: string;
  emailRef: string;
}

export type { Claimed } from './claimed.ts';

type OwnedRefund = Owned & { reservation: RefundReservation };

export interface RecordPorts {
  payments: Pick<Store['payments'], 'claim' | 'takeOver' | 'settle' | 'close'>;
  mints: {
    claim(request: MintClaimInput & { key: string }): Promise<StoreClaim<MintResult>>;
    takeOver(request: TakeOver): Promise<boolean>;
    close(request: { operation: Operation; key: string; result: MintResult; now: string }): Promise<MintResult>;
  };
  refunds: Pick<Store['refunds'], 'reserve' | 'takeOver' | 'refunded' | 'settle' | 'giveBack'>;
  moves: Pick<Store['moves'], 'reserve' | 'takeOver' | 'close'>;
  refundReturns: Store['refundReturns'];
  disputes: Pick<Store['disputes'], 'claim' | 'takeOver' | 'book' | 'settle'>;
  deadLetters: Pick<Store['deadLetters'], 'park' | 'unpark'>;
  isRunning: IsRunning;
  /** Starts `sendEmail` under the receipt's fixed id; already started counts as done. */
  startReceipt(receipt: ReceiptInput): Promise<void>;
}

export type RecordActivities = ReturnType<typeof createRecordActivities>;

export function createRecordActivities(ports: RecordPorts) {
  const claimed = createClaimer(ports.isRunning);

  return {
    claimPayment({ operation, input, now }: ClaimPaymentInput): Promise<Claimed<PaymentResult>> {
      const key = input.order.idempotencyKey;
      return claimed(
        () => ports.payments.claim({ operation, key, input, now }),
        (from) => ports.payments.takeOver({ operation, key, from }),
      );
    },
    /** Ledger, payment and claim in one transaction. Answers with the stored result where it was settled before. */
    settlePayment: (input: SettlePaymentInput): Promise<PaymentResult> => ports.payments.settle(input),
    /** Any other end: holds are released, the claim keeps the result. */
    closePayment: (input: ClosePaymentInput): Promise<PaymentResult> => ports.payments.close(input),
    claimMint(input: MintClaimInput): Promise<Claimed<MintResult>> {
      const { operation } = input;
      const key = mintClaimKeyOf(input.input.request);
      return claimed(
        () => ports.mints.claim({ ...input, key }),
        (from) => ports.mints.takeOver({ operation, key, from }),
      );
    },
    closeMint: ({ ticketId, mintKey, ...rest }: CloseMintInput): Promise<MintResult> =>
      ports.mints.close({ ...rest, key: mintClaimKeyOf({ ticketId, mintKey }) }),
    /** Claim and reservation in one transaction, under the payment's lock. */
    reserveRefund(input: ReserveRefundInput): Promise<OwnedRefund | { kind: 'ended'; result: RefundResult }> {
      const { operation } = input;
      const key = input.input.request.refundId;
      return claimed<RefundResult, OwnedRefund>(
        () => ports.refunds.reserve(input),
        (from) => ports.refunds.takeOver({ operation, key, from }),
      );
    },
    /** The provider has given the money back: the ledger says so. */
    bookRefund: (input: BookRefundInput): Promise<void> => ports.refunds.refunded(input),
    settleRefund: (input: SettleRefundInput): Promise<RefundResult> => ports.refunds.settle(input),
    /** Any other end: the reservation is undone, the claim keeps the result. */
    giveBackRefund: (input: GiveBackRefundInput): Promise<RefundResult> => ports.refunds.giveBack(input),
    /** Claim and ticket in one transaction, under the ticket's lock. */
    claimMove: (input: ClaimMoveInput): Promise<Claimed<MoveResult>> =>
      claimed(
        () => ports.moves.reserve(input),
        (from) => ports.moves.takeOver({ operation: input.operation, from }),
      ),
    closeMove: (input: CloseMoveInput): Promise<MoveResult> => ports.moves.close(input),
    /** A refund that had succeeded came back. */
    returnRefund: (input: ReturnRefundInput) => ports.refundReturns.take(input),
    claimDispute(input: ClaimDisputeInput): Promise<Claimed<DisputeResult>> {
      const { operation } = input;
      const key = input.input.request.disputeId;
      return claimed(
        () => ports.disputes.claim(input),
        (from) => ports.disputes.takeOver({ operation, key, from }),
      );
    },
    /** Each movement of its money once, by the provider's balance transactions. */
    bookDispute: (input: RecordDisputeInput) => ports.disputes.book(input),
    settleDispute: (input: RecordDisputeInput): Promise<DisputeResult> => ports.disputes.settle(input),
    /** Writes the dead letter that tells a person what waits, why, and what has moved. */
    park: (input: ParkInput): Promise<void> => ports.deadLetters.park({ ...input, data: {} }),
    unpark: async (input: { operation: Operation; step: string; outcome: string }): Promise<void> => {
      await ports.deadLetters.unpark(input);
    },
    handOverReceipt: (input: ReceiptInput): Promise<void> => ports.startReceipt(input),
  };
}
