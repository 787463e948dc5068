import { hexToNumber, isAddressEqual } from 'viem';
import type { Rpc } from './rpc.ts';
import type { Address, Hex, Inclusion } from './types.ts';

/**
 * Whether `hash` is on the canonical chain, for a transaction that must have changed `contract`. A node may keep a
 * receipt of a block that a reorganization threw out, so the receipt counts only while its block is the one at that
 * height. The head is read first, so that confirmations are never more than the canonical check has seen.
 */
export async function inclusionOf(rpc: Rpc, hash: Hex, contract: Address): Promise<Inclusion> {
  const receipt = await rpc.request('eth_getTransactionReceipt', [hash]);
  if (receipt) {
    const head = hexToNumber(await rpc.request('eth_blockNumber', undefined));
    const block = await rpc.request('eth_getBlockByNumber', [receipt.blockNumber, false]);
    if (block?.hash === receipt.blockHash) {
      const blockNumber = hexToNumber(receipt.blockNumber);
      return {
        state: 'mined',
        // Calls to an address without code succeed, too; each of ours leaves at least one event of our contract.
        success: receipt.status === '0x1' && receipt.logs.some((log) => isAddressEqual(log.address, contract)),
        blockNumber,
        // A node behind a balancer may be one block behind the one that gave the receipt.
        confirmations: Math.max(1, head - blockNumber + 1),
      };
    }
  }
  const transaction = await rpc.request('eth_getTransactionByHash', [hash]);
  return { state: transaction ? 'pending' : 'absent' };
}
