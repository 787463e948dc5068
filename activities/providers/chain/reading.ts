/** What the chain has of tickets, in blocks that are deep enough: for whoever compares. Every method throws ProviderFault. */
import {
  decodeFunctionResult,
  encodeEventTopics,
  encodeFunctionData,
  getAddress,
  hexToBigInt,
  hexToNumber,
  numberToHex,
  parseAbiItem,
  zeroAddress,
} from 'viem';
import type { TheirToken } from '../../../contracts/reconciliation.ts';
import { ticketsAbi } from './abi.ts';
import { chainFault } from './errors.ts';
import { decoded } from './provider.ts';
import { createRpc, type RpcOptions } from './rpc.ts';
import type { Address, Hex } from './types.ts';

export interface ChainReaderOptions extends RpcOptions {
  contract: Address;
  /** Blocks, its own included: what is less deep is not read. */
  confirmations: number;
}

export interface Block {
  number: number;
  /** When it was made, by its own word. ISO 8601. */
  at: string;
}

export interface ChainReader {
  /** The newest block that is deep enough: 2 requests. Undefined on a chain that is too young. */
  confirmed(): Promise<Block | undefined>;
  /** The first block made at `at` (ISO 8601) or later, `upTo` + 1 where there is none: a request for each halving. */
  blockAt(at: string, upTo: number): Promise<number>;
  /** Tokens that were minted, moved or burned in these blocks, in decimal: 1 request. */
  moved(from: number, to: number): Promise<string[]>;
  /** As of a block: 2 requests. */
  tokens(tokenIds: readonly string[], block: number): Promise<TheirToken[]>;
}

const transfer = parseAbiItem('event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)');
const [transferTopic] = encodeEventTopics({ abi: [transfer] }) as [Hex];

const isoOf = (timestamp: Hex) => new Date(hexToNumber(timestamp) * 1_000).toISOString();

export function createChainReader(options: ChainReaderOptions): ChainReader {
  const rpc = createRpc(options);
  const address = getAddress(options.contract);

  async function block(number: number): Promise<Block> {
    const found = await rpc.request('eth_getBlockByNumber', [numberToHex(number), false]);
    // A node behind a balancer may not have it yet.
    if (!found) throw chainFault('unknown', 'bad_answer', `the node has no block ${number}`);
    return { number, at: isoOf(found.timestamp) };
  }

  /** Of a block, whole: a call to the newest one would show what may still be thrown out. */
  async function call(data: Hex, at: number): Promise<Hex> {
    return rpc.request('eth_call', [{ to: address, data }, numberToHex(at)]);
  }

  return {
    async confirmed() {
      const head = hexToNumber(await rpc.request('eth_blockNumber', undefined));
      const number = head - options.confirmations + 1;
      return number < 0 ? undefined : block(number);
    },

    async blockAt(at, upTo) {
      let [low, high] = [0, upTo + 1];
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if ((await block(middle)).at < at) low = middle + 1;
        else high = middle;
      }
      return low;
    },

    async moved(from, to) {
      const logs = await rpc.request('eth_getLogs', [
        { address, topics: [transferTopic], fromBlock: numberToHex(from), toBlock: numberToHex(to) },
      ]);
      const tokens = logs.flatMap(({ topics: [, , , tokenId] }) => (tokenId ? [hexToBigInt(tokenId).toString()] : []));
      return [...new Set(tokens)];
    },

    async tokens(tokenIds, at) {
      if (tokenIds.length === 0) return [];
      const args = [tokenIds.map(BigInt)] as const;
      const owners = { abi: ticketsAbi, functionName: 'ownersOf', args } as const;
      const ever = { abi: ticketsAbi, functionName: 'everMintedBatch', args } as const;
      const ownerData = await call(encodeFunctionData(owners), at);
      const everData = await call(encodeFunctionData(ever), at);
      const owned = decoded(() => decodeFunctionResult({ ...owners, data: ownerData }));
      const minted = decoded(() => decodeFunctionResult({ ...ever, data: everData }));
      return tokenIds.map((tokenId, index) => ({
        tokenId,
        owned: (owned[index] ?? zeroAddress) !== zeroAddress,
        everMinted: minted[index] ?? false,
      }));
    },
  };
}
