/** Twins of what a payout calls, over the worlds of workflow-twins.ts; how one is started, and judged by them. */
import { expect } from 'vitest';
import type { PayoutActivities } from '../../activities/payout.ts';
import type { PayoutRecordActivities } from '../../activities/payout-records.ts';
import { payoutReturnStart, payoutStart } from '../../client/start-payout.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import { workflowTypes } from '../../contracts/messages.ts';
import type {
  PayoutInput,
  PayoutRequest,
  PayoutReservation,
  PayoutResult,
  PayoutReturnInput,
  PayoutReturnResult,
  ProviderPayout,
  ProviderTransfer,
  VenueObstacle,
} from '../../contracts/payout.ts';
import { refuse } from './workflow-behaviours.ts';
import type { Twin, Twins } from './workflow-twins.ts';
import type { Started, WorkflowWorld } from './workflow-world.ts';

/** What a payout does to the world. */
export interface PayoutOutside {
  books: 'untouched' | 'waiting' | 'reserved' | 'transferred' | 'created' | 'settled' | 'released';
  /** What the reservation answers, where it differs from every test's. */
  reservation?: Partial<PayoutReservation>;
  /** What stands in the venue's way at each look, the reservation's included; nothing once they are used up. */
  obstacles: (VenueObstacle | undefined)[];
  transfer?: ProviderTransfer;
  /** How the payout stands at each look, its creation being the first; the last one stays. */
  statuses: ProviderPayout['status'][];
  /** Once it exists. */
  atProvider?: ProviderPayout;
  /** What a return was booked as. */
  returned?: PayoutReturnResult;
  /** Ids of what was started besides. */
  started: string[];
}

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
    claimPayoutReturn: (input) => {
      const twin = twins.current;
      return twin.perform('claimPayoutReturn', input, () => {
        if (twin.payout.returned) return { kind: 'ended', result: twin.payout.returned };
        const { amount, currency, account } = payoutReservation;
        return { kind: 'owned', payout: { amount, currency, account, providerPayoutId: 'po_1' } };
      });
    },
    bookPayoutReturn: (input) => {
      const twin = twins.current;
      return twin.perform('bookPayoutReturn', input, () => (twin.payout.returned = input.result));
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

export type StartedPayout = Started<PayoutInput, PayoutResult> & { request: PayoutRequest };
let count = 0;

export const payoutRequest = (change: Partial<PayoutRequest> = {}): PayoutRequest => ({
  tenantId: 'acme',
  payoutId: `payout-${(count += 1)}`,
  venueId: 'arena',
  reason: 'weekly',
  requestedBy: 'clerk-7',
  ...change,
});

/** `plan` sets the twin up before anything can call it. */
export async function startPayout(
  { client, twinOf }: WorkflowWorld,
  plan?: (twin: Twin) => void,
  options?: { workflowTaskTimeout?: '1 second' },
): Promise<StartedPayout> {
  const request = payoutRequest();
  const { args, ...start } = payoutStart(request, fingerprintOf(request));
  const twin = twinOf(start.workflowId);
  plan?.(twin);
  const handle = await client.workflow.start<(input: PayoutInput) => Promise<PayoutResult>>(workflowTypes.payout, {
    ...start,
    ...options,
    args: [...args],
  });
  return { handle, twin, request };
}

export async function startReturn(
  { client, twinOf }: WorkflowWorld,
  plan?: (twin: Twin) => void,
): Promise<Started<PayoutReturnInput, PayoutReturnResult>> {
  const input = { tenantId: 'acme', payoutId: `payout-${(count += 1)}` };
  const { args, ...start } = payoutReturnStart(input, fingerprintOf(input));
  const twin = twinOf(start.workflowId);
  plan?.(twin);
  const handle = await client.workflow.start<(input: PayoutReturnInput) => Promise<PayoutReturnResult>>(
    workflowTypes.payoutReturn,
    { ...start, args: [...args] },
  );
  return { handle, twin };
}

/** Provider and books say the same: paid and settled, or released and nothing on its way; no open letter. */
function expectPayoutSound(twin: Twin, result: PayoutResult): void {
  const { books, atProvider, transfer } = twin.payout;
  expect(twin.claim.result).toEqual(result);
  expect([...twin.letters.values()].filter(({ open }) => open)).toEqual([]);
  if (result.status === 'paid') {
    expect([books, atProvider?.status]).toEqual(['settled', 'paid']);
    return;
  }
  expect(['untouched', 'waiting', 'released']).toContain(books);
  expect([undefined, 'failed', 'canceled']).toContain(atProvider?.status);
  if (result.moneyMoved === 'with_us') expect([transfer, atProvider]).toEqual([undefined, undefined]);
}

/** Waits for the end and judges it. */
export async function payoutEndOf(started: {
  handle: { result(): Promise<PayoutResult> };
  twin: Twin;
}): Promise<PayoutResult> {
  const result = await started.handle.result();
  expectPayoutSound(started.twin, result);
  return result;
}
