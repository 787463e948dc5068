import { setTimeout as sleep } from 'node:timers/promises';
import { decodeFunctionResult, encodeDeployData, encodeFunctionData, getAddress, hexToNumber, isHex } from 'viem';
import artefact from './BoxofficeTickets.generated.json' with { type: 'json' };
import { ProviderFault } from '../../../contracts/provider-fault.ts';
import { TICKETS_VERSION, ticketsAbi } from './abi.ts';
import { chainFault } from './errors.ts';
import { createRpc } from './rpc.ts';
import type { Rpc } from './rpc.ts';
import { issuerAccount, pendingNonce, priceTransaction, signTransaction } from './transactions.ts';
import type { Address, Hex } from './types.ts';

const REQUEST_TIMEOUT_MS = 10_000;
const MINED_WITHIN_MS = 120_000;
const POLL_MS = 200;

export interface ChainEndpoint {
  rpcUrl: string;
  chainId: number;
}

/** `ours` answers our version; `absent` has no code; `foreign` is another contract, or another version of ours. */
export type ContractState = 'ours' | 'absent' | 'foreign';

/**
 * Deploys a new contract with `issuerKey`'s account as issuer, and waits until it is mined. `admin`, by default the same
 * account, may replace the issuer. Not idempotent: ask `contractAt` first where an address is known.
 */
export async function deployContract(
  options: ChainEndpoint & { issuerKey: Hex; admin?: Address | undefined },
): Promise<Address> {
  const rpc = createRpc({ rpcUrl: options.rpcUrl, requestTimeoutMs: REQUEST_TIMEOUT_MS });
  await assertChain(rpc, options.chainId);
  const account = issuerAccount(options.issuerKey);
  const { bytecode } = artefact;
  if (!isHex(bytecode)) throw new Error('BoxofficeTickets.generated.json holds no bytecode: compile the contract');
  const data = encodeDeployData({
    abi: ticketsAbi,
    bytecode,
    args: [options.admin ?? account.address, account.address],
  });
  const priced = await priceTransaction(rpc, account.address, { data });
  const nonce = await pendingNonce(rpc, account.address);
  const { raw, hash } = await signTransaction(account, options.chainId, priced, nonce);
  await rpc.send(raw);
  return contractOf(rpc, hash);
}

/** What stands at `address`: for setting up, and before an address is written down. */
export function contractAt(address: Address, { rpcUrl, chainId }: ChainEndpoint): Promise<ContractState> {
  return contractState(createRpc({ rpcUrl, requestTimeoutMs: REQUEST_TIMEOUT_MS }), chainId, address);
}

/** As contractAt, over an open connection: at most 3 requests. */
export async function contractState(rpc: Rpc, chainId: number, address: Address): Promise<ContractState> {
  await assertChain(rpc, chainId);
  const code = await rpc.request('eth_getCode', [address, 'latest']);
  if (code === '0x') return 'absent';
  const call = { abi: ticketsAbi, functionName: 'version' } as const;
  try {
    const data = await rpc.request('eth_call', [{ to: address, data: encodeFunctionData(call) }, 'latest']);
    return decodeFunctionResult({ ...call, data }) === TICKETS_VERSION ? 'ours' : 'foreign';
  } catch (error) {
    // A revert, or an answer that is no string: a contract without our version(). The rest says nothing about it.
    if (error instanceof ProviderFault && error.code !== 'reverted') throw error;
    return 'foreign';
  }
}

async function assertChain(rpc: Rpc, chainId: number): Promise<void> {
  const actual = hexToNumber(await rpc.request('eth_chainId', undefined));
  if (actual === chainId) return;
  throw chainFault('refused', 'wrong_chain', `the node is on chain ${actual}, configured is ${chainId}`);
}

async function contractOf(rpc: Rpc, hash: Hex): Promise<Address> {
  const deadline = Date.now() + MINED_WITHIN_MS;
  while (Date.now() < deadline) {
    const receipt = await rpc.request('eth_getTransactionReceipt', [hash]);
    if (receipt?.status === '0x1' && receipt.contractAddress) return getAddress(receipt.contractAddress);
    if (receipt) throw chainFault('refused', 'reverted', `the deployment ${hash} was mined and failed`, { hash });
    await sleep(POLL_MS);
  }
  throw chainFault('unknown', 'timeout', `the deployment ${hash} is not mined after ${MINED_WITHIN_MS / 1000} s`, {
    hash,
  });
}
