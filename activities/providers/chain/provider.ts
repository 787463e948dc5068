import { decodeFunctionResult, encodeFunctionData, getAddress, keccak256, parseTransaction, zeroAddress } from 'viem';
import { ticketsAbi } from './abi.ts';
import { contractState } from './deploy.ts';
import { chainFault } from './errors.ts';
import { inclusionOf } from './inclusion.ts';
import { createRpc } from './rpc.ts';
import type { RpcOptions } from './rpc.ts';
import {
  issuerAccount,
  minedNonce,
  pendingNonce,
  priceTransaction,
  repriceTransaction,
  signTransaction,
} from './transactions.ts';
import type { Address, ChainProvider, Hex, TransactionPlan } from './types.ts';

export interface ChainProviderOptions extends RpcOptions {
  chainId: number;
  contract: Address;
  issuerKey: Hex;
  /** No replacement offers more. Wei per gas. */
  maxFeeCap?: bigint;
}

const gwei = 1_000_000_000n;

/** The ticket contract on one chain, seen by its issuer. Holds no connection and nothing to close. */
export function createChainProvider(options: ChainProviderOptions): ChainProvider {
  const { chainId, maxFeeCap = 500n * gwei } = options;
  const rpc = createRpc(options);
  const account = issuerAccount(options.issuerKey);
  const contract = getAddress(options.contract);

  const check = async () => {
    const state = await contractState(rpc, chainId, contract);
    if (state === 'ours') return;
    const reason = state === 'absent' ? 'no contract stands' : 'another contract, or another version of ours, stands';
    throw chainFault('refused', 'wrong_contract', `${reason} at ${contract}: run \`boxoffice setup\``, { state });
  };
  let checked: Promise<void> | undefined;
  /** A call to a wrong address would be mined as a success that mints nothing, so nothing is planned before this. */
  const contractChecked = () => {
    checked ??= check().catch((error: unknown) => {
      checked = undefined;
      throw error;
    });
    return checked;
  };

  const plan = async (data: Hex): Promise<TransactionPlan> => {
    await contractChecked();
    return { ...(await priceTransaction(rpc, account.address, { to: contract, data })), to: contract };
  };

  const read = (data: Hex) => rpc.request('eth_call', [{ from: account.address, to: contract, data }, 'latest']);

  return {
    issuer: account.address,
    contract,
    chainId,
    planMint: (to, tokenIds) =>
      plan(encodeFunctionData({ abi: ticketsAbi, functionName: 'mintBatch', args: [to, tokenIds] })),
    planBurn: (tokenIds) => plan(encodeFunctionData({ abi: ticketsAbi, functionName: 'burnBatch', args: [tokenIds] })),
    planTransfer: (from, to, tokenId) =>
      plan(encodeFunctionData({ abi: ticketsAbi, functionName: 'issuerTransfer', args: [from, to, tokenId] })),
    planReplacement: (raw) => repriceTransaction(rpc, raw, maxFeeCap),
    sign: (transaction, nonce) => signTransaction(account, chainId, transaction, nonce),

    async broadcast(raw) {
      if ((await rpc.send(raw)) === 'accepted') return;
      const hash = keccak256(raw);
      if (await rpc.request('eth_getTransactionReceipt', [hash])) return;
      // Not "refused": a node behind a balancer may know the nonce of our transaction and not yet its receipt.
      throw chainFault('unknown', 'nonce_taken', `the nonce of ${hash} is used up, and it has no receipt here`, {
        hash,
        nonce: parseTransaction(raw).nonce ?? 0,
      });
    },

    inclusion: (hash) => inclusionOf(rpc, hash, contract),

    async ownersOf(tokenIds) {
      const call = { abi: ticketsAbi, functionName: 'ownersOf', args: [tokenIds] } as const;
      const data = await read(encodeFunctionData(call));
      return decoded(() => decodeFunctionResult({ ...call, data })).map((owner) =>
        owner === zeroAddress ? null : owner,
      );
    },

    async everMinted(tokenIds) {
      const call = { abi: ticketsAbi, functionName: 'everMintedBatch', args: [tokenIds] } as const;
      const data = await read(encodeFunctionData(call));
      return [...decoded(() => decodeFunctionResult({ ...call, data }))];
    },

    nextNonce: () => pendingNonce(rpc, account.address),
    minedNonce: () => minedNonce(rpc, account.address),
  };
}

/** An empty answer is what a node gives that has not yet seen the contract: it says nothing about the tokens. */
export function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch {
    throw chainFault('unknown', 'bad_answer', 'the answer to eth_call is not the contract’s');
  }
}
