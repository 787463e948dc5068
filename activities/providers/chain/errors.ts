import { BaseError, HttpRequestError, RpcRequestError, TimeoutError, decodeErrorResult, isHex } from 'viem';
import type { Hex } from 'viem';
import { ProviderFault } from '../../../contracts/provider-fault.ts';
import type { FaultClass } from '../../../contracts/provider-fault.ts';
import { retryAfterMs } from '../http-faults.ts';
import { ticketsAbi } from './abi.ts';

/** A failed request, reduced to what the table looks at. */
interface Trouble {
  method: string;
  sends: boolean;
  /** Of the socket or the HTTP client, e.g. ECONNREFUSED; ETIMEDOUT for our own time-out. */
  network: string | undefined;
  status: number | undefined;
  rpcCode: number | undefined;
  /** The node's words, lower-case; empty for a proxy's page, whose words mean nothing. */
  text: string;
  revert: { name: string; tokenId: bigint | undefined } | undefined;
}

interface Row {
  when: (trouble: Trouble) => boolean;
  kind: FaultClass;
  code: string;
  says: string;
}

const NEVER_LEFT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** 429 in the body: Alchemy; −32005: EIP-1474 "limit exceeded"; −32007: QuickNode. */
const RATE_LIMIT_CODES = new Set([429, -32005, -32007]);

/** JSON-RPC and EIP-1474: parse, request, method and parameter errors, "transaction rejected", unsupported. */
const REFUSAL_CODES = new Set([-32700, -32600, -32601, -32602, -32003, -32004, -32006]);

const reverted = (name: string) => (trouble: Trouble) => trouble.revert?.name === name;
const sending = (words: RegExp) => (trouble: Trouble) => trouble.sends && words.test(trouble.text);
const saying = (words: RegExp) => (trouble: Trouble) => words.test(trouble.text);

/**
 * The one table of the chain's errors; the first row that fits counts. Words are those of Geth, Erigon, Reth, Nethermind,
 * Besu, Parity and Anvil: the JSON-RPC specification gives these cases no codes of their own.
 */
const TABLE: readonly Row[] = [
  {
    when: ({ status, rpcCode }) => status === 429 || RATE_LIMIT_CODES.has(rpcCode ?? 0),
    kind: 'rate_limited',
    code: 'rate_limited',
    says: 'the node limits our requests',
  },
  {
    when: reverted('AlreadyMinted'),
    kind: 'declined',
    code: 'already_minted',
    says: 'the token was minted before, and is never minted twice',
  },
  {
    when: reverted('NotHeld'),
    kind: 'declined',
    code: 'not_held',
    says: 'the token is no longer held by the wallet that it was given to, so the issuer may not touch it',
  },
  {
    when: reverted('ERC721NonexistentToken'),
    kind: 'declined',
    code: 'not_minted',
    says: 'the token does not exist: never minted, or burned before',
  },
  {
    when: reverted('AccessControlUnauthorizedAccount'),
    kind: 'refused',
    code: 'not_issuer',
    says: 'our account lacks the contract’s ISSUER_ROLE: its admin must grant it',
  },
  {
    when: ({ revert, rpcCode, text }) => revert !== undefined || rpcCode === 3 || /execution reverted/.test(text),
    kind: 'refused',
    code: 'reverted',
    says: 'the contract refuses the call',
  },
  // The next two are no faults by themselves, and never leave rpc.ts: it takes the first as success and hands the second
  // to whoever can look for the receipt.
  {
    when: sending(/already (known|imported|exists|in )|alreadyknown|known transaction|same hash was already/),
    kind: 'unknown',
    code: 'already_known',
    says: 'the node has these bytes',
  },
  {
    when: sending(/nonce (is )?too low|oldnonce/),
    kind: 'unknown',
    code: 'nonce_too_low',
    says: 'the nonce is used up, perhaps by this very transaction',
  },
  {
    when: saying(/insufficient ?funds|upfront cost exceeds|insufficientsenderbalance/),
    kind: 'refused',
    code: 'insufficient_funds',
    says: 'the issuer’s account cannot pay for gas: fund it',
  },
  {
    when: saying(/chain.?id|invalid sender|network id/),
    kind: 'refused',
    code: 'wrong_chain',
    says: 'the node is on another chain than the one configured',
  },
  {
    // Another transaction with our nonce waits at this node. Ours may still wait at others.
    when: sending(/replacement transaction|replacementnotallowed/),
    kind: 'unknown',
    code: 'nonce_conflict',
    says: 'another transaction with the same nonce is waiting',
  },
  {
    // Not in this node's pool, and the same bytes may fit in later.
    when: sending(/underpriced|fee ?too ?low|less than block base fee|pool is full|txpool|mempool/),
    kind: 'busy',
    code: 'not_pooled',
    says: 'the node has no room for the transaction at its price now',
  },
  {
    when: ({ network }) => network !== undefined && NEVER_LEFT.has(network),
    kind: 'not_sent',
    code: 'unreachable',
    says: 'the node cannot be reached',
  },
  { when: ({ status = 0 }) => status >= 500, kind: 'unknown', code: 'server_error', says: 'the node’s server failed' },
  { when: ({ network }) => network === 'ETIMEDOUT', kind: 'unknown', code: 'timeout', says: 'no answer in time' },
  {
    when: ({ status = 0 }) => status === 401 || status === 403,
    kind: 'refused',
    code: 'unauthorized',
    says: 'the node refuses our credentials: check the RPC URL’s key',
  },
  {
    when: ({ status = 0, rpcCode }) => (status >= 400 && status !== 408) || REFUSAL_CODES.has(rpcCode ?? 0),
    kind: 'refused',
    code: 'bad_request',
    says: 'the node refuses the request',
  },
];

/** Whatever fits no row: a reset connection, a body that is no JSON, a node's error that nobody documented. */
const NO_ANSWER = { kind: 'unknown', code: 'no_answer', says: 'no trustworthy answer' } as const;

/** What `error`, thrown by viem's HTTP transport for `method`, means. */
export function faultOf(error: unknown, method: string): ProviderFault {
  const trouble = troubleOf(error, method);
  const { kind, code, says } = TABLE.find((row) => row.when(trouble)) ?? NO_ANSWER;
  return new ProviderFault({
    provider: 'chain',
    kind,
    code,
    message: `${says} · ${method}${detailOf(trouble)}`,
    retryAfterMs: kind === 'rate_limited' ? closureOf(error) : undefined,
    facts: factsOf(trouble),
    // No `cause`: viem's errors carry the URL, with its key, and the request's body, with the buyer's wallet.
  });
}

/** A fault that we find ourselves, in an answer that came. */
export function chainFault(
  kind: FaultClass,
  code: string,
  message: string,
  facts?: Record<string, string | number | boolean>,
): ProviderFault {
  return new ProviderFault({ provider: 'chain', kind, code, message, ...(facts ? { facts } : {}) });
}

function troubleOf(error: unknown, method: string): Trouble {
  const rpc = inChain(error, RpcRequestError);
  const http = inChain(error, HttpRequestError);
  return {
    method,
    sends: method === 'eth_sendRawTransaction',
    network: inChain(error, TimeoutError) ? 'ETIMEDOUT' : networkCode(error),
    status: http?.status ?? rpc?.status,
    rpcCode: rpc?.code,
    text: (rpc?.details ?? '').toLowerCase(),
    revert: rpc ? revertOf(rpc.data) : undefined,
  };
}

function inChain<T extends Error>(error: unknown, type: abstract new (...args: never[]) => T): T | undefined {
  if (error instanceof type) return error;
  const found: unknown = error instanceof BaseError ? error.walk((cause) => cause instanceof type) : undefined;
  return found instanceof type ? found : undefined;
}

/** The innermost `code` that is a string: fetch hides the socket's under two layers. */
function networkCode(error: unknown): string | undefined {
  let found: string | undefined;
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') found = at.code;
  }
  return found;
}

/** Nodes give revert data as hex, or wrapped as `{data}` once or twice. */
function revertOf(data: unknown): Trouble['revert'] {
  const hex = revertData(data);
  if (hex === undefined || hex.length < 10) return undefined;
  try {
    const { errorName, args } = decodeErrorResult({ abi: ticketsAbi, data: hex });
    const [first] = args;
    return { name: errorName, tokenId: typeof first === 'bigint' ? first : undefined };
  } catch {
    return { name: hex.slice(0, 10), tokenId: undefined };
  }
}

function revertData(data: unknown, depth = 0): Hex | undefined {
  if (isHex(data)) return data;
  if (typeof data !== 'object' || data === null || !('data' in data) || depth > 2) return undefined;
  return revertData(data.data, depth + 1);
}

function factsOf({ method, sends, network, status, rpcCode, revert }: Trouble) {
  return {
    method,
    sends,
    ...(network === undefined ? {} : { network }),
    ...(status === undefined ? {} : { status }),
    ...(rpcCode === undefined ? {} : { rpcCode }),
    ...(revert === undefined ? {} : { revert: revert.name }),
    ...(revert?.tokenId === undefined ? {} : { tokenId: revert.tokenId.toString() }),
  };
}

/** The node's own words help an operator; addresses, transactions and URLs in them are nobody's business. */
function detailOf({ text, network, status }: Trouble): string {
  const words = text
    .replaceAll(/0x[0-9a-f]{16,}/g, '0x…')
    .replaceAll(/https?:\/\/\S+/g, 'URL')
    .slice(0, 160);
  const parts = [network, status === undefined ? undefined : `HTTP ${status}`, words === '' ? undefined : words];
  const known = parts.filter((part) => part !== undefined);
  return known.length === 0 ? '' : `: ${known.join(', ')}`;
}

function closureOf(error: unknown): number | undefined {
  const headers = inChain(error, HttpRequestError)?.headers ?? inChain(error, RpcRequestError)?.headers;
  return retryAfterMs(headers?.get('retry-after'), Date.now(), headers?.get('date'));
}
