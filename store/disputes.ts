/**
 * The record of a dispute: its claim, what the bank did to the money, and its end. Each method is one transaction, and each
 * can be repeated after a lost answer. Locks are taken in one order: claim, payment, the rest.
 */
import type { DisputeInput, DisputeMovement, DisputeResult, DisputeStanding, ProviderDispute } from '../contracts/dispute.ts'; // prettier-ignore
import { outcomeOf } from '../contracts/dispute-words.ts';
import type { Currency } from '../contracts/money.ts';
import { asSystem, type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { claimKeyOf, lockClaim, takeClaim, type TakeOver, takeOverClaim, writeResult } from './claims.ts';
import { disputeLost, fundsMoved } from './dispute-postings.ts';
import { createDisputeReads } from './dispute-reads.ts';
import { afterMovement } from './dispute-rules.ts';
import { ClaimLostError, DisputeStateError } from './errors.ts';
import { post } from './ledger.ts';
import type { Operation } from './operation.ts';
import type { Posting } from './postings.ts';
import { feeShareOf } from './refund-rules.ts';
import { type LockedPayment, lockPayment, readSums } from './refund-state.ts';
import { storableText } from './rows.ts';

export type DisputeClaim =
  | { kind: 'owned' }
  | { kind: 'settled'; result: DisputeResult }
  /** Live in another run: take it over only when Temporal says that that run is gone. */
  | { kind: 'foreign'; workflowId: string; runId: string };

export interface ClaimDispute {
  operation: Operation;
  input: DisputeInput;
  /** Business time, ISO 8601. */
  now: string;
}

export interface RecordDispute {
  operation: Operation;
  paymentKey: string;
  dispute: ProviderDispute;
  now: string;
}

interface DisputeRow {
  amount: number;
  currency: Currency;
  withdrawn: number;
  feeShare: number;
  fee: number;
}

interface About {
  operation: Operation;
  paymentKey: string;
  disputeId: string;
  payment: LockedPayment;
  now: string;
}

async function claimIn(tx: Tx, { operation, input, now }: ClaimDispute): Promise<DisputeClaim> {
  const { fingerprint, request } = input;
  const { disputeId: key } = request;
  const existing = await takeClaim(tx, {
    operation, kind: 'dispute', key, fingerprint, queueName: 'money', jobType: 'dispute', now, keepForMs: 'forever',
  }); // prettier-ignore
  if (!existing) return { kind: 'owned' };
  if (existing.kind === 'settled') return { kind: 'settled', result: existing.result as DisputeResult };
  // The fingerprint is that of the id, which is the key.
  if (existing.kind === 'refused') throw new ClaimLostError('dispute', key, 'another request');
  return existing;
}

/** @throws DisputeStateError unless it is about money that this payment took */
async function paymentOf(
  tx: Tx,
  { operation: { tenantId }, paymentKey, dispute }: RecordDispute,
): Promise<LockedPayment> {
  const payment = await lockPayment(tx, tenantId, paymentKey);
  const refuse = (found: string) => new DisputeStateError(dispute.disputeId, `booked on payment ${paymentKey}`, found);
  if (!payment) throw refuse('there is no such payment');
  if (payment.chargeId !== dispute.chargeId)
    throw refuse(`it is of charge ${dispute.chargeId}, not ${payment.chargeId}`);
  const foreign = [dispute, ...dispute.movements].find(({ currency }) => currency !== payment.currency);
  if (foreign) throw refuse(`it is in ${foreign.currency}, the payment in ${payment.currency}`);
  return payment;
}

/** What is known of it, brought up to date; its money is not touched here. */
async function upsert(
  tx: Tx,
  { operation, paymentKey, dispute, now }: RecordDispute,
  currency: Currency,
): Promise<DisputeRow> {
  const row = await tx.first<DisputeRow>(
    `insert into disputes (tenant_id, dispute_id, payment_key, workflow_id, charge_id, amount, currency, status, reason,
       refundable, evidence_due_by, withdrawn, fee_share, fee, opened_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, 0, $12)
     on conflict (tenant_id, dispute_id) do update set
       amount = excluded.amount, status = excluded.status, reason = excluded.reason, refundable = excluded.refundable,
       evidence_due_by = excluded.evidence_due_by
     returning amount, currency, withdrawn, fee_share as "feeShare", fee`,
    [
      operation.tenantId, dispute.disputeId, paymentKey, operation.workflowId, dispute.chargeId, dispute.amount, currency,
      dispute.status, storableText(dispute.reason), dispute.refundable, dispute.evidenceDueBy ?? null, now,
    ], // prettier-ignore
  );
  if (!row) throw new DisputeStateError(dispute.disputeId, 'recorded', 'nothing was written');
  return row;
}

/** As for a refund: the venue's part carries the availability of the payment's own. */
const postStep = (tx: Tx, { operation, payment, now }: About, step: string, postings: Posting[]) =>
  post(tx, {
    tenantId: operation.tenantId,
    operation: operation.workflowId,
    step,
    occurredAt: now,
    venueId: payment.venueId,
    currency: payment.currency,
    ...(payment.availableOn === null ? {} : { availableOn: payment.availableOn }),
    postings,
  });

/** One of the provider's transactions, booked once by its id. */
async function bookMovement(
  tx: Tx,
  about: About,
  before: DisputeRow,
  { transactionId, amount, fee }: DisputeMovement,
): Promise<DisputeRow> {
  const { operation, paymentKey, disputeId, payment } = about;
  const { tenantId } = operation;
  const step = `dispute_funds_${transactionId}`;
  const known = await tx.first(
    `select from ledger_transactions where tenant_id = $1 and operation = $2 and step = $3`,
    [tenantId, operation.workflowId, step], // prettier-ignore
  );
  if (known) return before;
  if (amount > before.withdrawn) {
    const found = `${before.withdrawn} are withdrawn (minor units)`;
    throw new DisputeStateError(disputeId, `reinstated by ${amount}`, found);
  }
  const sums = await readSums(tx, tenantId, paymentKey);
  const after = afterMovement(before, amount, { ...payment, ...sums });
  const held = after.withdrawn - after.feeShare - (before.withdrawn - before.feeShare);
  await postStep(tx, about, step, fundsMoved({ withdrawn: -amount, fee, held }));
  const row = { ...before, ...after, fee: before.fee + fee };
  await tx.affected(
    `update disputes set withdrawn = $3, fee_share = $4, fee = $5 where tenant_id = $1 and dispute_id = $2`,
    [tenantId, disputeId, row.withdrawn, row.feeShare, row.fee],
  );
  return row;
}

async function recordIn(tx: Tx, request: RecordDispute): Promise<{ about: About; row: DisputeRow }> {
  const { operation, paymentKey, dispute, now } = request;
  const payment = await paymentOf(tx, request);
  const about = { operation, paymentKey, disputeId: dispute.disputeId, payment, now };
  let row = await upsert(tx, request, payment.currency);
  for (const movement of dispute.movements) row = await bookMovement(tx, about, row, movement);
  return { about, row };
}

/** What is lost is the platform's and the venue's for good, at the shares of now. */
async function lose(tx: Tx, about: About, { withdrawn, feeShare: heldShare }: DisputeRow): Promise<string[]> {
  const { operation, paymentKey, disputeId, payment, now } = about;
  const { tenantId } = operation;
  const { taken, feeTaken } = await readSums(tx, tenantId, paymentKey);
  const others = { taken: taken - withdrawn, feeTaken: feeTaken - heldShare };
  const feeShare = feeShareOf(withdrawn, { ...payment, ...others });
  await postStep(tx, about, 'dispute_lost', disputeLost({ withdrawn, held: withdrawn - heldShare, feeShare }));
  await tx.affected(`update disputes set fee_share = $3 where tenant_id = $1 and dispute_id = $2`, [
    tenantId, disputeId, feeShare,
  ]); // prettier-ignore
  const locked = await tx.rows<{ ticketId: string }>(
    `update mints set locked_at = coalesce(locked_at, $3), updated_at = now()
     where tenant_id = $1 and workflow_id = $2 and status = 'minted' returning ticket_id as "ticketId"`,
    [tenantId, payment.workflowId, now],
  );
  return locked.map(({ ticketId }) => ticketId).toSorted();
}

async function settleIn(tx: Tx, request: RecordDispute): Promise<DisputeResult> {
  const { operation, dispute, now } = request;
  const { tenantId } = operation;
  const key = claimKeyOf('dispute', operation);
  const stored = await lockClaim(tx, operation, 'dispute', key);
  if (stored !== undefined) return stored;
  const { about, row } = await recordIn(tx, request);
  const outcome = outcomeOf(dispute, row);
  if (!outcome) {
    const found = `${row.withdrawn} are withdrawn (minor units)`;
    throw new DisputeStateError(key, `ended as ${dispute.status}`, found);
  }
  const result = await endOf(tx, about, row, outcome);
  await tx.affected(`update disputes set outcome = $3, ended_at = $4 where tenant_id = $1 and dispute_id = $2`, [
    tenantId, key, outcome, now,
  ]); // prettier-ignore
  await writeResult(tx, tenantId, { kind: 'dispute', key, result, now });
  return result;
}

async function endOf(tx: Tx, about: About, row: DisputeRow, outcome: DisputeResult['status']): Promise<DisputeResult> {
  const { currency, fee } = row;
  switch (outcome) {
    case 'won':
      return { status: 'won', amount: row.amount, currency, fee };
    case 'lost':
      return { status: 'lost', amount: row.withdrawn, currency, fee, locked: await lose(tx, about, row) };
    case 'withdrawn':
      return { status: 'withdrawn' };
  }
}

export const createDisputes = (pool: Pool) => ({
  ...createDisputeReads(pool),

  /** The payment that a dispute is about, across tenants. Undefined: no captured payment of ours. */
  paymentOf({
    chargeId,
    intentId,
  }: {
    chargeId: string;
    intentId?: string | undefined;
  }): Promise<{ tenantId: string; paymentKey: string } | undefined> {
    return asSystem(pool, (tx) =>
      tx.first(
        `select tenant_id as "tenantId", payment_key as "paymentKey" from payments
         where charge_id = $1 or intent_id = $2 order by charge_id = $1 desc limit 1`,
        [chargeId, intentId ?? null],
      ),
    );
  },

  claim(request: ClaimDispute): Promise<DisputeClaim> {
    return withTenant(pool, request.operation.tenantId, (tx) => claimIn(tx, request));
  },

  /** Compare-and-set of the live claim's owner. True also when `operation` owns it already. */
  takeOver(request: Omit<TakeOver, 'kind'>): Promise<boolean> {
    return withTenant(pool, request.operation.tenantId, (tx) => takeOverClaim(tx, { ...request, kind: 'dispute' }));
  },

  /**
   * What the provider says of it: written down, and each of its balance transactions posted once, by its amounts.
   * @throws ClaimLostError, DisputeStateError when it does not fit the payment
   */
  book(request: RecordDispute): Promise<DisputeStanding> {
    return withTenant(pool, request.operation.tenantId, async (tx) => {
      await lockClaim(tx, request.operation, 'dispute', claimKeyOf('dispute', request.operation));
      const { row } = await recordIn(tx, request);
      return { currency: row.currency, withdrawn: row.withdrawn, fee: row.fee };
    });
  },

  /**
   * Its end, with what {@link book} would post. Lost: the shares are final, and the purchase's tickets that are alive are
   * locked. A settled claim answers its stored result. @throws ClaimLostError, DisputeStateError when its money has not
   * moved as its end says
   */
  settle(request: RecordDispute): Promise<DisputeResult> {
    return withTenant(pool, request.operation.tenantId, (tx) => settleIn(tx, request));
  },
});
