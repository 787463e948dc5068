/**
 * Tickets on the chain: minted all in one transaction, burned by their issuer. How a transaction gets there is in
 * chain-steps.ts.
 */
import { failureTypes } from '../contracts/failures.ts';
import { mintClaimKeyOf, paymentWorkflowId } from '../contracts/ids.ts';
import type { MintedTicket, MintOutcome } from '../contracts/payment.ts';
import type { Store } from '../store/index.ts';
import { type ChainStepDependencies, countedOf, createChainSteps } from './chain-steps.ts';
import { createFailures, detailOf, typeOf } from './failure.ts';
import type { ChainTransaction, MintLedger, MoveLedger, Operation, ReservedTicket, StepLedger } from './ports.ts';
import { tokenIdOf } from './providers/chain/token-id.ts';
import type { Address } from './providers/chain/types.ts';
import { createBurns } from './ticket-burns.ts';

const { decline, refuse, retryIn } = createFailures('chain');

export interface MintTicketsInput {
  operation: Operation;
  wallet: string;
  venueId: string;
  eventId: string;
  tickets: { ticketId: string }[];
  round: number;
  /** A mint that is its own workflow settles its claim in the transaction that records the mint. */
  settles?: { ticketId: string; mintKey: string; now: string };
}

export interface BurnTicketsInput {
  operation: Operation;
  round: number;
  /** A mint that is its own workflow: once its claim says "minted", it is too late to undo it. */
  unlessSettled?: { ticketId: string; mintKey: string };
}

export interface BurnRefundedInput {
  /** The refund's. */
  operation: Operation;
  paymentKey: string;
  /** Tickets of that purchase. */
  ticketIds: string[];
  round: number;
}

export interface TicketActivities {
  mintTickets(input: MintTicketsInput): Promise<MintOutcome>;
  /** Makes sure that this workflow leaves no ticket in the world, whatever became of its mint. */
  burnTickets(input: BurnTicketsInput): Promise<void>;
  /**
   * Takes back tickets of a purchase that was completed, and answers with them. Refused, for a person, while one of them
   * is not held by the wallet that it was given to, and waiting while somebody moves one.
   */
  burnRefunded(input: BurnRefundedInput): Promise<string[]>;
}

export interface TicketDependencies extends ChainStepDependencies {
  steps: StepLedger;
  mints: MintLedger;
  moves: Pick<MoveLedger, 'underWay'>;
  claims: Pick<Store['claims'], 'resultOf'>;
}

export function createTicketActivities(deps: TicketDependencies): TicketActivities {
  const { provider, steps, mints, moves } = deps;
  const chain = createChainSteps(deps);
  const { ask, stored, sign, include } = chain;
  const burns = createBurns(deps, chain);

  /**
   * The stored transaction of this mint, or a new one. "Already minted" may be our own earlier attempt's doing; that one
   * was stored before it was sent, so a second look tells.
   */
  async function mintTransaction(operation: Operation, wallet: Address, tokenIds: bigint[]): Promise<ChainTransaction> {
    const earlier = await stored(operation, 'mint');
    if (earlier) return earlier;
    try {
      return await sign(operation, 'mint', await ask(() => provider.planMint(wallet, tokenIds)));
    } catch (error) {
      if (typeOf(error) !== failureTypes.declined) throw error;
      const meanwhile = await stored(operation, 'mint');
      if (meanwhile) return meanwhile;
      await mints.release({ operation });
      const code = detailOf(error)?.code ?? 'mint_declined';
      throw decline(code === 'already_minted' ? 'ticket_taken' : code);
    }
  }

  async function mintTickets(input: MintTicketsInput): Promise<MintOutcome> {
    const { operation, wallet, venueId, eventId, tickets, round, settles } = input;
    const reservation = await ask(() =>
      mints.reserve({
        operation,
        step: 'mint',
        tickets,
        wallet,
        venueId,
        eventId,
        tokenIdOf: (ticketId, generation) => tokenIdOf(operation.tenantId, ticketId, generation),
      }),
    );
    if ('taken' in reservation) throw decline('ticket_taken', { ticketId: reservation.taken });
    const tokenIds = reservation.reserved.map(({ tokenId }) => BigInt(tokenId));

    const transaction = await mintTransaction(operation, wallet as Address, tokenIds);
    const { mined, transaction: included } = await include(countedOf(operation, 'mint', round), transaction);
    const transactionHash = included.hash;
    if (!mined.success) {
      await mints.release({ operation });
      throw decline('mint_reverted', { transactionHash });
    }

    const outcome: MintOutcome = {
      transactionHash,
      tickets: reservation.reserved.map(mintedTicketOf),
    };
    await ask(() =>
      mints.confirm({
        operation,
        step: 'mint',
        transactionHash,
        blockNumber: mined.blockNumber,
        ...(settles ? { settleClaim: mintClaimOf(outcome, settles) } : {}),
      }),
    );
    return outcome;
  }

  /** The mint's own transaction is brought to its end first: only then is it known what there is to burn. */
  async function burnTickets({ operation, round, unlessSettled }: BurnTicketsInput): Promise<void> {
    const { tenantId, workflowId } = operation;
    await steps.fence({ tenantId, workflowId, step: 'mint' });
    if (unlessSettled && (await deps.claims.resultOf(tenantId, 'mint', mintClaimKeyOf(unlessSettled)))) return;
    const mint = await stored(operation, 'mint');
    const minted = mint && (await include(countedOf(operation, 'burn', round), mint));
    const records = await mints.of(operation);
    if (!minted?.mined.success) {
      // Recorded as minted, and a reorganization has made another end of it: a person decides.
      if (minted && records.some(({ status }) => status === 'minted'))
        throw refuse('mint_reorganized', { transactionHash: minted.transaction.hash });
      return mints.release({ operation });
    }
    const tokenIds = records.map(({ tokenId }) => BigInt(tokenId));
    const burned = await burns.burn({ operation, round, tokenIds });
    // Burned by a transaction that is not ours: only the mint's can be named.
    await mints.burned({ operation, transactionHash: burned ?? minted.transaction.hash });
  }

  async function burnRefunded({ operation, paymentKey, ticketIds, round }: BurnRefundedInput): Promise<string[]> {
    const { tenantId, runId } = operation;
    const purchase = { tenantId, workflowId: paymentWorkflowId(tenantId, paymentKey), runId };
    const wanted = new Set(ticketIds);
    const records = (await ask(() => mints.of(purchase))).filter(({ ticketId }) => wanted.has(ticketId));
    const [first] = records;
    if (!first || records.length !== wanted.size) throw refuse('ticket_not_minted');
    const standing = records.filter(({ status }) => status !== 'burned');
    // What an earlier attempt recorded is done.
    if (standing.length === 0) return ticketIds;
    // A move that was there before this refund ends first; later ones are refused.
    if (await ask(() => moves.underWay(tenantId, ticketIds))) throw retryIn(deps.pollMs, 'ticket_moving');
    const tokenIds = standing.map(({ tokenId }) => BigInt(tokenId));
    const burned = await burns.burn({ operation, round, tokenIds, minter: purchase });
    const transactionHash = burned ?? first.transactionHash;
    if (!transactionHash) throw refuse('ticket_not_minted');
    await ask(() => mints.burned({ operation: purchase, ticketIds, transactionHash }));
    return ticketIds;
  }

  return { mintTickets, burnTickets, burnRefunded };
}

const mintedTicketOf = ({ ticketId, tokenId }: ReservedTicket): MintedTicket => ({
  ticketId,
  tokenId,
});

function mintClaimOf({ tickets, transactionHash }: MintOutcome, settles: NonNullable<MintTicketsInput['settles']>) {
  const [ticket] = tickets;
  if (!ticket) throw refuse('no_ticket');
  const result = { status: 'minted' as const, ticket, transactionHash };
  return { kind: 'mint' as const, key: mintClaimKeyOf(settles), now: settles.now, result };
}
