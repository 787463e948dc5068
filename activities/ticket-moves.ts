/** A ticket on its way to another wallet, or out of the world, because somebody asked for just that. */
import { failureTypes } from '../contracts/failures.ts';
import type { MoveResult } from '../contracts/ticket-move.ts';
import { type ChainStepDependencies, countedOf, createChainSteps } from './chain-steps.ts';
import { createFailures, detailOf, typeOf } from './failure.ts';
import type { ChainTransaction, MintLedger, MoveLedger, Operation, StepLedger } from './ports.ts';
import type { Address, TransactionPlan } from './providers/chain/types.ts';
import { createBurns } from './ticket-burns.ts';

const { decline, refuse, retryIn } = createFailures('chain');

export interface MoveTicketInput {
  operation: Operation;
  round: number;
  /** Business time, ISO 8601. */
  now: string;
}

export interface TicketMoveActivities {
  /** Does what the operation reserved, and records its end. Declined while the ticket's owner is another than we know. */
  moveTicket(input: MoveTicketInput): Promise<MoveResult>;
  /**
   * Makes sure that nothing more is signed for this move, and brings what was signed to its end: a move that the chain has
   * made is recorded as done, whoever wanted it back.
   */
  stopMove(input: MoveTicketInput): Promise<void>;
}

export interface TicketMoveDependencies extends ChainStepDependencies {
  steps: Pick<StepLedger, 'fence'>;
  mints: MintLedger;
  moves: Pick<MoveLedger, 'of' | 'done'>;
}

/** The sent-calls step, and the first transaction's; the next ones are counted, `move-2`. */
const step = 'move';

type Move = NonNullable<Awaited<ReturnType<MoveLedger['of']>>>;

export function createTicketMoveActivities(deps: TicketMoveDependencies): TicketMoveActivities {
  const { provider, steps, moves } = deps;
  const chain = createChainSteps(deps);
  const { ask, latest, sign, include } = chain;
  const { requireMinted } = createBurns(deps, chain);

  async function reserved({ operation }: MoveTicketInput): Promise<Move> {
    const move = await ask(() => moves.of(operation));
    if (!move) throw refuse('nothing_reserved');
    return move;
  }

  async function planned({ kind, tokenId, fromWallet, toWallet }: Move): Promise<TransactionPlan> {
    if (kind === 'burn') return ask(() => provider.planBurn([BigInt(tokenId)]));
    return ask(() => provider.planTransfer(fromWallet as Address, toWallet as Address, BigInt(tokenId)));
  }

  /** A "no" of the contract may be our own earlier attempt's doing; that one was stored before it was sent. */
  async function transactionOf(input: MoveTicketInput, move: Move): Promise<ChainTransaction | 'gone'> {
    const { operation, round } = input;
    const earlier = await latest(operation, step);
    if ('hash' in earlier) return earlier;
    try {
      return await sign(operation, earlier.step, await planned(move));
    } catch (error) {
      if (typeOf(error) !== failureTypes.declined) throw error;
      const meanwhile = await latest(operation, step);
      if ('hash' in meanwhile) return meanwhile;
      const code = detailOf(error)?.code ?? 'move_declined';
      if (code !== 'not_minted') throw decline(code);
      const minter = { ...operation, workflowId: move.mintedBy };
      const tokenId = BigInt(move.tokenId);
      await requireMinted({ operation, round, tokenIds: [tokenId], minter });
      const [owner] = await ask(() => provider.ownersOf([tokenId]));
      if (owner) throw retryIn(deps.pollMs, 'not_minted');
      return 'gone';
    }
  }

  const done = ({ operation, now }: MoveTicketInput, transactionHash: string) =>
    ask(() => moves.done({ operation, transactionHash, now }));

  async function moveTicket(input: MoveTicketInput): Promise<MoveResult> {
    const move = await reserved(input);
    if (move.transactionHash) return done(input, move.transactionHash);
    const transaction = await transactionOf(input, move);
    if (transaction === 'gone') {
      // Burned by a transaction that is not ours: only the mint's can be named.
      if (move.kind === 'burn') return done(input, move.mintHash);
      throw decline('not_held');
    }
    const included = await include(countedOf(input.operation, step, input.round), transaction);
    if (included.mined.success) return done(input, included.transaction.hash);
    // The ticket left its wallet between the plan and the block. The next attempt's plan says what it is now.
    throw retryIn(deps.pollMs, 'move_reverted', 1);
  }

  async function stopMove(input: MoveTicketInput): Promise<void> {
    const { operation, round } = input;
    const { tenantId, workflowId } = operation;
    for (;;) {
      const found = await latest(operation, step);
      if ('hash' in found) {
        const included = await include(countedOf(operation, 'stop', round), found);
        if (included.mined.success) return void (await done(input, included.transaction.hash));
      } else {
        await steps.fence({ tenantId, workflowId, step: found.step });
        // Signed at that very moment, or never.
        const again = await latest(operation, step);
        if (!('hash' in again) && again.step === found.step) return;
      }
    }
  }

  return { moveTicket, stopMove };
}
