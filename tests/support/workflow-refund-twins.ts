/** Twins of what a refund calls, over the worlds of workflow-twins.ts, and how a refund is judged by them. */
import { expect } from 'vitest';
import type { RefundActivities } from '../../activities/refund.ts';
import type { TicketActivities } from '../../activities/tickets.ts';
import type { ProviderRefund, RefundReservation, RefundResult } from '../../contracts/refund.ts';
import { refuse } from './workflow-behaviours.ts';
import type { RefundRecords, RefundOutside, Twin, Twins } from './workflow-twins.ts';

export const reservation: RefundReservation = {
  amount: 5_250,
  currency: 'USD',
  intentId: 'pi_1',
  chargeId: 'ch_1',
  ticketIds: [],
  wallet: `0x${'1'.repeat(40)}`,
  venueId: 'arena',
  eventId: 'summer-night',
};

function look(refund: RefundOutside): ProviderRefund {
  const status = refund.statuses.length > 1 ? refund.statuses.shift()! : refund.statuses[0]!;
  const failed = status === 'failed' ? { failureCode: 'expired_or_canceled_card' } : {};
  refund.atProvider = { providerRefundId: 're_1', status, ...failed };
  return refund.atProvider;
}

export const createRefundTwins = (twins: Twins): RefundActivities => ({
  createRefund: (input) => {
    const twin = twins.current;
    return twin.perform('createRefund', input, () => twin.refund.atProvider ?? look(twin.refund));
  },
  retrieveRefund: (input) => {
    const twin = twins.current;
    return twin.perform('retrieveRefund', input, () => look(twin.refund));
  },
  confirmNoRefund: (input) => {
    const twin = twins.current;
    return twin.perform('confirmNoRefund', input, () => {
      if (twin.refund.atProvider) throw refuse('refund_exists');
    });
  },
});

export const createRefundBurnTwin = (twins: Twins): Pick<TicketActivities, 'burnRefunded'> => ({
  burnRefunded: (input) => {
    const twin = twins.current;
    return twin.perform('burnRefunded', input, () => (twin.refund.burned = input.ticketIds));
  },
});

export function createRefundRecordTwins(twins: Twins): RefundRecords {
  const end = (
    activity: 'settleRefund' | 'giveBackRefund',
    input: { result: RefundResult },
    books: RefundOutside['books'],
  ) => {
    const twin = twins.current;
    return twin.perform(activity, input, () => {
      twin.refund.books = books;
      return (twin.claim.result ??= input.result) as RefundResult;
    });
  };
  return {
    reserveRefund: (input) => {
      const twin = twins.current;
      return twin.perform('reserveRefund', input, () => {
        const { result } = twin.claim;
        if (result) return { kind: 'ended', result: result as RefundResult };
        twin.claim.owned = true;
        twin.refund.books = 'reserved';
        return { kind: 'owned', reservation: { ...reservation, ...twin.refund.reservation } };
      });
    },
    bookRefund: (input) => {
      const twin = twins.current;
      return twin.perform('bookRefund', input, () => void (twin.refund.books = 'refunded'));
    },
    settleRefund: (input) => end('settleRefund', input, 'settled'),
    giveBackRefund: (input) => end('giveBackRefund', input, 'given back'),
  };
}

/** The provider and the books say the same: given back once, or not at all and nothing reserved; no open letter. */
function expectRefundSound(twin: Twin, result: RefundResult): void {
  const { books, atProvider } = twin.refund;
  expect(twin.claim.result).toEqual(result);
  expect([...twin.letters.values()].filter(({ open }) => open)).toEqual([]);
  if (result.status === 'completed') {
    expect([books, atProvider?.status]).toEqual(['settled', 'succeeded']);
  } else {
    expect(books).not.toBe('reserved');
    expect([undefined, 'failed', 'canceled']).toContain(atProvider?.status);
  }
}

/** Waits for the end and judges it. */
export async function refundEndOf(started: {
  handle: { result(): Promise<RefundResult> };
  twin: Twin;
}): Promise<RefundResult> {
  const result = await started.handle.result();
  expectRefundSound(started.twin, result);
  return result;
}
