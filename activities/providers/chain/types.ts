import type { Address, Hex } from 'viem';

export type { Address, Hex };

/** Through which every JSON-RPC request goes, one call per request; `name` is its method. Must call `call` once. */
export type Pace = <T>(name: string, call: () => Promise<T>) => Promise<T>;

/** A call of our contract, priced. JSON-safe: gas in units, fees in wei, both as decimal strings. */
export interface TransactionPlan {
  to: Address;
  data: Hex;
  gas: string;
  maxFeePerGas: string;
  maxPriorityFeePerGas: string;
}

/** Store it before the broadcast: `raw` is what may be sent again, `hash` what may be asked for. */
export interface SignedTransaction {
  hash: Hex;
  raw: Hex;
  nonce: number;
}

/**
 * What the node says of a transaction. `absent` is the node's word that it knows nothing (a node that does not answer
 * throws instead), and may follow `pending` or `mined` after a reorganization. `success` is false also when the
 * transaction did not touch our contract. `confirmations` counts its own block as the first.
 */
export type Inclusion =
  | { state: 'absent' }
  | { state: 'pending' }
  | { state: 'mined'; success: boolean; blockNumber: number; confirmations: number };

/** Every method throws `ProviderFault` (provider `chain`); its codes are in errors.ts. */
export interface ChainProvider {
  issuer: Address;
  contract: Address;
  chainId: number;
  /**
   * Simulates and prices one atomic mint of 1 to 20 tokens: 2 requests (and 3 more until the first success, which check
   * chain and contract). Declines with `already_minted` also when our own transaction has minted: ask `inclusion` first.
   */
  planMint(to: Address, tokenIds: bigint[]): Promise<TransactionPlan>;
  /** As planMint. Declines with `not_held` or, where there is nothing to burn, `not_minted`. */
  planBurn(tokenIds: bigint[]): Promise<TransactionPlan>;
  /** As planBurn: moves a token that is still in the wallet that the issuer gave it to. */
  planTransfer(from: Address, to: Address, tokenId: bigint): Promise<TransactionPlan>;
  /** Prices the call of stored bytes anew, high enough for nodes to replace them: 1 request. */
  planReplacement(raw: Hex): Promise<TransactionPlan | 'over_cap'>;
  /** No request. The same plan and nonce give the same bytes. */
  sign(plan: TransactionPlan, nonce: number): Promise<SignedTransaction>;
  /**
   * 1 request; 2 when the nonce is used up. Sending the same bytes again succeeds, mined or not. `nonce_taken` (kind
   * `unknown`) says that, as this node sees it, another transaction has our nonce. `refused` is about this broadcast:
   * where an earlier one of the same bytes ended `unknown`, only `inclusion` can say that nothing happened.
   */
  broadcast(raw: Hex): Promise<void>;
  /** 2 to 4 requests. */
  inclusion(hash: Hex): Promise<Inclusion>;
  /** 1 request. Null where nobody owns the token. */
  ownersOf(tokenIds: bigint[]): Promise<(Address | null)[]>;
  /** 1 request. True also after a burn. */
  everMinted(tokenIds: bigint[]): Promise<boolean[]>;
  /** 1 request. The node's pending count: seeds our own allocation of nonces, and is no allocation itself. */
  nextNonce(): Promise<number>;
  /** 1 request. The lowest nonce that is in no block yet: the issuer's transaction with it is the front of the queue. */
  minedNonce(): Promise<number>;
}
