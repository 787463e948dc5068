/** The part of `boxoffice setup` beyond Temporal: the tickets' contract. Safe to repeat. */
import { getContractAddress, isHex } from 'viem';
import { walletAddress } from '../activities/providers/chain/address.ts';
import { contractAt, deployContract } from '../activities/providers/chain/deploy.ts';
import { issuerAccount } from '../activities/providers/chain/transactions.ts';
import type { Address } from '../activities/providers/chain/types.ts';
import { ConfigurationError, loadConfig } from '../infrastructure/config.ts';

/** One thing that was looked at, and what was done about it. */
export interface SetupStep {
  what: string;
  done: 'was there' | 'created' | 'skipped';
  detail: string;
}

const what = 'contract';
const unset = `0x${'0'.repeat(40)}`;
/** An issuer's account makes its contract early; where these nonces made none, a new one is deployed. */
const earlyNonces = 8n;

/**
 * Checks the contract at CHAIN_CONTRACT_ADDRESS. Where that is not set, finds the one that the issuer deployed before, or
 * deploys one, and says how to set it.
 */
export async function setUpContract(env: Readonly<Record<string, string | undefined>>): Promise<SetupStep> {
  if (!env['CHAIN_RPC_URL']) return { what, done: 'skipped', detail: 'CHAIN_RPC_URL is not set' };
  const given = env['CHAIN_CONTRACT_ADDRESS'];
  const { chain } = loadConfig({ ...env, CHAIN_CONTRACT_ADDRESS: given || unset }, ['chain']);
  const endpoint = { rpcUrl: chain.CHAIN_RPC_URL, chainId: chain.CHAIN_ID };
  if (given) {
    const state = await contractAt(walletAddress(given, 'CHAIN_CONTRACT_ADDRESS'), endpoint);
    if (state === 'ours') return { what, done: 'was there', detail: given };
    throw new ConfigurationError([
      `CHAIN_CONTRACT_ADDRESS is ${given}, where ${state === 'absent' ? 'no contract is' : 'another contract is'}; unset it and run setup again to deploy one`,
    ]);
  }
  const issuerKey = chain.CHAIN_ISSUER_KEY;
  if (!isHex(issuerKey)) throw new ConfigurationError(['CHAIN_ISSUER_KEY is not hexadecimal']);
  const found = await deployedBefore(issuerAccount(issuerKey).address, endpoint);
  const address = found ?? (await deployContract({ ...endpoint, issuerKey }));
  return { what, done: found ? 'was there' : 'created', detail: `set CHAIN_CONTRACT_ADDRESS=${address}` };
}

async function deployedBefore(from: Address, endpoint: Parameters<typeof contractAt>[1]): Promise<Address | undefined> {
  for (let nonce = 0n; nonce < earlyNonces; nonce += 1n) {
    const address = getContractAddress({ from, nonce });
    if ((await contractAt(address, endpoint)) === 'ours') return address;
  }
  return undefined;
}
