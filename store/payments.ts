/**
 * The record of a purchase: its claim with the order and tickets it holds, and its end. Each method is one transaction,
 * and each can be repeated after a lost answer.
 */
import { type FeePolicy, type Shares, sharesOf } from '../contracts/money.ts';
import { jobTypes } from '../contracts/job-types.ts';
import type { Capture, MintOutcome, PaymentInput, PaymentResult, PurchaseOrder } from '../contracts/payment.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { lockClaim, takeClaim, type TakeOver, takeOverWithRow, writeResult } from './claims.ts';
import { forgetCustomer } from './customer-actions.ts';
import { CaptureMismatchError, ClaimLostError } from './errors.ts';
import { findConflict, type Hold, releaseHolds, takeHolds } from './holds.ts';
import { post } from './ledger.ts';
import type { Operation } from './operation.ts';
import { createPaymentReads } from './payment-reads.ts';
import { captured, providerFee } from './postings.ts';
import { readSetting, refusalOf } from './sale-rules.ts';

export type RefusedResult = Extract<PaymentResult, { status: 'refused' }>;
export type CompletedResult = Extract<PaymentResult, { status: 'completed' }>;
/** Ends that give everything back. */
export type ClosedResult = Exclude<PaymentResult, RefusedResult | CompletedResult>;

export type PaymentClaim =
  | { kind: 'owned'; policy: FeePolicy }
  | { kind: 'settled'; result: PaymentResult }
  | { kind: 'refused'; result: RefusedResult }
  /** Live in another run: take it over only when Temporal says that that run is gone. */
  | { kind: 'foreign'; workflowId: string; runId: string };

export interface ClaimPayment {
  operation: Operation;
  key: string;
  input: PaymentInput;
  /** Business time, ISO 8601. */
  now: string;
}

export interface SettlePayment {
  operation: Operation;
  key: string;
  /** null for an amount of 0, which never meets the card provider. */
  capture: Capture | null;
  mint: MintOutcome;
  result: CompletedResult;
  now: string;
}

type PaymentTerms = FeePolicy & Shares & Pick<PurchaseOrder, 'venueId' | 'currency' | 'amount'>;

const policyColumns = `fee_basis_points as "feeBasisPoints", fee_fixed as "feeFixed", reserve_basis_points as "reserveBasisPoints"`;

async function readTerms(tx: Tx, tenantId: string, key: string): Promise<PaymentTerms> {
  const terms = await tx.first<PaymentTerms>(
    `select ${policyColumns}, platform_fee as "platformFee", venue_reserve as "venueReserve", venue_payable as "venuePayable",
       venue_id as "venueId", currency, amount from payments where tenant_id = $1 and payment_key = $2`,
    [tenantId, key],
  );
  if (!terms) throw new ClaimLostError('payment', key, undefined);
  return terms;
}

const policyOf = ({ feeBasisPoints, feeFixed, reserveBasisPoints }: FeePolicy): FeePolicy => ({
  feeBasisPoints,
  feeFixed,
  reserveBasisPoints,
});

const holdsOf = ({ orderId, tickets }: PurchaseOrder): Hold[] => [
  { kind: 'order', id: orderId },
  ...tickets.map(({ ticketId }) => ({ kind: 'ticket' as const, id: ticketId })),
];

async function claimIn(tx: Tx, { operation, key, input, now }: ClaimPayment): Promise<PaymentClaim> {
  const { order, fingerprint } = input;
  const { tenantId } = operation;
  const { queue: queueName } = jobTypes['payment-process'];
  const existing = await takeClaim(tx, {
    operation, kind: 'payment', key, fingerprint, queueName, jobType: 'payment-process', now, keepForMs: 'forever',
  }); // prettier-ignore
  if (existing?.kind === 'owned') return { kind: 'owned', policy: policyOf(await readTerms(tx, tenantId, key)) };
  if (existing?.kind === 'settled') return { kind: 'settled', result: existing.result as PaymentResult };
  if (existing?.kind === 'refused') return { kind: 'refused', result: refused('key_reused') };
  if (existing) return existing;

  const setting = await readSetting(tx, tenantId, order.venueId, order.eventId);
  const reason = refusalOf(setting, order);
  if (reason !== undefined || !setting.policy) return refuse(tx, { tenantId, key, now }, refused(reason ?? 'no_venue'));
  const holds = holdsOf(order);
  const conflict = await findConflict(tx, tenantId, holds);
  if (conflict) {
    const result = refused(conflict.kind === 'order' ? 'order_live' : 'ticket_live', conflict.otherPayment);
    return refuse(tx, { tenantId, key, now }, result);
  }
  await takeHolds(tx, { tenantId, paymentKey: key, holds, now });
  await insertPayment(tx, { operation, key, input, now }, setting.policy);
  return { kind: 'owned', policy: setting.policy };
}

const refused = (reason: RefusedResult['reason'], otherPayment?: string): RefusedResult => ({
  status: 'refused',
  moneyMoved: 'none',
  reason,
  ...(otherPayment === undefined ? {} : { otherPayment }),
});

async function refuse(
  tx: Tx,
  { tenantId, key, now }: { tenantId: string; key: string; now: string },
  result: RefusedResult,
): Promise<PaymentClaim> {
  await writeResult(tx, tenantId, { kind: 'payment', key, result, now });
  return { kind: 'refused', result };
}

/** Payment, lines and tickets in one statement. The shares are fixed here: settling must not depend on a later policy. */
async function insertPayment(tx: Tx, { operation, key, input, now }: ClaimPayment, policy: FeePolicy): Promise<void> {
  const { order } = input;
  const shares = sharesOf(order.amount, policy);
  await tx.affected(
    `with payment as (
       insert into payments (tenant_id, payment_key, workflow_id, run_id, venue_id, event_id, user_id, order_id, wallet,
         email_ref, currency, amount, fee_basis_points, fee_fixed, reserve_basis_points, platform_fee, venue_reserve,
         venue_payable, status, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 'live', $19)
     ), lines as (
       insert into payment_lines (tenant_id, payment_key, position, kind, ticket_id, amount)
       select $1, $2, position, kind, ticket_id, amount
       from unnest($20::text[], $21::text[], $22::bigint[]) with ordinality as line (kind, ticket_id, amount, position)
     )
     insert into payment_tickets (tenant_id, payment_key, position, ticket_id, seat_id, price)
     select $1, $2, position, ticket_id, seat_id, price
     from unnest($23::text[], $24::text[], $25::bigint[]) with ordinality as ticket (ticket_id, seat_id, price, position)`,
    [
      operation.tenantId, key, operation.workflowId, operation.runId, order.venueId, order.eventId, order.userId,
      order.orderId, order.buyer.wallet, order.buyer.emailRef, order.currency, order.amount,
      policy.feeBasisPoints, policy.feeFixed, policy.reserveBasisPoints,
      shares.platformFee, shares.venueReserve, shares.venuePayable, now,
      order.lines.map(({ kind }) => kind),
      order.lines.map(({ ticketId }) => ticketId ?? null),
      order.lines.map(({ amount }) => amount),
      order.tickets.map(({ ticketId }) => ticketId),
      order.tickets.map(({ seatId }) => seatId ?? null),
      order.tickets.map(({ price }) => price),
    ], // prettier-ignore
  );
}

async function settleIn(tx: Tx, settlement: SettlePayment): Promise<PaymentResult> {
  const { operation, key, capture, mint, result, now } = settlement;
  const { tenantId, workflowId } = operation;
  const stored = await lockClaim(tx, operation, 'payment', key);
  if (stored !== undefined) return stored;
  const terms = await readTerms(tx, tenantId, key);
  if ((capture?.amount ?? 0) !== terms.amount) {
    throw new CaptureMismatchError(key, capture?.amount ?? 0, terms.amount, terms.currency);
  }
  if (capture) {
    const { venueId, currency } = terms;
    const common = {
      tenantId,
      operation: workflowId,
      occurredAt: now,
      venueId,
      currency,
      availableOn: capture.availableOn,
    };
    await post(tx, { ...common, step: 'capture', postings: captured({ amount: capture.amount, shares: terms }) });
    await post(tx, { ...common, step: 'provider_fee', postings: providerFee(capture.providerFee) });
  }
  await tx.affected(
    `${forgetCustomer} update payments set status = 'completed', ended_at = $3, transaction_hash = $4, intent_id = $5, charge_id = $6,
       balance_transaction_id = $7, provider_fee = $8, available_on = $9
     where tenant_id = $1 and payment_key = $2`,
    [
      tenantId, key, now, mint.transactionHash, capture?.intentId ?? null, capture?.chargeId ?? null,
      capture?.balanceTransactionId ?? null, capture?.providerFee ?? null, capture?.availableOn ?? null,
    ], // prettier-ignore
  );
  await writeResult(tx, tenantId, { kind: 'payment', key, result, now });
  return result;
}

async function closeIn(
  tx: Tx,
  { operation, key, result, now }: { operation: Operation; key: string; result: ClosedResult; now: string },
): Promise<PaymentResult> {
  const { tenantId } = operation;
  const stored = await lockClaim(tx, operation, 'payment', key);
  if (stored !== undefined) return stored;
  await releaseHolds(tx, tenantId, key, now);
  await tx.affected(
    `${forgetCustomer} update payments set status = $3, ended_at = $4 where tenant_id = $1 and payment_key = $2`,
    [tenantId, key, result.status, now],
  );
  await writeResult(tx, tenantId, { kind: 'payment', key, result, now });
  return result;
}

export const createPayments = (pool: Pool) => ({
  ...createPaymentReads(pool),

  /**
   * Takes the key, the order and every ticket, or says why not. A refusal settles the claim and holds nothing; only
   * `key_reused` leaves the claim, which is somebody else's, untouched.
   */
  claim(claim: ClaimPayment): Promise<PaymentClaim> {
    return withTenant(pool, claim.operation.tenantId, (tx) => claimIn(tx, claim));
  },

  /** Compare-and-set of the live claim's owner. True also when `operation` owns it already. */
  takeOver(request: Omit<TakeOver, 'kind'>): Promise<boolean> {
    const row = { table: 'payments', keyColumn: 'payment_key' };
    return withTenant(pool, request.operation.tenantId, (tx) =>
      takeOverWithRow(tx, { ...request, kind: 'payment' }, row),
    );
  },

  /**
   * Captured: ledger, payment and claim at once. Its order and tickets stay held. A settled claim answers its stored
   * result and posts nothing. @throws ClaimLostError, CaptureMismatchError
   */
  settle(settlement: SettlePayment): Promise<PaymentResult> {
    return withTenant(pool, settlement.operation.tenantId, (tx) => settleIn(tx, settlement));
  },

  /** Any other end: nothing is held any more. A settled claim answers its stored result. @throws ClaimLostError */
  close(closing: { operation: Operation; key: string; result: ClosedResult; now: string }): Promise<PaymentResult> {
    return withTenant(pool, closing.operation.tenantId, (tx) => closeIn(tx, closing));
  },
});
