/**
 * The record of a refund: its claim with what it reserves of the payment, and its end. Each method is one transaction, and
 * each can be repeated after a lost answer. Locks are taken in one order: claim, payment, the rest.
 */
import { type ApprovalLimits, approvalsNeeded } from '../contracts/decisions.ts';
import { jobTypes } from '../contracts/job-types.ts';
import type { Currency } from '../contracts/money.ts';
import type { MoneyMoved } from '../contracts/payment.ts';
import type {
  ProviderRefund,
  RefundInput,
  RefundRejection,
  RefundReservation,
  RefundResult,
} from '../contracts/refund.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { claimKeyOf, lockClaim, takeClaim, type TakeOver, takeOverWithRow, writeResult } from './claims.ts';
import { isDisputed } from './dispute-reads.ts';
import { reshareLost } from './dispute-reshare.ts';
import { ClaimLostError, RefundStateError } from './errors.ts';
import { releaseHolds } from './holds.ts';
import { post } from './ledger.ts';
import type { Operation } from './operation.ts';
import { type Posting, refundDone, refundReserved, reversed } from './postings.ts';
import { createRefundReads } from './refund-reads.ts';
import { planRefund, type RefundPlan } from './refund-rules.ts';
import {
  type LockedPayment,
  type LockedRefund,
  lockPayment,
  lockRefund,
  nothingRemains,
  readSums,
  readTickets,
} from './refund-state.ts';
import { storableText } from './rows.ts';

export type RejectedRefund = Extract<RefundResult, { status: 'rejected' }>;
export type CompletedRefund = Extract<RefundResult, { status: 'completed' }>;
/** Ends that give the reservation back. */
export type GivenBackRefund = Exclude<RefundResult, CompletedRefund>;

export type RefundClaim =
  | { kind: 'owned'; reservation: RefundReservation }
  | { kind: 'settled'; result: RefundResult }
  | { kind: 'refused'; result: RejectedRefund }
  /** Live in another run: take it over only when Temporal says that that run is gone. */
  | { kind: 'foreign'; workflowId: string; runId: string };

export interface ReserveRefund {
  operation: Operation;
  input: RefundInput;
  /** Business time, ISO 8601. */
  now: string;
}

const rejected = (reason: RefundRejection, moneyMoved: MoneyMoved, refundable?: number): RejectedRefund => ({
  status: 'rejected',
  moneyMoved,
  reason,
  ...(refundable === undefined ? {} : { refundable }),
});

async function reserveIn(tx: Tx, { operation, input, now }: ReserveRefund): Promise<RefundClaim> {
  const { request, fingerprint } = input;
  const { tenantId } = operation;
  const { refundId: key, paymentKey } = request;
  const { queue: queueName } = jobTypes['refund-process'];
  const existing = await takeClaim(tx, {
    operation, kind: 'refund', key, fingerprint, queueName, jobType: 'refund-process', now, keepForMs: 'forever',
  }); // prettier-ignore
  if (existing?.kind === 'owned') return { kind: 'owned', reservation: await readReservation(tx, tenantId, key) };
  if (existing?.kind === 'settled') return { kind: 'settled', result: existing.result as RefundResult };
  if (existing?.kind === 'refused') return { kind: 'refused', result: rejected('key_reused', 'none') };
  if (existing) return existing;

  const refuse = async (result: RejectedRefund): Promise<RefundClaim> => {
    await writeResult(tx, tenantId, { kind: 'refund', key, result, now });
    return { kind: 'refused', result };
  };
  const payment = await lockPayment(tx, tenantId, paymentKey);
  if (!payment) return refuse(rejected('no_payment', 'none'));
  // A live payment may be at its capture right now.
  if (payment.status === 'live') return refuse(rejected('not_captured', 'unknown'));
  if (payment.status !== 'completed' || payment.chargeId === null) return refuse(rejected('not_captured', 'none'));

  if (await isDisputed(tx, tenantId, paymentKey)) return refuse(rejected('disputed', 'captured'));
  const sums = await readSums(tx, tenantId, paymentKey);
  const tickets = await readTickets(tx, tenantId, paymentKey, payment.workflowId);
  const planned = planRefund(request, { ...payment, ...sums, tickets });
  if ('refusal' in planned) {
    const moneyMoved = sums.returned === payment.captured ? 'refunded' : 'captured';
    return refuse(rejected(planned.refusal.reason, moneyMoved, planned.refusal.refundable));
  }
  await insertRefund(tx, { operation, input, now }, planned.plan, payment.currency);
  await postStep(tx, { operation, now, ...payment }, 'refund_reserved', refundReserved(planned.plan));
  return { kind: 'owned', reservation: await readReservation(tx, tenantId, key) };
}

async function insertRefund(
  tx: Tx,
  { operation, input: { request }, now }: ReserveRefund,
  plan: RefundPlan,
  currency: Currency,
): Promise<void> {
  await tx.affected(
    `insert into refunds (tenant_id, refund_id, payment_key, workflow_id, run_id, amount, fee_share, currency, tickets,
       ticket_ids, burn_ticket_ids, reason, requested_by, status, reserved_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'reserved', $14)`,
    [
      operation.tenantId, request.refundId, request.paymentKey, operation.workflowId, operation.runId, plan.amount,
      plan.feeShare, currency, request.tickets, plan.ticketIds, plan.burnTicketIds, storableText(request.reason),
      request.requestedBy, now,
    ], // prettier-ignore
  );
}

async function readReservation(tx: Tx, tenantId: string, refundId: string): Promise<RefundReservation> {
  const found = await tx.first<RefundReservation & ApprovalLimits>(
    `select r.amount, r.currency, p.intent_id as "intentId", p.charge_id as "chargeId",
       r.burn_ticket_ids as "ticketIds", p.wallet, p.venue_id as "venueId", p.event_id as "eventId",
       v.refund_approval_one as one, v.refund_approval_two as two
     from refunds r join payments p using (tenant_id, payment_key) join venues v using (tenant_id, venue_id)
     where r.tenant_id = $1 and r.refund_id = $2`,
    [tenantId, refundId],
  );
  if (!found) throw new ClaimLostError('refund', refundId, undefined);
  const { one, two, ...reservation } = found;
  return { ...reservation, approvalsNeeded: approvalsNeeded(reservation.amount, { one, two }) };
}

/**
 * The venue's part carries the availability of the payment's own: what goes back before it became payable takes nothing
 * from the venue's other money, and afterwards counts at once.
 */
async function postStep(
  tx: Tx,
  about: { operation: Operation; now: string } & Pick<LockedPayment, 'venueId' | 'currency' | 'availableOn'>,
  step: string,
  postings: Posting[],
): Promise<void> {
  const { operation, now, venueId, currency, availableOn } = about;
  await post(tx, {
    tenantId: operation.tenantId,
    operation: operation.workflowId,
    step,
    occurredAt: now,
    venueId,
    currency,
    ...(availableOn === null ? {} : { availableOn }),
    postings,
  });
}

/** Nothing when it was recorded before. @throws RefundStateError when it was given up, or done by another object */
async function recordDone(
  tx: Tx,
  operation: Operation,
  refund: LockedRefund,
  { providerRefundId, now }: { providerRefundId: string; now: string },
): Promise<void> {
  const known = refund.providerRefundId;
  if (known === providerRefundId) return;
  if (known !== null) throw new RefundStateError(refund.refundId, `done by ${providerRefundId}`, `${known} did it`);
  if (refund.status !== 'reserved') throw new RefundStateError(refund.refundId, 'done', `it is ${refund.status}`);
  await postStep(tx, { operation, now, ...refund }, 'refund_done', refundDone(refund.amount));
  await tx.affected(
    `update refunds set status = 'refunded', provider_refund_id = $3, refunded_at = $4
     where tenant_id = $1 and refund_id = $2`,
    [operation.tenantId, refund.refundId, providerRefundId, now],
  );
}

async function settleIn(tx: Tx, { operation, result, now }: Ending<CompletedRefund>): Promise<RefundResult> {
  const { tenantId } = operation;
  const key = claimKeyOf('refund', operation);
  const stored = await lockClaim(tx, operation, 'refund', key);
  if (stored !== undefined) return stored;
  const refund = await lockRefund(tx, tenantId, key);
  if (result.amount !== refund.amount || result.currency !== refund.currency) {
    const wanted = `completed with ${result.amount} ${result.currency}`;
    throw new RefundStateError(key, wanted, `${refund.amount} ${refund.currency} are reserved (minor units)`);
  }
  await recordDone(tx, operation, refund, { providerRefundId: result.providerRefundId, now });
  await tx.affected(
    `update refunds set status = 'completed', burned_ticket_ids = $3, ended_at = $4
     where tenant_id = $1 and refund_id = $2`,
    [tenantId, key, result.burned, now],
  );
  if (await nothingRemains(tx, tenantId, refund.paymentKey)) await releaseHolds(tx, tenantId, refund.paymentKey, now);
  await writeResult(tx, tenantId, { kind: 'refund', key, result, now });
  return result;
}

async function giveBackIn(tx: Tx, { operation, result, now }: Ending<GivenBackRefund>): Promise<RefundResult> {
  const { tenantId } = operation;
  const key = claimKeyOf('refund', operation);
  const stored = await lockClaim(tx, operation, 'refund', key);
  if (stored !== undefined) return stored;
  const refund = await lockRefund(tx, tenantId, key);
  const about = { operation, now, ...refund };
  if (refund.providerRefundId !== null) {
    await postStep(tx, about, 'refund_done_reversed', reversed(refundDone(refund.amount)));
  }
  await postStep(tx, about, 'refund_reserved_reversed', reversed(refundReserved(refund)));
  const code = result.status === 'failed' ? storableText(result.code) : null;
  await tx.affected(
    `update refunds set status = $3, failure_code = $4, ended_at = $5 where tenant_id = $1 and refund_id = $2`,
    [tenantId, key, result.status, code, now],
  );
  await reshareLost(tx, { operation, paymentKey: refund.paymentKey, now });
  await writeResult(tx, tenantId, { kind: 'refund', key, result, now });
  return result;
}

interface Ending<Result extends RefundResult> {
  operation: Operation;
  result: Result;
  now: string;
}

export const createRefunds = (pool: Pool) => ({
  ...createRefundReads(pool),

  /**
   * Takes the key and reserves the amount under the payment's lock, or says why not. A rejection settles the claim and
   * reserves nothing; only `key_reused` leaves the claim, which is somebody else's, untouched. `ticketIds` of the
   * reservation are those to burn: none when tickets are kept.
   */
  reserve(request: ReserveRefund): Promise<RefundClaim> {
    return withTenant(pool, request.operation.tenantId, (tx) => reserveIn(tx, request));
  },

  /** Compare-and-set of the live claim's owner. True also when `operation` owns it already. */
  takeOver(request: Omit<TakeOver, 'kind'>): Promise<boolean> {
    const row = { table: 'refunds', keyColumn: 'refund_id' };
    return withTenant(pool, request.operation.tenantId, (tx) =>
      takeOverWithRow(tx, { ...request, kind: 'refund' }, row),
    );
  },

  /**
   * The provider gives the money back: posted once. @throws ClaimLostError, RefundStateError when it was given up, or done
   * by another object
   */
  refunded({ operation, refund, now }: { operation: Operation; refund: ProviderRefund; now: string }): Promise<void> {
    return withTenant(pool, operation.tenantId, async (tx) => {
      const key = claimKeyOf('refund', operation);
      await lockClaim(tx, operation, 'refund', key);
      const locked = await lockRefund(tx, operation.tenantId, key);
      await recordDone(tx, operation, locked, { providerRefundId: refund.providerRefundId, now });
    });
  },

  /**
   * The end that is hoped for; posts what {@link refunded} would when that was not called. When all of the payment is back
   * and its tickets' mints are burned, its order and tickets are free. A settled claim answers its stored result.
   * @throws ClaimLostError, RefundStateError when it is not what was reserved or done
   */
  settle(ending: Ending<CompletedRefund>): Promise<RefundResult> {
    return withTenant(pool, ending.operation.tenantId, (tx) => settleIn(tx, ending));
  },

  /** Any other end: everything posted is reversed. A settled claim answers its stored result. @throws ClaimLostError */
  giveBack(ending: Ending<GivenBackRefund>): Promise<RefundResult> {
    return withTenant(pool, ending.operation.tenantId, (tx) => giveBackIn(tx, ending));
  },
});
