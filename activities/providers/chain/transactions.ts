import { hexToBigInt, hexToNumber, isHex, keccak256, numberToHex, parseTransaction } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import type { PrivateKeyAccount } from 'viem/accounts';
import type { Rpc } from './rpc.ts';
import type { Address, Hex, SignedTransaction, TransactionPlan } from './types.ts';

/** A call or, without `to`, a deployment. */
export type PricedTransaction = Omit<TransactionPlan, 'to'> & { to?: Address };

/** Blocks whose median tips are looked at: about two minutes of Ethereum. */
const FEE_BLOCKS = 10;
/** Wei per gas. What Geth demands by default; only an idle chain, whose blocks hold no tips, comes down to it. */
const MIN_TIP = 1_000_000n;

/** The issuer's account. The error never repeats the key. */
export function issuerAccount(issuerKey: Hex): PrivateKeyAccount {
  if (!isHex(issuerKey) || issuerKey.length !== 66) {
    throw new Error('issuerKey is not a private key; accepted is 0x followed by 64 hexadecimal digits');
  }
  return privateKeyToAccount(issuerKey);
}

/**
 * Simulates against the latest block and prices: 2 requests. A tenth more gas than estimated, for state that moves
 * before the block; twice the base fee, which five full blocks in a row do not outgrow. What is not used is not paid.
 */
export async function priceTransaction(
  rpc: Rpc,
  from: Address,
  call: { to?: Address; data: Hex },
): Promise<PricedTransaction> {
  const gas = hexToBigInt(await rpc.request('eth_estimateGas', [{ from, ...call }, 'latest']));
  const { maxFee, tip } = await feesNow(rpc);
  return {
    ...call,
    gas: ((gas * 11n) / 10n).toString(),
    maxFeePerGas: maxFee.toString(),
    maxPriorityFeePerGas: tip.toString(),
  };
}

/** Wei per gas: 1 request. */
async function feesNow(rpc: Rpc): Promise<{ maxFee: bigint; tip: bigint }> {
  const history = await rpc.request('eth_feeHistory', [numberToHex(FEE_BLOCKS), 'latest', [50]]);
  const baseFee = hexToBigInt(history.baseFeePerGas.at(-1) ?? '0x0');
  let tip = MIN_TIP;
  for (const [median = '0x0'] of history.reward ?? []) {
    if (hexToBigInt(median) > tip) tip = hexToBigInt(median);
  }
  return { maxFee: 2n * baseFee + tip, tip };
}

/**
 * The same call as in `raw`, priced as today and, as nodes demand of a replacement, an eighth higher than before in both
 * fees: 1 request. `over_cap` when that would be more than `maxFeeCap` (wei per gas).
 */
export async function repriceTransaction(rpc: Rpc, raw: Hex, maxFeeCap: bigint): Promise<TransactionPlan | 'over_cap'> {
  const {
    to,
    data = '0x',
    gas,
    maxFeePerGas: oldMaxFee = 0n,
    maxPriorityFeePerGas: oldTip = 0n,
  } = parseTransaction(raw);
  if (!to || gas === undefined) throw new Error('the stored bytes are no call of the contract');
  const now = await feesNow(rpc);
  const tip = larger(now.tip, raised(oldTip));
  const maxFee = larger(now.maxFee - now.tip + tip, raised(oldMaxFee));
  if (maxFee > maxFeeCap) return 'over_cap';
  return {
    to,
    data,
    gas: gas.toString(),
    maxFeePerGas: maxFee.toString(),
    maxPriorityFeePerGas: tip.toString(),
  };
}

/** By an eighth, rounded up: Geth and Anvil want a tenth more, others 12.5 %. */
const raised = (fee: bigint) => (fee * 9n + 7n) / 8n;
const larger = (a: bigint, b: bigint) => (a > b ? a : b);

/** Signs as EIP-1559; the signature is deterministic (RFC 6979), so the same input gives the same bytes. */
export async function signTransaction(
  account: PrivateKeyAccount,
  chainId: number,
  transaction: PricedTransaction,
  nonce: number,
): Promise<SignedTransaction> {
  const { to, data, gas, maxFeePerGas, maxPriorityFeePerGas } = transaction;
  const raw = await account.signTransaction({
    type: 'eip1559',
    chainId,
    nonce,
    ...(to ? { to } : {}),
    data,
    gas: BigInt(gas),
    maxFeePerGas: BigInt(maxFeePerGas),
    maxPriorityFeePerGas: BigInt(maxPriorityFeePerGas),
  });
  return { hash: keccak256(raw), raw, nonce };
}

/** The account's next nonce as the node sees it, waiting transactions included: 1 request. */
export async function pendingNonce(rpc: Rpc, account: Address): Promise<number> {
  return hexToNumber(await rpc.request('eth_getTransactionCount', [account, 'pending']));
}

/** The nonce that the next block has to begin with, so far as it takes anything of the account: 1 request. */
export async function minedNonce(rpc: Rpc, account: Address): Promise<number> {
  return hexToNumber(await rpc.request('eth_getTransactionCount', [account, 'latest']));
}
