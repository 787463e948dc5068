/** Twins of what a payout calls, over the worlds of workflow-twins.ts. */
import type { PayoutActivities } from '../../activities/payout.ts';
import type { PayoutRecordActivities } from '../../activities/payout-records.ts';
import type { PayoutReservation, PayoutResult, ProviderPayout } from '../../contracts/payout.ts';
import type { PayoutOutside } from './payout-outside.ts';
import { refuse } from './workflow-behaviours.ts';
import type { Twins } from './workflow-twins.ts';

export const payoutReservation: PayoutReservation = {
  amount: 8_550,
  currency: 'USD',
  account: 'acct_1',
  transferAmount: 8_550,
  approvalsNeeded: 0,
};

function look(payout: PayoutOutside): ProviderPayout {
  const status = payout.statuses.length > 1 ? payout.statuses.shift()! : payout.statuses[0]!;
  const failed = status === 'failed' ? { failureCode: 'account_closed' } : {};
  payout.atProvider = { providerPayoutId: 'po_1', status, ...failed };
  return payout.atProvider;
}

export const createPayoutTwins = (twins: Twins): PayoutActivities => ({
  transferToVenue: (input) => {
    const twin = twins.current;
    return twin.perform('transferToVenue', input, () => (twin.payout.transfer ??= { transferId: 'tr_1' }));
  },
  createPayout: (input) => {
    const twin = twins.current;
    return twin.perform('createPayout', input, () => twin.payout.atProvider ?? look(twin.payout));
  },
  retrievePayout: (input) => {
    const twin = twins.current;
    return twin.perform('retrievePayout', input, () => look(twin.payout));
  },
  confirmNoTransfer: (input) => {
    const twin = twins.current;
    return twin.perform('confirmNoTransfer', input, () => {
      if (twin.payout.transfer) throw refuse('transfer_exists');
    });
  },
  confirmNoPayout: (input) => {
    const twin = twins.current;
    return twin.perform('confirmNoPayout', input, () => {
      if (twin.payout.atProvider) throw refuse('payout_exists');
    });
  },
});

export function createPayoutRecordTwins(twins: Twins): PayoutRecordActivities {
  const book = (activity: 'bookTransfer' | 'bookPayout', input: unknown, books: PayoutOutside['books']) => {
    const twin = twins.current;
    return twin.perform(activity, input, () => void (twin.payout.books = books));
  };
  const end = (
    activity: 'settlePayout' | 'releasePayout',
    input: { result: PayoutResult },
    books: PayoutOutside['books'],
  ) => {
    const twin = twins.current;
    return twin.perform(activity, input, () => {
      twin.payout.books = books;
      return (twin.claim.result ??= input.result) as PayoutResult;
    });
  };
  return {
    reservePayout: (input) => {
      const twin = twins.current;
      return twin.perform('reservePayout', input, () => {
        const obstacle = twin.payout.obstacles.shift();
        if (obstacle) {
          twin.claim.owned = true;
          twin.payout.books = 'waiting';
          return { kind: 'owned', obstacle };
        }
        const { result } = twin.claim;
        if (result) return { kind: 'ended', result: result as PayoutResult };
        twin.claim.owned = true;
        twin.payout.books = 'reserved';
        return { kind: 'owned', reservation: { ...payoutReservation, ...twin.payout.reservation } };
      });
    },
    lookAtVenue: (input) => {
      const twin = twins.current;
      return twin.perform('lookAtVenue', input, () => {
        const obstacle = twin.payout.obstacles.shift();
        return obstacle ? { obstacle } : {};
      });
    },
    bookTransfer: (input) => book('bookTransfer', input, 'transferred'),
    bookPayout: (input) => book('bookPayout', input, 'created'),
    settlePayout: (input) => end('settlePayout', input, 'settled'),
    releasePayout: (input) => end('releasePayout', input, 'released'),
    findPaidPayout: (input) => {
      const twin = twins.current;
      return twin.perform('findPaidPayout', input, () => {
        if (twin.payout.returned) return { kind: 'ended', result: twin.payout.returned };
        const { amount, currency, account } = payoutReservation;
        return { kind: 'owned', payout: { amount, currency, account, providerPayoutId: 'po_1' } };
      });
    },
    bookPayoutReturn: (input) => {
      const twin = twins.current;
      return twin.perform('bookPayoutReturn', input, () => (twin.payout.returned = input.returned));
    },
    startPayoutReturn: (input) => {
      const twin = twins.current;
      return twin.perform('startPayoutReturn', input, () => void twin.payout.started.push(input.payoutId));
    },
    startRoundPayout: (input) => {
      const twin = twins.current;
      return twin.perform('startRoundPayout', input, () => {
        const payoutId = `auto-${input.venueId}-${input.scheduledAt}`;
        twin.payout.started.push(payoutId);
        return payoutId;
      });
    },
  };
}
