/** The record of a paid payout that came back from the bank: the venue is owed it again. */
import { fingerprintOf } from '../contracts/hashes.ts';
import { jobTypes } from '../contracts/job-types.ts';
import type { Currency } from '../contracts/money.ts';
import type { PayoutReturnInput, PayoutReturnResult } from '../contracts/payout.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { lockClaim, takeClaim, takeOverClaim, type TakeOver, writeResult } from './claims.ts';
import { PayoutStateError } from './errors.ts';
import type { Operation } from './operation.ts';
import { type LockedPayout, lockPayout, lockReserved } from './payout-state.ts';
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

export type PayoutReturnClaim =
  | { kind: 'owned'; payout: PaidPayout }
  | { kind: 'settled'; result: PayoutReturnResult }
  /** There is no such payout, or it was never paid: nothing can come back. */
  | { kind: 'refused'; result: PayoutReturnResult }
  /** Live in another run: take it over only when Temporal says that that run is gone. */
  | { kind: 'foreign'; workflowId: string; runId: string };

export interface ClaimPayoutReturn {
  operation: Operation;
  input: PayoutReturnInput;
  /** Business time, ISO 8601. */
  now: string;
}

export interface SettlePayoutReturn {
  operation: Operation;
  payoutId: string;
  result: PayoutReturnResult;
  now: string;
}

const paidOf = ({ status, amount, currency, account, providerPayoutId }: LockedPayout): PaidPayout | undefined =>
  status === 'paid' && providerPayoutId !== null ? { amount, currency, account, providerPayoutId } : undefined;

async function claimIn(tx: Tx, { operation, input, now }: ClaimPayoutReturn): Promise<PayoutReturnClaim> {
  const { tenantId } = operation;
  const { payoutId: key } = input;
  const { queue: queueName } = jobTypes['payout-process'];
  const existing = await takeClaim(tx, {
    operation, kind: 'payout-return', key, fingerprint: fingerprintOf(input), queueName,
    jobType: 'payout-process', now, keepForMs: 'forever',
  }); // prettier-ignore
  if (existing?.kind === 'settled') return { kind: 'settled', result: existing.result as PayoutReturnResult };
  if (existing?.kind === 'foreign') return existing;
  const payout = await lockPayout(tx, tenantId, key);
  const paid = payout && paidOf(payout);
  if (paid) return { kind: 'owned', payout: paid };
  // Its own workflow will say how it ends: an end given here would hide a return that comes later.
  if (payout && ['reserved', 'transferred', 'created'].includes(payout.status))
    throw new PayoutStateError(key, 'returned', `it is ${payout.status}`);
  const result = { status: 'withdrawn' } as const;
  await writeResult(tx, tenantId, { kind: 'payout-return', key, result, now });
  return { kind: 'refused', result };
}

async function settleIn(tx: Tx, settlement: SettlePayoutReturn): Promise<PayoutReturnResult> {
  const { operation, payoutId: key, result, now } = settlement;
  const { tenantId } = operation;
  const stored = await lockClaim(tx, operation, 'payout-return', key);
  if (stored !== undefined) return stored;
  if (result.status === 'returned') await recordReturned(tx, settlement, result);
  await writeResult(tx, tenantId, { kind: 'payout-return', key, result, now });
  return result;
}

async function recordReturned(
  tx: Tx,
  { operation, payoutId: key, now }: SettlePayoutReturn,
  { amount, currency, code }: Extract<PayoutReturnResult, { status: 'returned' }>,
): Promise<void> {
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
  /** @throws PayoutStateError while the payout is on its way */
  claim(claim: ClaimPayoutReturn): Promise<PayoutReturnClaim> {
    return withTenant(pool, claim.operation.tenantId, (tx) => claimIn(tx, claim));
  },

  /** Compare-and-set of the live claim's owner. True also when `operation` owns it already. */
  takeOver(takeOver: Omit<TakeOver, 'kind'>): Promise<boolean> {
    return withTenant(pool, takeOver.operation.tenantId, (tx) =>
      takeOverClaim(tx, { ...takeOver, kind: 'payout-return' }),
    );
  },

  /**
   * Posts what came back, if anything, and ends the claim. The payout's own result stays what it was; its record says
   * `returned`. A settled claim answers its stored result. @throws ClaimLostError, PayoutStateError when it was not paid so
   */
  settle(settlement: SettlePayoutReturn): Promise<PayoutReturnResult> {
    return withTenant(pool, settlement.operation.tenantId, (tx) => settleIn(tx, settlement));
  },
});
