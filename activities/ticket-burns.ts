/** Taking tokens back: planned, signed once, included. A ticket whose owner moved it himself is not ours to take. */
import { failureTypes } from '../contracts/failures.ts';
import { countedOf, type ChainStepDependencies, type ChainSteps } from './chain-steps.ts';
import { createFailures, detailOf, typeOf } from './failure.ts';
import type { ChainTransaction, MintLedger, Operation } from './ports.ts';
import type { TransactionPlan } from './providers/chain/types.ts';

const { refuse, retryIn } = createFailures('chain');

export interface BurnDependencies extends ChainStepDependencies {
  mints: MintLedger;
}

/** Who burns what. */
export interface Burning {
  operation: Operation;
  round: number;
  tokenIds: bigint[];
  /** Whose transaction minted the tokens, where that was recorded long ago and is not looked after any more. */
  minter?: Operation;
}

export type Burns = ReturnType<typeof createBurns>;

export function createBurns(deps: BurnDependencies, { ask, stored, latest, sign, include }: ChainSteps) {
  const { provider, mints } = deps;

  /** The stored burn, or a new one of what stands on the chain; undefined when nothing does. */
  async function burnTransaction(burning: Burning): Promise<ChainTransaction | undefined> {
    const { operation, tokenIds } = burning;
    const earlier = await latest(operation, 'burn');
    if ('hash' in earlier) return earlier;
    let plan = await planBurn(tokenIds);
    if (plan === 'not_minted') {
      // Our own earlier attempt's doing? That one was stored before it was sent.
      const meanwhile = await latest(operation, 'burn');
      if ('hash' in meanwhile) return meanwhile;
      const standing = await standingOf(burning);
      if (standing.length === 0) return undefined;
      plan = await planBurn(standing);
      if (plan === 'not_minted') throw retryIn(deps.pollMs, 'not_minted');
    }
    return sign(operation, earlier.step, plan);
  }

  /** Which of the tokens have an owner. A node that says of one that it never was has not seen our mint: ask again. */
  async function standingOf(burning: Burning): Promise<bigint[]> {
    const { tokenIds } = burning;
    await requireMinted(burning);
    const owners = await ask(() => provider.ownersOf(tokenIds));
    return tokenIds.filter((_, index) => owners[index] !== null);
  }

  /**
   * A mint that a reorganization threw out after it was recorded is sent and confirmed again, byte for byte, before its
   * tokens are touched. A person decides where the chain made another end of it.
   */
  async function requireMinted({ operation, round, tokenIds, minter }: Burning): Promise<void> {
    const minted = await ask(() => provider.everMinted(tokenIds));
    if (!minted.includes(false)) return;
    const mint = minter && (await stored(minter, 'mint'));
    if (mint) {
      const { mined, transaction } = await include(countedOf(operation, 'remint', round), mint);
      if (!mined.success) throw refuse('mint_reorganized', { transactionHash: transaction.hash });
      const { blockNumber } = mined;
      await ask(() => mints.mintedAgain({ operation: minter, transactionHash: transaction.hash, blockNumber }));
    }
    throw retryIn(deps.pollMs, 'mint_not_seen');
  }

  /** A ticket that its owner moved away is no longer ours to take: a person decides. */
  async function planBurn(tokenIds: bigint[]): Promise<TransactionPlan | 'not_minted'> {
    try {
      return await ask(() => provider.planBurn(tokenIds));
    } catch (error) {
      if (typeOf(error) !== failureTypes.declined) throw error;
      const code = detailOf(error)?.code ?? 'burn_declined';
      if (code === 'not_minted') return code;
      throw refuse(code);
    }
  }

  /** The hash of the burn, once it is in the chain; undefined where nothing stood that could be burned. */
  async function burn(burning: Burning): Promise<string | undefined> {
    const transaction = await burnTransaction(burning);
    if (!transaction) return undefined;
    const included = await include(countedOf(burning.operation, 'burn', burning.round), transaction);
    const { hash } = included.transaction;
    if (!included.mined.success) throw refuse('burn_reverted', { transactionHash: hash });
    return hash;
  }

  return { burn, requireMinted };
}
