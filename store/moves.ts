/**
 * Transfers and burns of tickets that were asked for alone: the claim with the ticket it reserves, and its end. Each method
 * is one transaction, and each can be repeated after a lost answer. Locks are taken in one order: claim, payment, ticket.
 */
import { parseWorkflowId } from '../contracts/ids.ts';
import type {
  BurnInput,
  MoveKind,
  MoveRejection,
  MoveResult,
  NotMoved,
  TransferInput,
} from '../contracts/ticket-move.ts';
import { jobTypes } from '../contracts/job-types.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { lockClaim, takeClaim, takeOverClaim, writeResult } from './claims.ts';
import { ClaimLostError, MoveStateError } from './errors.ts';
import { releaseHolds } from './holds.ts';
import { createMoveReads } from './move-reads.ts';
import type { Operation } from './operation.ts';
import { lockPayment, nothingRemains } from './refund-state.ts';
import { fromRow, type Row, storableText } from './rows.ts';

export type { MoveRecord } from './move-reads.ts';

export interface TicketMove {
  kind: MoveKind;
  ticketId: string;
  /** uint256 in decimal. */
  tokenId: string;
  /** The wallet that we know it in. */
  fromWallet: string;
  /** Of a transfer. */
  toWallet?: string;
  /** The workflow that minted it. */
  mintedBy: string;
  /** Of the mint. */
  mintHash: string;
  status: 'reserved' | 'done' | 'given_up';
  /** Once it is done. */
  transactionHash?: string;
}

export type MoveClaim =
  | { kind: 'owned' }
  | { kind: 'settled'; result: MoveResult }
  | { kind: 'refused'; result: MoveResult }
  /** Live in another run: take it over only when Temporal says that that run is gone. */
  | { kind: 'foreign'; workflowId: string; runId: string };

export interface ReserveMove {
  operation: Operation;
  input: TransferInput | BurnInput;
  /** Business time, ISO 8601. */
  now: string;
}

interface Identity {
  kind: MoveKind;
  key: string;
}

/** A move's claim has the key that its workflow's id ends with. */
function identityOf({ tenantId, workflowId }: Operation): Identity {
  const parsed = parseWorkflowId(workflowId);
  if (parsed?.tenantId === tenantId && (parsed.kind === 'transfer' || parsed.kind === 'burn'))
    return { kind: parsed.kind, key: parsed.key };
  throw new ClaimLostError('transfer or burn', workflowId, undefined);
}

const rejected = (reason: MoveRejection): NotMoved => ({ status: 'rejected', moneyMoved: 'none', reason });

interface Standing {
  mintId: number;
  workflowId: string;
  status: 'reserved' | 'minted';
  wallet: string;
  locked: boolean;
}

/** The ticket's live mint; `lock` keeps others from changing it until this transaction ends. */
async function standingOf(tx: Tx, tenantId: string, ticketId: string, lock = ''): Promise<Standing | undefined> {
  return tx.first<Standing>(
    `select mint_id as "mintId", workflow_id as "workflowId", status, wallet, locked_at is not null as locked
     from mints where tenant_id = $1 and ticket_id = $2 and status in ('reserved', 'minted') ${lock}`,
    [tenantId, ticketId],
  );
}

/** The payment's lock comes before the ticket's: a refund that is being reserved is seen, or sees this move. */
async function lockTicket(tx: Tx, tenantId: string, ticketId: string): Promise<Standing | undefined> {
  const seen = await standingOf(tx, tenantId, ticketId);
  const sale = seen && parseWorkflowId(seen.workflowId);
  if (sale?.kind === 'payment') await lockPayment(tx, tenantId, sale.key);
  return standingOf(tx, tenantId, ticketId, 'for update');
}

/** Whatever minted it has ended well: until then its own undo may burn it. */
async function isSold(tx: Tx, tenantId: string, { status, workflowId }: Standing): Promise<boolean> {
  const sale = parseWorkflowId(workflowId);
  if (status !== 'minted' || !sale) return false;
  const claim = await tx.first<{ settled: boolean }>(
    `select status = 'settled' as settled from idempotency_keys where tenant_id = $1 and kind = $2 and key = $3`,
    [tenantId, sale.kind, sale.key],
  );
  return claim?.settled ?? false;
}

async function isUnderWay(tx: Tx, tenantId: string, ticketIds: readonly string[]): Promise<boolean> {
  const row = await tx.first<{ moving: boolean }>(
    `select exists (select from ticket_moves where tenant_id = $1 and ticket_id = any($2) and status = 'reserved')
       as moving`,
    [tenantId, ticketIds],
  );
  return row?.moving ?? false;
}

/** Its mint stands, so what burns it has not done so yet. */
async function isBeingRefunded(tx: Tx, tenantId: string, ticketId: string): Promise<boolean> {
  const row = await tx.first<{ burning: boolean }>(
    `select exists (select from refunds where tenant_id = $1 and $2 = any(burn_ticket_ids)
       and status in ('reserved', 'refunded')) as burning`,
    [tenantId, ticketId],
  );
  return row?.burning ?? false;
}

async function whyNot(
  tx: Tx,
  tenantId: string,
  { ticketId, toWallet }: { ticketId: string; toWallet: string | undefined },
  ticket: Standing | undefined,
): Promise<MoveRejection | undefined> {
  if (!ticket) return 'no_ticket';
  if (!(await isSold(tx, tenantId, ticket))) return 'not_minted';
  if (ticket.locked) return 'locked';
  if (await isUnderWay(tx, tenantId, [ticketId])) return 'moving';
  if (await isBeingRefunded(tx, tenantId, ticketId)) return 'moving';
  if (toWallet?.toLowerCase() === ticket.wallet.toLowerCase()) return 'same_wallet';
  return undefined;
}

async function reserveIn(tx: Tx, { operation, input, now }: ReserveMove): Promise<MoveClaim> {
  const { request, fingerprint } = input;
  const { tenantId, workflowId, runId } = operation;
  const { kind, key } = identityOf(operation);
  const { queue: queueName, resultKeptMs: keepForMs } = jobTypes['nft-mint'];
  const jobType = `ticket-${kind}`;
  const existing = await takeClaim(tx, { operation, kind, key, fingerprint, queueName, jobType, now, keepForMs });
  if (existing?.kind === 'settled') return { kind: 'settled', result: existing.result as MoveResult };
  if (existing?.kind === 'refused') return { kind: 'refused', result: rejected('key_reused') };
  if (existing) return existing;

  const { ticketId, reason, requestedBy } = request;
  const toWallet = 'toWallet' in request ? request.toWallet : undefined;
  const ticket = await lockTicket(tx, tenantId, ticketId);
  const refusal = await whyNot(tx, tenantId, { ticketId, toWallet }, ticket);
  if (refusal || !ticket) {
    const result = rejected(refusal ?? 'no_ticket');
    await writeResult(tx, tenantId, { kind, key, result, now });
    return { kind: 'refused', result };
  }
  await tx.affected(
    `insert into ticket_moves (tenant_id, kind, workflow_id, run_id, ticket_id, mint_id, from_wallet, to_wallet, reason,
       requested_by, status, reserved_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'reserved', $11)`,
    [
      tenantId, kind, workflowId, runId, ticketId, ticket.mintId, ticket.wallet, toWallet ?? null, storableText(reason),
      requestedBy, now,
    ], // prettier-ignore
  );
  return { kind: 'owned' };
}

/** `lock` keeps others from ending it at the same moment. */
async function moveOf(tx: Tx, { tenantId, workflowId }: Operation, lock = ''): Promise<TicketMove | undefined> {
  const row = await tx.first<Row<TicketMove>>(
    `select v.kind, v.ticket_id as "ticketId", m.token_id as "tokenId", v.from_wallet as "fromWallet",
       v.to_wallet as "toWallet", m.workflow_id as "mintedBy", m.transaction_hash as "mintHash", v.status,
       v.transaction_hash as "transactionHash"
     from ticket_moves v join mints m on m.tenant_id = v.tenant_id and m.mint_id = v.mint_id
     where v.tenant_id = $1 and v.workflow_id = $2 ${lock}`,
    [tenantId, workflowId],
  );
  return row && fromRow<TicketMove>(row);
}

const resultOf = ({ ticketId, tokenId, toWallet }: TicketMove, transactionHash: string): MoveResult => {
  const ends = { moneyMoved: 'none', ticket: { ticketId, tokenId }, transactionHash } as const;
  return toWallet === undefined ? { status: 'burned', ...ends } : { status: 'transferred', toWallet, ...ends };
};

/** The ticket can be sold again only where its buyer has all his money back. */
async function freeIfNothingRemains(tx: Tx, tenantId: string, mintedBy: string, now: string): Promise<void> {
  const sale = parseWorkflowId(mintedBy);
  if (sale?.kind !== 'payment') return;
  if (await nothingRemains(tx, tenantId, sale.key)) await releaseHolds(tx, tenantId, sale.key, now);
}

interface Done {
  operation: Operation;
  transactionHash: string;
  now: string;
}

async function doneIn(tx: Tx, { operation, transactionHash, now }: Done): Promise<MoveResult> {
  const { tenantId, workflowId } = operation;
  const { kind, key } = identityOf(operation);
  const stored = await lockClaim(tx, operation, kind, key);
  if (stored !== undefined) return stored;
  const seen = await moveOf(tx, operation);
  const sale = seen && parseWorkflowId(seen.mintedBy);
  if (sale?.kind === 'payment') await lockPayment(tx, tenantId, sale.key);
  const move = await moveOf(tx, operation, 'for update');
  if (!move) throw new MoveStateError(workflowId, 'done', 'nothing is reserved for it');
  if (move.status !== 'reserved') throw new MoveStateError(workflowId, 'done', `it is ${move.status}`);
  const { tokenId, toWallet } = move;
  const result = resultOf(move, transactionHash);
  await tx.affected(
    `update ticket_moves set status = 'done', transaction_hash = $3, ended_at = $4
     where tenant_id = $1 and workflow_id = $2`,
    [tenantId, workflowId, transactionHash, now],
  );
  if (toWallet === undefined) {
    await tx.affected(
      `update mints set status = 'burned', burn_transaction_hash = $3, updated_at = now()
       where tenant_id = $1 and token_id = $2 and status = 'minted'`,
      [tenantId, tokenId, transactionHash],
    );
    await freeIfNothingRemains(tx, tenantId, move.mintedBy, now);
  } else {
    await tx.affected(
      `update mints set wallet = $3, updated_at = now() where tenant_id = $1 and token_id = $2 and status = 'minted'`,
      [tenantId, tokenId, toWallet],
    );
  }
  await writeResult(tx, tenantId, { kind, key, result, now });
  return result;
}

async function closeIn(
  tx: Tx,
  { operation, result, now }: { operation: Operation; result: NotMoved; now: string },
): Promise<MoveResult> {
  const { tenantId, workflowId } = operation;
  const { kind, key } = identityOf(operation);
  const stored = await lockClaim(tx, operation, kind, key);
  if (stored !== undefined) return stored;
  await tx.affected(
    `update ticket_moves set status = 'given_up', ended_at = $3
     where tenant_id = $1 and workflow_id = $2 and status = 'reserved'`,
    [tenantId, workflowId, now],
  );
  await writeResult(tx, tenantId, { kind, key, result, now });
  return result;
}

export const createMoves = (pool: Pool) => ({
  ...createMoveReads(pool),

  /** Takes the key and reserves the ticket under its lock, or says why not. A rejection settles the claim. */
  reserve(request: ReserveMove): Promise<MoveClaim> {
    return withTenant(pool, request.operation.tenantId, (tx) => reserveIn(tx, request));
  },

  /** Compare-and-set of the live claim's owner. True also when `operation` owns it already. */
  takeOver({
    operation,
    from,
  }: {
    operation: Operation;
    from: { workflowId: string; runId: string };
  }): Promise<boolean> {
    return withTenant(pool, operation.tenantId, async (tx) => {
      if (!(await takeOverClaim(tx, { operation, ...identityOf(operation), from }))) return false;
      await tx.affected(`update ticket_moves set run_id = $3 where tenant_id = $1 and workflow_id = $2`, [
        operation.tenantId,
        operation.workflowId,
        operation.runId,
      ]);
      return true;
    });
  },

  /** What the operation reserved. */
  of(operation: Operation): Promise<TicketMove | undefined> {
    return withTenant(pool, operation.tenantId, (tx) => moveOf(tx, operation));
  },

  /** Whether one of these tickets is being moved or burned because somebody asked for just that. */
  underWay(tenantId: string, ticketIds: readonly string[]): Promise<boolean> {
    return withTenant(pool, tenantId, (tx) => isUnderWay(tx, tenantId, ticketIds));
  },

  /**
   * On the chain: the ticket's row, the move and the claim say so together. A burn frees order and tickets where all of the
   * payment is back. A settled claim answers its stored result. @throws ClaimLostError, MoveStateError
   */
  done(done: Done): Promise<MoveResult> {
    return withTenant(pool, done.operation.tenantId, (tx) => doneIn(tx, done));
  },

  /** Any other end: the ticket stays where it is. A settled claim answers its stored result. @throws ClaimLostError */
  close(ending: { operation: Operation; result: NotMoved; now: string }): Promise<MoveResult> {
    return withTenant(pool, ending.operation.tenantId, (tx) => closeIn(tx, ending));
  },
});
