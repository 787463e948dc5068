/** Where a venue's money stands, and its payouts: read, and taken, under the lock of the venue's row. */
import type { ApprovalLimits } from '../contracts/decisions.ts';
import type { Currency } from '../contracts/money.ts';
import type { PayoutReservation, PayoutResult } from '../contracts/payout.ts';
import type { PayoutRequest } from '../contracts/schema/payout.ts';
import type { Tx } from '../infrastructure/postgres.ts';
import { ClaimLostError, PayoutStateError } from './errors.ts';
import type { Operation } from './operation.ts';
import type { Lying, Owed } from './payout-rules.ts';
import { storableText } from './rows.ts';

export interface PayableVenue {
  venueId: string;
  currency: Currency;
  frozen: boolean;
  payoutsEnabled: boolean;
  connectedAccount: string | null;
  approval: ApprovalLimits;
}

const venueColumns = `v.venue_id as "venueId", v.currency, v.frozen, v.payouts_enabled as "payoutsEnabled",
  v.connected_account as "connectedAccount",
  json_build_object('one', v.payout_approval_one, 'two', v.payout_approval_two) as approval`;

/** Not against sales: their rows only refer to the venue's, which this lock allows. */
export async function lockVenue(tx: Tx, tenantId: string, venueId: string): Promise<PayableVenue | undefined> {
  return tx.first<PayableVenue>(
    `select ${venueColumns} from venues v where tenant_id = $1 and venue_id = $2 for no key update`,
    [tenantId, venueId],
  );
}

export async function readVenueOf(tx: Tx, tenantId: string, payoutId: string): Promise<PayableVenue | undefined> {
  return tx.first<PayableVenue>(
    `select ${venueColumns} from payouts p join venues v using (tenant_id, venue_id)
     where p.tenant_id = $1 and p.payout_id = $2`,
    [tenantId, payoutId],
  );
}

export interface OfVenue {
  tenantId: string;
  venueId: string;
  currency: Currency;
}

export async function readOwed(tx: Tx, { tenantId, venueId, currency }: OfVenue, now: string): Promise<Owed> {
  const owed = await tx.first<Owed>(
    `select coalesce(-sum(amount), 0)::bigint as payable,
       coalesce(-sum(amount) filter (where available_on is null or available_on <= $4), 0)::bigint as "availableNow"
     from ledger_entries where tenant_id = $1 and venue_id = $2 and account = 'venue_payable' and currency = $3`,
    [tenantId, venueId, currency, now],
  );
  return owed ?? { payable: 0, availableNow: 0 };
}

/** A payout takes what it does not transfer from what lies in the account; one that came back leaves what it transferred. */
export async function readLying(tx: Tx, { tenantId, venueId, currency }: OfVenue, account: string): Promise<Lying> {
  const lying = await tx.first<Lying>(
    `select (select coalesce(sum(amount), 0)::bigint from ledger_entries where tenant_id = $1 and venue_id = $2
         and account = 'connected_balance' and currency = $3) as connected,
       coalesce(sum(case status when 'reserved' then amount - transfer_amount when 'transferred' then amount end),
         0)::bigint as earmarked,
       coalesce(sum(case when status in ('reserved', 'transferred', 'created', 'paid') then transfer_amount - amount
         when transferred_at is not null then transfer_amount end) filter (where account = $4), 0)::bigint as "inAccount"
     from payouts where tenant_id = $1 and venue_id = $2 and currency = $3`,
    [tenantId, venueId, currency, account],
  );
  return lying ?? { connected: 0, earmarked: 0, inAccount: 0 };
}

/** The statement that a payout closes: its number, and the balances that it opens and closes with. */
export interface ClosedStatement {
  statement: number;
  opening: number;
  closing: number;
}

export async function insertPayout(
  tx: Tx,
  { operation, request, now }: { operation: Operation; request: PayoutRequest; now: string },
  { account, currency, amount, transferAmount, approvalsNeeded }: PayoutReservation,
  { statement, opening, closing }: ClosedStatement,
): Promise<void> {
  await tx.affected(
    `insert into payouts (tenant_id, payout_id, venue_id, workflow_id, run_id, account, currency, amount, transfer_amount,
       approvals_needed, statement, opening_balance, closing_balance, reason, requested_by, status, reserved_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'reserved', $16)`,
    [
      operation.tenantId, request.payoutId, request.venueId, operation.workflowId, operation.runId, account, currency,
      amount, transferAmount, approvalsNeeded, statement, opening, closing, storableText(request.reason),
      request.requestedBy, now,
    ], // prettier-ignore
  );
}

export async function readReservation(
  tx: Tx,
  tenantId: string,
  payoutId: string,
): Promise<PayoutReservation | undefined> {
  return tx.first<PayoutReservation>(
    `select amount, currency, account, transfer_amount as "transferAmount", approvals_needed as "approvalsNeeded"
     from payouts where tenant_id = $1 and payout_id = $2`,
    [tenantId, payoutId],
  );
}

export type PayoutRowStatus = 'reserved' | 'transferred' | 'created' | PayoutResult['status'];

export interface LockedPayout extends PayoutReservation {
  payoutId: string;
  venueId: string;
  status: PayoutRowStatus;
  transferId: string | null;
  providerPayoutId: string | null;
}

/** The payout and its venue; undefined when nothing was reserved. */
export async function lockPayout(tx: Tx, tenantId: string, payoutId: string): Promise<LockedPayout | undefined> {
  return tx.first<LockedPayout>(
    `select p.payout_id as "payoutId", p.venue_id as "venueId", p.status, p.amount, p.currency, p.account,
       p.transfer_amount as "transferAmount", p.approvals_needed as "approvalsNeeded", p.transfer_id as "transferId",
       p.provider_payout_id as "providerPayoutId"
     from payouts p join venues v using (tenant_id, venue_id)
     where p.tenant_id = $1 and p.payout_id = $2 for no key update of v, p`,
    [tenantId, payoutId],
  );
}

/** @throws ClaimLostError when nothing was reserved */
export async function lockReserved(tx: Tx, tenantId: string, payoutId: string): Promise<LockedPayout> {
  const payout = await lockPayout(tx, tenantId, payoutId);
  if (!payout) throw new ClaimLostError('payout', payoutId, undefined);
  return payout;
}

/** Two payouts that name one object at the provider: one of them was never made. @throws PayoutStateError */
export async function requireUnused(
  tx: Tx,
  tenantId: string,
  payoutId: string,
  column: 'transfer_id' | 'provider_payout_id',
  id: string,
): Promise<void> {
  const other = await tx.first<{ payoutId: string }>(
    `select payout_id as "payoutId" from payouts where tenant_id = $1 and ${column} = $2 and payout_id <> $3`,
    [tenantId, id, payoutId],
  );
  if (other) throw new PayoutStateError(payoutId, `made by ${id}`, `that is payout ${other.payoutId}'s`);
}
