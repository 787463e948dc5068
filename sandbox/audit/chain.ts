/** What the chain says, asked over JSON-RPC; token ids are computed here, from the rule and not from the books. */
import { createPublicClient, getAddress, http, parseAbiItem, zeroAddress, type PublicClient } from 'viem';
import { ticketsAbi } from '../../activities/providers/chain/abi.ts';
import { tokenIdOf } from '../../activities/providers/chain/token-id.ts';
import type { ChainFacts } from './record.ts';

const transfer = parseAbiItem('event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)');

/** A mint that the books know of. */
export interface BookedMint {
  tenantId: string;
  ticketId: string;
  generation: number;
  wallet: string;
  status: 'reserved' | 'minted' | 'burned' | 'released';
}

export interface ChainReader {
  factsOf(mints: readonly BookedMint[]): Promise<ChainFacts>;
  /** In words, what chain and books disagree on. */
  strays(mints: readonly BookedMint[]): Promise<string[]>;
}

const tokenOf = ({ tenantId, ticketId, generation }: BookedMint) => tokenIdOf(tenantId, ticketId, generation);

export function createChainReader(rpc: string, contract: string): ChainReader {
  const client: PublicClient = createPublicClient({ transport: http(rpc) });
  const address = getAddress(contract);

  const mintedTokens = async (tokenIds?: bigint[]): Promise<bigint[]> => {
    const logs = await client.getLogs({
      address,
      event: transfer,
      args: { from: zeroAddress, ...(tokenIds ? { tokenId: tokenIds } : {}) },
      fromBlock: 0n,
      strict: true,
    });
    return logs.map(({ args }) => args.tokenId);
  };

  return {
    async factsOf(mints) {
      if (mints.length === 0) return { mints: 0, owned: 0 };
      const tokenIds = [...new Set(mints.map(tokenOf))];
      const [minted, owners] = await Promise.all([
        mintedTokens(tokenIds),
        client.readContract({ address, abi: ticketsAbi, functionName: 'ownersOf', args: [tokenIds] }),
      ]);
      // The wallet of its row, which follows the transfers that the issuer made.
      const isOwn = (tokenId: bigint, owner: string) =>
        mints.some((mint) => tokenOf(mint) === tokenId && mint.wallet.toLowerCase() === owner.toLowerCase());
      return { mints: minted.length, owned: owners.filter((owner, index) => isOwn(tokenIds[index]!, owner)).length };
    },

    async strays(mints) {
      const onChain = new Set(await mintedTokens());
      const booked = mints.filter(({ status }) => status === 'minted' || status === 'burned');
      const known = new Set(mints.map(tokenOf));
      return [
        ...[...onChain].filter((token) => !known.has(token)).map((token) => `token ${token} is in no book`),
        ...booked
          .filter((mint) => mint.status === 'minted' && !onChain.has(tokenOf(mint)))
          .map(({ tenantId, ticketId }) => `ticket ${ticketId} of ${tenantId} is booked as minted, not on the chain`),
      ];
    },
  };
}
