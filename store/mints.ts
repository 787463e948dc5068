/**
 * A ticket's one live mint: reserved before anything is signed, then minted, burned, or released when it never reached the
 * chain. Owned by the workflow, whichever of its runs acts.
 */
import type { MintResult } from '../contracts/mint.ts';
import { OutdatedError, type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { settleClaim } from './claims.ts';
import { MintStateError } from './errors.ts';
import type { Operation } from './operation.ts';
import { fromRow, type Row } from './rows.ts';
import { holdOffFence } from './sent-calls.ts';

export interface ReservedTicket {
  ticketId: string;
  /** Burned mints of this ticket so far. */
  generation: number;
  /** uint256 in decimal. */
  tokenId: string;
}

export interface MintRecord extends ReservedTicket {
  wallet: string;
  status: 'reserved' | 'minted' | 'burned';
  transactionHash?: string;
  blockNumber?: number;
  burnTransactionHash?: string;
  /** Since when a person has to decide about it: its money was lost. ISO 8601. */
  lockedAt?: string;
}

export interface ReserveMints {
  operation: Operation;
  /** The sent-calls step of the mint: reserving after its fence is refused, or the tickets would stay reserved for ever. */
  step: string;
  tickets: readonly { ticketId: string }[];
  wallet: string;
  venueId: string;
  eventId: string;
  tokenIdOf: (ticketId: string, generation: number) => bigint;
}

export interface ConfirmMints {
  operation: Operation;
  /** The sent-calls step of the mint: after its fence the mint is its compensation's, and nothing may call it done. */
  step: string;
  transactionHash: string;
  blockNumber: number;
  /** Settles the claim of a mint that was asked for alone, in the same transaction. */
  settleClaim?: { kind: 'mint'; key: string; result: MintResult; now: string };
}

interface TicketState {
  ticketId: string;
  burned: number;
  /** Of the live mint, if there is one. */
  workflowId: string | null;
  generation: number | null;
  tokenId: string | null;
}

async function ticketStates(tx: Tx, tenantId: string, ticketIds: readonly string[]): Promise<TicketState[]> {
  return tx.rows<TicketState>(
    `select wanted.ticket_id as "ticketId", live.workflow_id as "workflowId", live.generation, live.token_id as "tokenId",
       (select count(*) from mints b where b.tenant_id = $1 and b.ticket_id = wanted.ticket_id and b.status = 'burned')
         as burned
     from unnest($2::text[]) with ordinality as wanted (ticket_id, place)
     left join mints live on live.tenant_id = $1 and live.ticket_id = wanted.ticket_id
       and live.status in ('reserved', 'minted')
     order by wanted.place`,
    [tenantId, ticketIds],
  );
}

async function reserveIn(
  tx: Tx,
  { operation, step, tickets, tokenIdOf, ...order }: ReserveMints,
): Promise<{ reserved: ReservedTicket[] } | { taken: string }> {
  const { tenantId, workflowId } = operation;
  await holdOffFence(tx, { tenantId, workflowId, step });
  // Sorted, so that two reservations of the same tickets wait for each other in one direction only.
  const states = await ticketStates(tx, tenantId, tickets.map(({ ticketId }) => ticketId).toSorted());
  const foreign = states.find((state) => state.workflowId !== null && state.workflowId !== workflowId);
  if (foreign) return { taken: foreign.ticketId };
  const reserved = states.map(({ ticketId, burned, generation, tokenId }) => ({
    ticketId,
    generation: generation ?? burned,
    tokenId: tokenId ?? tokenIdOf(ticketId, burned).toString(),
  }));
  const missing = reserved.filter((_, index) => states[index]?.workflowId === null);
  const inserted = await tx.affected(
    `insert into mints
       (tenant_id, workflow_id, run_id, wallet, venue_id, event_id, status, ticket_id, generation, token_id)
     select $1, $2, $3, $4, $5, $6, 'reserved', ticket_id, generation, token_id
     from unnest($7::text[], $8::int[], $9::numeric[]) with ordinality as ticket (ticket_id, generation, token_id, place)
     order by place
     on conflict do nothing`,
    [
      tenantId, workflowId, operation.runId, order.wallet, order.venueId, order.eventId,
      missing.map(({ ticketId }) => ticketId),
      missing.map(({ generation }) => generation),
      missing.map(({ tokenId }) => tokenId),
    ], // prettier-ignore
  );
  if (inserted !== missing.length) throw new OutdatedError();
  const byTicket = new Map(reserved.map((ticket) => [ticket.ticketId, ticket]));
  return { reserved: tickets.flatMap(({ ticketId }) => byTicket.get(ticketId) ?? []) };
}

async function ofOperation(tx: Tx, { tenantId, workflowId }: Operation): Promise<MintRecord[]> {
  const rows = await tx.rows<Row<MintRecord>>(
    `select ticket_id as "ticketId", generation, token_id as "tokenId", wallet, status,
       transaction_hash as "transactionHash", block_number as "blockNumber",
       burn_transaction_hash as "burnTransactionHash", locked_at as "lockedAt"
     from mints where tenant_id = $1 and workflow_id = $2 and status <> 'released' order by mint_id`,
    [tenantId, workflowId],
  );
  return rows.map((row) => fromRow<MintRecord>(row));
}

async function refuseUnless(
  tx: Tx,
  operation: Operation,
  wanted: string,
  fits: (mint: MintRecord) => boolean,
  mayBeNone: boolean,
): Promise<void> {
  const mints = await ofOperation(tx, operation);
  const misfit = mints.find((mint) => !fits(mint));
  if (misfit) throw new MintStateError(operation.workflowId, wanted, `ticket ${misfit.ticketId} is ${misfit.status}`);
  if (mints.length === 0 && !mayBeNone) throw new MintStateError(operation.workflowId, wanted, 'it has none');
}

export const createMints = (pool: Pool) => ({
  /**
   * All tickets or none; `taken` names one that another operation has. The same operation gets the same answer again.
   * @throws StepFencedError
   */
  reserve(request: ReserveMints): Promise<{ reserved: ReservedTicket[] } | { taken: string }> {
    return withTenant(pool, request.operation.tenantId, (tx) => reserveIn(tx, request));
  },

  /** On the chain. Again with another block after a reorganization. @throws StepFencedError, MintStateError, ClaimLostError */
  confirm({ operation, step, transactionHash, blockNumber, settleClaim: settlement }: ConfirmMints): Promise<void> {
    return withTenant(pool, operation.tenantId, async (tx) => {
      await holdOffFence(tx, { ...operation, step });
      await refuseUnless(tx, operation, 'minted', ({ status }) => status !== 'burned', false);
      await tx.affected(
        `update mints set status = 'minted', transaction_hash = $3, block_number = $4, updated_at = now()
         where tenant_id = $1 and workflow_id = $2 and status in ('reserved', 'minted')`,
        [operation.tenantId, operation.workflowId, transactionHash, blockNumber],
      );
      if (settlement) await settleClaim(tx, operation, settlement);
    });
  },

  /** On the chain again, after a reorganization had thrown out what was recorded. Changes nothing else. */
  mintedAgain({
    operation,
    transactionHash,
    blockNumber,
  }: Pick<ConfirmMints, 'operation' | 'transactionHash' | 'blockNumber'>): Promise<void> {
    return withTenant(pool, operation.tenantId, async (tx) => {
      await tx.affected(
        `update mints set transaction_hash = $3, block_number = $4, updated_at = now()
         where tenant_id = $1 and workflow_id = $2 and status = 'minted'`,
        [operation.tenantId, operation.workflowId, transactionHash, blockNumber],
      );
    });
  },

  /** Never minted: the tickets are free again. Idempotent. @throws MintStateError when one is on the chain */
  release({ operation }: { operation: Operation }): Promise<void> {
    return withTenant(pool, operation.tenantId, async (tx) => {
      await refuseUnless(tx, operation, 'released', ({ status }) => status !== 'minted', true);
      await tx.affected(
        `update mints set status = 'released', updated_at = now()
         where tenant_id = $1 and workflow_id = $2 and status = 'reserved'`,
        [operation.tenantId, operation.workflowId],
      );
    });
  },

  /**
   * Burned on the chain, also where the mint itself was never confirmed here: all tickets of the operation that minted
   * them, or those of `ticketIds`. Idempotent. @throws MintStateError
   */
  burned({
    operation,
    ticketIds,
    transactionHash,
  }: {
    operation: Operation;
    ticketIds?: readonly string[];
    transactionHash: string;
  }): Promise<void> {
    return withTenant(pool, operation.tenantId, async (tx) => {
      await refuseUnless(tx, operation, 'burned', () => true, false);
      await tx.affected(
        `update mints set status = 'burned', burn_transaction_hash = $3, updated_at = now()
         where tenant_id = $1 and workflow_id = $2 and status in ('reserved', 'minted')
           and ($4::text[] is null or ticket_id = any($4))`,
        [operation.tenantId, operation.workflowId, transactionHash, ticketIds ?? null],
      );
    });
  },

  /** Without the released ones. */
  of(operation: Operation): Promise<MintRecord[]> {
    return withTenant(pool, operation.tenantId, (tx) => ofOperation(tx, operation));
  },
});
