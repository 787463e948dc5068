/** What of a payment may go back, and whose share it is. Pure. */
import type { RefundRejection, RefundRequest } from '../contracts/refund.ts';

/**
 * Minor units. `refunds` below are the live ones: reserved, done or completed. What a bank has taken back by disputes
 * counts as refunded here: it is given back once.
 */
export interface FeeState {
  captured: number;
  /** The platform's part of `captured`. */
  platformFee: number;
  /** Sum of the refunds; with a dispute of what had been refunded before, more than `captured`. */
  taken: number;
  /** The platform's part of `taken`. */
  feeTaken: number;
}

export interface RefundState extends FeeState {
  /** In the order of the purchase. */
  tickets: readonly {
    ticketId: string;
    price: number;
    /** A live refund gives its price back. */
    refunded: boolean;
    /** A live refund burns it. */
    burning: boolean;
    /** Its token exists. */
    live: boolean;
  }[];
}

export interface RefundPlan {
  amount: number;
  feeShare: number;
  /** Tickets whose price this gives back. */
  ticketIds: string[];
  burnTicketIds: string[];
}

export interface Refusal {
  reason: Extract<RefundRejection, 'exceeds' | 'ticket_unknown' | 'ticket_refunded'>;
  refundable?: number;
}

type Wanted = Pick<RefundRequest, 'amount' | 'ticketIds' | 'tickets'>;

/**
 * Tickets that are named are judged before amounts: "refunded already" says more than "nothing is left". An amount with
 * tickets gives back that amount for them. Burning without names needs all that is left to go back, else nobody knows
 * which tickets are meant, and none is burned.
 */
export function planRefund(wanted: Wanted, state: RefundState): { plan: RefundPlan } | { refusal: Refusal } {
  const { tickets } = state;
  const left = Math.max(state.captured - state.taken, 0);
  const names = wanted.ticketIds && new Set(wanted.ticketIds);
  const named = tickets.filter(({ ticketId }) => names?.has(ticketId));
  if (names && named.length < names.size) return { refusal: { reason: 'ticket_unknown' } };
  if (named.some(({ refunded }) => refunded)) return { refusal: { reason: 'ticket_refunded' } };

  const amount = wanted.amount ?? (names ? Math.min(left, sumOf(named.map(({ price }) => price))) : left);
  if (amount > left) return { refusal: { reason: 'exceeds', refundable: left } };
  // Nothing left, or tickets that cost nothing.
  if (amount === 0) return { refusal: { reason: 'exceeds', refundable: 0 } };

  const takesTheRest = !names && amount === left;
  const paidBack = takesTheRest ? tickets.filter(({ refunded }) => !refunded) : named;
  const burned = takesTheRest ? tickets : named;
  return {
    plan: {
      amount,
      feeShare: feeShareOf(amount, state),
      ticketIds: paidBack.map(({ ticketId }) => ticketId),
      burnTicketIds:
        wanted.tickets === 'burn'
          ? burned.filter(({ live, burning }) => live && !burning).map(({ ticketId }) => ticketId)
          : [],
    },
  };
}

const sumOf = (amounts: readonly number[]) => amounts.reduce((sum, amount) => sum + amount, 0);

/**
 * The platform's part of a refund: what keeps the fee given back at `floor(fee × refunded ÷ captured)` of all live refunds
 * together, so that rounding does not add up and the last one takes the rest (money model). A refund that failed in between
 * leaves the others' parts as they were rounded; hence the bounds, which never let a part be negative, more than the refund
 * itself, or so small that the fee left is more than the money left.
 */
export function feeShareOf(amount: number, { captured, platformFee, taken, feeTaken }: FeeState): number {
  const due = Number((BigInt(platformFee) * (BigInt(taken) + BigInt(amount))) / BigInt(captured)) - feeTaken;
  const feeLeft = platformFee - feeTaken;
  const leftAfter = captured - taken - amount;
  return Math.min(Math.max(due, 0, feeLeft - leftAfter), amount, feeLeft);
}
