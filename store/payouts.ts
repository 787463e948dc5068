/**
 * The record of a payout: its claim with what it reserves of the venue's money, its way to the bank, and its end. Each method
 * is one transaction, and each can be repeated after a lost answer. Locks are taken in one order: claim, venue, the rest.
 */
import { approvalsNeeded } from '../contracts/decisions.ts';
import { jobTypes } from '../contracts/job-types.ts';
import type {
  PayoutInput,
  PayoutRejection,
  PayoutReservation,
  PayoutResult,
  ProviderPayout,
  ProviderTransfer,
  ReleasedPayout,
  VenueObstacle,
} from '../contracts/payout.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { claimKeyOf, lockClaim, takeClaim, type TakeOver, takeOverWithRow, writeResult } from './claims.ts';
import { ClaimLostError } from './errors.ts';
import { post } from './ledger.ts';
import type { Operation } from './operation.ts';
import { createPayoutReads } from './payout-reads.ts';
import { obstacleOf, planPayout, transferAmountOf } from './payout-rules.ts';
import { insertPayout, lockVenue, readLying, readOwed, readReservation, readVenueOf } from './payout-state.ts';
import { recordCreated, recordPaid, recordReleased, recordTransferred } from './payout-steps.ts';
import { payoutReserved } from './postings.ts';
import { releaseDueReserves } from './reserves.ts';
import { closeStatement, listEntries } from './statements.ts';

export type RejectedPayout = Extract<PayoutResult, { status: 'rejected' }>;
export type PaidResult = Extract<PayoutResult, { status: 'paid' }>;

export type PayoutClaim =
  | { kind: 'owned'; reservation: PayoutReservation }
  /** The claim is ours, and nothing is reserved: ask again once the venue can be paid. */
  | { kind: 'waiting'; obstacle: VenueObstacle }
  | { kind: 'settled'; result: PayoutResult }
  | { kind: 'refused'; result: RejectedPayout }
  /** Live in another run: take it over only when Temporal says that that run is gone. */
  | { kind: 'foreign'; workflowId: string; runId: string };

export interface ReservePayout {
  operation: Operation;
  input: PayoutInput;
  /** Business time, ISO 8601. */
  now: string;
}

const rejected = (reason: PayoutRejection, available?: number): RejectedPayout => ({
  status: 'rejected',
  moneyMoved: 'with_us',
  reason,
  ...(available === undefined ? {} : { available }),
});

/** `more`: so much was due that this transaction released, or listed, only some of it; the next one goes on. */
async function reserveIn(tx: Tx, { operation, input, now }: ReservePayout): Promise<PayoutClaim | 'more'> {
  const { request, fingerprint } = input;
  const { tenantId } = operation;
  const { payoutId: key, venueId } = request;
  const { queue: queueName } = jobTypes['payout-process'];
  const existing = await takeClaim(tx, {
    operation, kind: 'payout', key, fingerprint, queueName, jobType: 'payout-process', now, keepForMs: 'forever',
  }); // prettier-ignore
  if (existing?.kind === 'settled') return { kind: 'settled', result: existing.result as PayoutResult };
  if (existing?.kind === 'refused') return { kind: 'refused', result: rejected('key_reused') };
  if (existing?.kind === 'foreign') return existing;
  const before = existing && (await readReservation(tx, tenantId, key));
  if (before) return { kind: 'owned', reservation: before };

  const refuse = async (result: RejectedPayout): Promise<PayoutClaim> => {
    await writeResult(tx, tenantId, { kind: 'payout', key, result, now });
    return { kind: 'refused', result };
  };
  const venue = await lockVenue(tx, tenantId, venueId);
  if (!venue) return refuse(rejected('no_venue'));
  const obstacle = obstacleOf(venue);
  if (obstacle || venue.connectedAccount === null) return { kind: 'waiting', obstacle: obstacle ?? 'no_account' };
  const { currency, connectedAccount: account, approval } = venue;
  const ofVenue = { tenantId, venueId, currency };
  if (await releaseDueReserves(tx, { tenantId, venueId, now })) return 'more';
  if (await listEntries(tx, ofVenue, now)) return 'more';

  const planned = planPayout(request.amount, await readOwed(tx, ofVenue, now), currency);
  if ('refusal' in planned) return refuse(rejected(planned.refusal.reason, planned.refusal.available));
  const { amount } = planned;
  const reservation = {
    amount,
    currency,
    account,
    transferAmount: transferAmountOf(amount, await readLying(tx, ofVenue, account)),
    approvalsNeeded: approvalsNeeded(amount, approval),
  };
  await post(tx, {
    tenantId, operation: operation.workflowId, step: 'payout_reserved', occurredAt: now, venueId, currency,
    postings: payoutReserved(amount),
  }); // prettier-ignore
  // The reservation itself, and what came in this very moment.
  await listEntries(tx, ofVenue, now, null);
  await insertPayout(tx, { operation, request, now }, reservation, await closeStatement(tx, ofVenue));
  return { kind: 'owned', reservation };
}

interface Ending<Result extends PayoutResult> {
  operation: Operation;
  result: Result;
  now: string;
}

/** Ends the claim after what `record` writes, all at once; a claim that has ended answers what it ended with. */
function endClaim<Result extends PayoutResult>(
  pool: Pool,
  { operation, result, now }: Ending<Result>,
  record: (tx: Tx, key: string) => Promise<void>,
): Promise<PayoutResult> {
  const { tenantId } = operation;
  return withTenant(pool, tenantId, async (tx) => {
    const key = claimKeyOf('payout', operation);
    const stored = await lockClaim(tx, operation, 'payout', key);
    if (stored !== undefined) return stored;
    await record(tx, key);
    await writeResult(tx, tenantId, { kind: 'payout', key, result, now });
    return result;
  });
}

export const createPayouts = (pool: Pool) => ({
  ...createPayoutReads(pool),

  /**
   * Takes the id and reserves the amount under the venue's lock, or says why not. Reserves of the venue's sales that are due
   * are released first, and its statement is drawn up: with very many sales in more than one transaction, each of which can
   * be the last. A rejection
   * settles the claim and reserves nothing; only `key_reused` leaves the claim, which is somebody else's, untouched.
   */
  async reserve(request: ReservePayout): Promise<PayoutClaim> {
    for (;;) {
      const claim = await withTenant(pool, request.operation.tenantId, (tx) => reserveIn(tx, request));
      if (claim !== 'more') return claim;
    }
  },

  /** Compare-and-set of the live claim's owner. True also when `operation` owns it already. */
  takeOver(request: Omit<TakeOver, 'kind'>): Promise<boolean> {
    const row = { table: 'payouts', keyColumn: 'payout_id' };
    return withTenant(pool, request.operation.tenantId, (tx) =>
      takeOverWithRow(tx, { ...request, kind: 'payout' }, row),
    );
  },

  /**
   * What stands in the venue's way by now, if anything. A venue that has another account by now is still paid on the one that
   * was reserved for, and approved. @throws ClaimLostError when nothing was reserved
   */
  mayGoOn({ operation }: { operation: Operation }): Promise<VenueObstacle | undefined> {
    return withTenant(pool, operation.tenantId, async (tx) => {
      const key = claimKeyOf('payout', operation);
      const venue = await readVenueOf(tx, operation.tenantId, key);
      if (!venue) throw new ClaimLostError('payout', key, undefined);
      return obstacleOf(venue);
    });
  },

  /**
   * The venue's account has what it lacked: posted once. @throws ClaimLostError; PayoutStateError when the payout was given
   * up, or another transfer did it
   */
  transferred(done: { operation: Operation; transfer: ProviderTransfer; now: string }): Promise<void> {
    const { operation, transfer, now } = done;
    return withTenant(pool, operation.tenantId, async (tx) => {
      const key = claimKeyOf('payout', operation);
      await lockClaim(tx, operation, 'payout', key);
      await recordTransferred(tx, { operation, key, now }, transfer.transferId);
    });
  },

  /**
   * The provider has the payout: posted once. @throws ClaimLostError; PayoutStateError when the payout was given up, is made
   * by another object, or lacks its transfer
   */
  created(done: { operation: Operation; payout: ProviderPayout; now: string }): Promise<void> {
    const { operation, payout, now } = done;
    return withTenant(pool, operation.tenantId, async (tx) => {
      const key = claimKeyOf('payout', operation);
      await lockClaim(tx, operation, 'payout', key);
      await recordCreated(tx, { operation, key, now }, payout.providerPayoutId);
    });
  },

  /**
   * The end that is hoped for; posts what {@link transferred} and {@link created} would when those were not called. A settled
   * claim answers its stored result. @throws ClaimLostError, PayoutStateError when it is not what was reserved or made
   */
  settle(ending: Ending<PaidResult>): Promise<PayoutResult> {
    const { operation, result, now } = ending;
    return endClaim(pool, ending, (tx, key) => recordPaid(tx, { operation, key, now }, result));
  },

  /**
   * Any other end: what was reserved is the venue's again. What was transferred stays in its account for the next payout. A
   * settled claim answers its stored result. @throws ClaimLostError
   */
  release(ending: Ending<ReleasedPayout>): Promise<PayoutResult> {
    const { operation, result, now } = ending;
    return endClaim(pool, ending, (tx, key) => recordReleased(tx, { operation, key, now }, result));
  },
});
