/** The record of a paid payout that came back from the bank: the venue is owed it again. */
import { fingerprintOf } from '../contracts/hashes.ts';
import { jobTypes } from '../contracts/job-types.ts';
import type { Currency } from '../contracts/money.ts';
import type { PayoutReturnInput, PayoutReturnResult } from '../contracts/payout.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { takeClaim, writeResult } from './claims.ts';
import { ClaimLostError, PayoutStateError } from './errors.ts';
import type { Operation } from './operation.ts';
import { type LockedPayout, lockReserved } from './payout-state.ts';
import { postPayoutStep } from './payout-steps.ts';
import { payoutReturned } from './postings.ts';
import { storableText } from './rows.ts';

/** What a payout that came back is looked up by at the provider. Minor units. */
export interface PaidPayout {
  amount: number;
  currency: Currency;
  account: string;
  providerPayoutId: string;
}

/** What there is to look into, or why there is nothing. */
export type PayoutToReturn = { kind: 'owned'; payout: PaidPayout } | { kind: 'ended'; result: PayoutReturnResult };

export interface BookPayoutReturn {
  operation: Operation;
  input: PayoutReturnInput;
  returned: Extract<PayoutReturnResult, { status: 'returned' }>;
  /** Business time, ISO 8601. */
  now: string;
}

const withdrawn: PayoutToReturn = { kind: 'ended', result: { status: 'withdrawn' } };

async function findIn(tx: Tx, { tenantId, payoutId }: PayoutReturnInput): Promise<PayoutToReturn> {
  const payout = await tx.first<LockedPayout>(
    `select status, amount, currency, account, provider_payout_id as "providerPayoutId"
     from payouts where tenant_id = $1 and payout_id = $2`,
    [tenantId, payoutId],
  );
  if (!payout) return withdrawn;
  const { status, amount, currency, account, providerPayoutId } = payout;
  if (status === 'paid' && providerPayoutId !== null)
    return { kind: 'owned', payout: { amount, currency, account, providerPayoutId } };
  // Its own workflow will say how it ends.
  if (['reserved', 'transferred', 'created'].includes(status))
    throw new PayoutStateError(payoutId, 'returned', `it is ${status}`);
  const claim = await tx.first<{ result: PayoutReturnResult }>(
    `select result from idempotency_keys where tenant_id = $1 and kind = 'payout-return' and key = $2`,
    [tenantId, payoutId],
  );
  return claim ? { kind: 'ended', result: claim.result } : withdrawn;
}

async function bookIn(tx: Tx, booking: BookPayoutReturn): Promise<PayoutReturnResult> {
  const { operation, input, returned: result, now } = booking;
  const { payoutId: key } = input;
  const { queue: queueName } = jobTypes['payout-process'];
  const existing = await takeClaim(tx, {
    operation, kind: 'payout-return', key, fingerprint: fingerprintOf(input), queueName,
    jobType: 'payout-process', now, keepForMs: 'forever',
  }); // prettier-ignore
  // Claimed and settled in one transaction, so there is no other kind of claim.
  if (existing && existing.kind !== 'settled') throw new ClaimLostError('payout-return', key, 'another request');
  if (existing) return existing.result as PayoutReturnResult;
  await recordReturned(tx, booking);
  await writeResult(tx, operation.tenantId, { kind: 'payout-return', key, result, now });
  return result;
}

async function recordReturned(tx: Tx, { operation, input, returned, now }: BookPayoutReturn): Promise<void> {
  const { payoutId: key } = input;
  const { amount, currency, code } = returned;
  const payout = await lockReserved(tx, operation.tenantId, key);
  const wanted = `returned with ${amount} ${currency}`;
  if (payout.status !== 'paid') throw new PayoutStateError(key, wanted, `it is ${payout.status}`);
  if (payout.amount !== amount || payout.currency !== currency)
    throw new PayoutStateError(key, wanted, `${payout.amount} ${payout.currency} were paid (minor units)`);
  await postPayoutStep(tx, { operation, now }, payout, 'payout_returned', payoutReturned(amount));
  await tx.affected(
    `update payouts set status = 'returned', failure_code = $3, returned_at = $4
     where tenant_id = $1 and payout_id = $2`,
    [operation.tenantId, key, storableText(code), now],
  );
}

export const createPayoutReturns = (pool: Pool) => ({
  /** What to look up at the provider, or how it ended already. @throws PayoutStateError while the payout is on its way */
  find(input: PayoutReturnInput): Promise<PayoutToReturn> {
    return withTenant(pool, input.tenantId, (tx) => findIn(tx, input));
  },

  /**
   * Claims and posts what came back, once; nothing is claimed while there is nothing to return. The payout's own result
   * stays what it was; its record says `returned`. @throws PayoutStateError when it was not paid so
   */
  book(booking: BookPayoutReturn): Promise<PayoutReturnResult> {
    return withTenant(pool, booking.operation.tenantId, (tx) => bookIn(tx, booking));
  },
});
