/** What the books keep of a payout, as local activities. Each may run twice; the store makes the second time change nothing. */
import type {
  PaidPayout,
  PayoutInput,
  PayoutReservation,
  PayoutResult,
  PayoutReturnInput,
  PayoutReturnResult,
  PayoutRoundInput,
  ProviderPayout,
  ProviderTransfer,
  ReleasedPayout,
  VenueObstacle,
} from '../contracts/payout.ts';
import type { Claimer, Owned } from './claimed.ts';
import type { Operation } from './ports.ts';

type Owner = { workflowId: string; runId: string };
type Foreign = { kind: 'foreign' } & Owner;
type TakeOver = { operation: Operation; key: string; from: Owner };
type Rejected = Extract<PayoutResult, { status: 'rejected' }>;
export type PaidResult = Extract<PayoutResult, { status: 'paid' }>;

interface Recorded {
  operation: Operation;
  /** Business time, ISO 8601. */
  now: string;
}

export interface ReservePayoutInput extends Recorded {
  input: PayoutInput;
}
export interface BookTransferInput extends Recorded {
  transfer: ProviderTransfer;
}
export interface BookPayoutInput extends Recorded {
  payout: ProviderPayout;
}
export interface SettlePayoutInput extends Recorded {
  result: PaidResult;
}
export interface ReleasePayoutInput extends Recorded {
  result: ReleasedPayout;
}
export interface BookReturnInput extends Recorded {
  input: PayoutReturnInput;
  returned: Extract<PayoutReturnResult, { status: 'returned' }>;
}
/** What there is to look into, or why there is nothing. */
export type PayoutToReturn = { kind: 'owned'; payout: PaidPayout } | { kind: 'ended'; result: PayoutReturnResult };

export interface PayoutPorts {
  payouts: {
    reserve(
      input: ReservePayoutInput,
    ): Promise<
      | { kind: 'owned'; reservation: PayoutReservation }
      | { kind: 'waiting'; obstacle: VenueObstacle }
      | { kind: 'settled'; result: PayoutResult }
      | { kind: 'refused'; result: Rejected }
      | Foreign
    >;
    takeOver(request: TakeOver): Promise<boolean>;
    /** What stands in the way of the venue by now, if anything. */
    mayGoOn(request: Recorded): Promise<VenueObstacle | undefined>;
    transferred(input: BookTransferInput): Promise<void>;
    created(input: BookPayoutInput): Promise<void>;
    settle(input: SettlePayoutInput): Promise<PayoutResult>;
    release(input: ReleasePayoutInput): Promise<PayoutResult>;
  };
  payoutReturns: {
    find(input: PayoutReturnInput): Promise<PayoutToReturn>;
    /** Claims and books what came back, in one transaction. */
    book(input: BookReturnInput): Promise<PayoutReturnResult>;
  };
  /** Starts `payoutReturn` under its fixed id, or has the one that runs look again. */
  startPayoutReturn(input: PayoutReturnInput): Promise<void>;
  /** Starts the payout of a round under an id that follows from its time; already started counts as done. */
  startRoundPayout(input: RoundPayoutInput): Promise<string>;
}

export interface RoundPayoutInput extends PayoutRoundInput {
  /** The moment that the Schedule had meant, ISO 8601. */
  scheduledAt: string;
}

/** Ours: with what was reserved, or with what it waits for, nothing being reserved yet. */
type OwnedPayout = Owned &
  ({ reservation: PayoutReservation; obstacle?: never } | { obstacle: VenueObstacle; reservation?: never });

export type PayoutRecordActivities = ReturnType<typeof createPayoutRecords>;

export function createPayoutRecords({ payouts, payoutReturns, ...starts }: PayoutPorts, claimed: Claimer) {
  return {
    /** Claim and reservation in one transaction, under the venue's lock; to be repeated while the venue cannot be paid. */
    reservePayout(input: ReservePayoutInput): Promise<OwnedPayout | { kind: 'ended'; result: PayoutResult }> {
      const { operation } = input;
      const key = input.input.request.payoutId;
      return claimed<PayoutResult, OwnedPayout>(
        async () => {
          const answer = await payouts.reserve(input);
          return answer.kind === 'waiting' ? { kind: 'owned', obstacle: answer.obstacle } : answer;
        },
        (from) => payouts.takeOver({ operation, key, from }),
      );
    },
    lookAtVenue: async (input: Recorded): Promise<{ obstacle?: VenueObstacle }> => {
      const obstacle = await payouts.mayGoOn(input);
      return obstacle ? { obstacle } : {};
    },
    /** The venue's account at the provider has the money: the ledger says so. */
    bookTransfer: (input: BookTransferInput): Promise<void> => payouts.transferred(input),
    /** It has left that account for the bank. */
    bookPayout: (input: BookPayoutInput): Promise<void> => payouts.created(input),
    settlePayout: (input: SettlePayoutInput): Promise<PayoutResult> => payouts.settle(input),
    /** Any other end: what was reserved is the venue's again, wherever it lies. */
    releasePayout: (input: ReleasePayoutInput): Promise<PayoutResult> => payouts.release(input),
    findPaidPayout: (input: PayoutReturnInput): Promise<PayoutToReturn> => payoutReturns.find(input),
    bookPayoutReturn: (input: BookReturnInput): Promise<PayoutReturnResult> => payoutReturns.book(input),
    startPayoutReturn: (input: PayoutReturnInput): Promise<void> => starts.startPayoutReturn(input),
    startRoundPayout: (input: RoundPayoutInput): Promise<string> => starts.startRoundPayout(input),
  };
}
