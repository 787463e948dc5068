/** What is written down of a payout on its way: once each, under its claim and its venue's lock. */
import type { PayoutResult, ReleasedPayout } from '../contracts/payout.ts';
import type { Tx } from '../infrastructure/postgres.ts';
import { PayoutStateError } from './errors.ts';
import { post } from './ledger.ts';
import type { Operation } from './operation.ts';
import { type LockedPayout, lockPayout, lockReserved, requireUnused } from './payout-state.ts';
import {
  payoutCreated,
  payoutFailed,
  payoutPaid,
  payoutReserved,
  type Posting,
  reversed,
  transferred,
} from './postings.ts';
import { storableText } from './rows.ts';

/** Whose record, and when: business time, ISO 8601. */
export interface Recording {
  operation: Operation;
  /** The payout's id. */
  key: string;
  now: string;
}

/** Its entries are available at once. */
export async function postPayoutStep(
  tx: Tx,
  { operation, now }: Pick<Recording, 'operation' | 'now'>,
  { venueId, currency }: Pick<LockedPayout, 'venueId' | 'currency'>,
  step: string,
  postings: Posting[],
): Promise<void> {
  const { tenantId, workflowId } = operation;
  await post(tx, { tenantId, operation: workflowId, step, occurredAt: now, venueId, currency, postings });
}

/** Nothing when it was recorded before, or when nothing had to be transferred. */
export async function recordTransferred(tx: Tx, about: Recording, transferId: string): Promise<void> {
  const { operation, key, now } = about;
  const payout = await lockReserved(tx, operation.tenantId, key);
  if (payout.transferId === transferId || payout.transferAmount === 0) return;
  const wanted = `transferred by ${transferId}`;
  if (payout.transferId !== null) throw new PayoutStateError(key, wanted, `${payout.transferId} did it`);
  if (payout.status !== 'reserved') throw new PayoutStateError(key, wanted, `it is ${payout.status}`);
  await requireUnused(tx, operation.tenantId, key, 'transfer_id', transferId);
  await postPayoutStep(tx, about, payout, 'transferred', transferred(payout.transferAmount));
  await tx.affected(
    `update payouts set status = 'transferred', transfer_id = $3, transferred_at = $4
     where tenant_id = $1 and payout_id = $2`,
    [operation.tenantId, key, transferId, now],
  );
}

/** Nothing when it was recorded before. */
export async function recordCreated(tx: Tx, about: Recording, providerPayoutId: string): Promise<void> {
  const { operation, key, now } = about;
  const payout = await lockReserved(tx, operation.tenantId, key);
  if (payout.providerPayoutId === providerPayoutId) return;
  const wanted = `made by ${providerPayoutId}`;
  if (payout.providerPayoutId !== null)
    throw new PayoutStateError(key, wanted, `${payout.providerPayoutId} is it already`);
  const ready = payout.transferAmount === 0 ? 'reserved' : 'transferred';
  if (payout.status !== ready) throw new PayoutStateError(key, wanted, `it is ${payout.status}, not ${ready}`);
  await requireUnused(tx, operation.tenantId, key, 'provider_payout_id', providerPayoutId);
  await postPayoutStep(tx, about, payout, 'payout_created', payoutCreated(payout.amount));
  await tx.affected(
    `update payouts set status = 'created', provider_payout_id = $3, created_at = $4
     where tenant_id = $1 and payout_id = $2`,
    [operation.tenantId, key, providerPayoutId, now],
  );
}

export async function recordPaid(
  tx: Tx,
  about: Recording,
  result: Extract<PayoutResult, { status: 'paid' }>,
): Promise<void> {
  const { operation, key, now } = about;
  const payout = await lockReserved(tx, operation.tenantId, key);
  const { amount, currency, transferAmount } = payout;
  if (result.amount !== amount || result.currency !== currency) {
    const wanted = `paid with ${result.amount} ${result.currency}`;
    throw new PayoutStateError(key, wanted, `${amount} ${currency} are reserved (minor units)`);
  }
  if ((result.transferId !== undefined) !== transferAmount > 0) {
    const wanted = `paid with ${result.transferId ?? 'no transfer'}`;
    throw new PayoutStateError(key, wanted, `its account lacks ${transferAmount} ${currency} (minor units)`);
  }
  if (result.transferId !== undefined) await recordTransferred(tx, about, result.transferId);
  await recordCreated(tx, about, result.providerPayoutId);
  await postPayoutStep(tx, about, payout, 'paid', payoutPaid(amount));
  await tx.affected(
    `update payouts set status = 'paid', paid_at = $3, ended_at = $3 where tenant_id = $1 and payout_id = $2`,
    [operation.tenantId, key, now],
  );
}

/** Nothing when nothing was reserved. What was transferred stays where it is, in the venue's account. */
export async function recordReleased(tx: Tx, about: Recording, result: ReleasedPayout): Promise<void> {
  const { operation, key, now } = about;
  const payout = await lockPayout(tx, operation.tenantId, key);
  if (!payout) return;
  const { status, amount } = payout;
  if (status === 'created') await postPayoutStep(tx, about, payout, 'payout_failed', payoutFailed(amount));
  else await postPayoutStep(tx, about, payout, 'payout_released', reversed(payoutReserved(amount)));
  await tx.affected(
    `update payouts set status = $3, failure_code = $4, ended_at = $5 where tenant_id = $1 and payout_id = $2`,
    [operation.tenantId, key, result.status, result.status === 'returned' ? storableText(result.code) : null, now],
  );
}
