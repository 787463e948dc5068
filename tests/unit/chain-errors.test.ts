import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { encodeErrorResult } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ticketsAbi } from '../../activities/providers/chain/abi.ts';
import { createChainProvider } from '../../activities/providers/chain/provider.ts';
import { createRpc } from '../../activities/providers/chain/rpc.ts';
import type { ChainProvider, Hex } from '../../activities/providers/chain/types.ts';
import { ProviderFault } from '../../contracts/provider-fault.ts';

// The error table, against an HTTP server that answers as broken nodes do.

type Request = { id: number; method: string; params: unknown[] };
type Answer = (request: Request, response: ServerResponse) => void;

const contract = '0x00000000000000000000000000000000000b0c0f';
const issuerKey = generatePrivateKey();
const SECRET = 'key-in-the-url';

let server: Server;
let rpcUrl: string;
let answer: Answer;
let methods: string[];
let raw: Hex;

async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of incoming) body += String(chunk);
  const request: Request = JSON.parse(body);
  methods.push(request.method);
  answer(request, response);
}

beforeEach(async () => {
  methods = [];
  server = createServer((incoming, response) => void serve(incoming, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  rpcUrl = `http://127.0.0.1:${address.port}/${SECRET}`;
  raw = await privateKeyToAccount(issuerKey).signTransaction({ type: 'eip1559', chainId: 1, nonce: 7, gas: 1n });
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const provider = (requestTimeoutMs = 2_000): ChainProvider =>
  createChainProvider({ rpcUrl, chainId: 1, contract, issuerKey, requestTimeoutMs });

const status =
  (code: number, headers: Record<string, string> = {}, body = 'a proxy’s page'): Answer =>
  (_request, response) => {
    response.writeHead(code, headers).end(body);
  };

const rpcError =
  (error: { code: number; message: string; data?: unknown }, code = 200): Answer =>
  ({ id }, response) => {
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, error }));
  };

const results =
  (byMethod: Record<string, unknown>): Answer =>
  ({ id, method }, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result: byMethod[method] ?? null }));
  };

async function faultFrom(work: Promise<unknown>): Promise<ProviderFault> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProviderFault)) throw new Error(`expected a ProviderFault, got ${String(error)}`);
  return error;
}

const sendFault = () => faultFrom(provider().broadcast(raw));
const readFault = () => faultFrom(provider().nextNonce());

describe('the transport', () => {
  it('calls a refused connection not sent', async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const fault = await sendFault();
    expect(fault).toMatchObject({ provider: 'chain', kind: 'not_sent', code: 'unreachable' });
    expect(fault.facts).toEqual({ method: 'eth_sendRawTransaction', sends: true, network: 'ECONNREFUSED' });
    server.listen(0, '127.0.0.1');
  });

  it.each([
    ['sending', () => faultFrom(provider(100).broadcast(raw)), true],
    ['reading', () => faultFrom(provider(100).nextNonce()), false],
  ])('calls a time-out while %s unknown', async (_name, work, sends) => {
    answer = () => undefined;
    const fault = await work();
    expect(fault).toMatchObject({ kind: 'unknown', code: 'timeout', facts: { sends, network: 'ETIMEDOUT' } });
    expect(methods).toHaveLength(1);
  });

  it.each([
    ['sending', sendFault],
    ['reading', readFault],
  ])('calls a reset connection while %s unknown', async (_name, work) => {
    answer = (_request, response) => response.socket?.resetAndDestroy();
    expect(await work()).toMatchObject({ kind: 'unknown', code: 'no_answer', facts: { network: 'ECONNRESET' } });
    expect(methods).toHaveLength(1);
  });

  it.each([500, 502, 503, 504])('calls HTTP %i unknown, and does not retry by itself', async (code) => {
    answer = status(code);
    expect(await sendFault()).toMatchObject({ kind: 'unknown', code: 'server_error', facts: { status: code } });
    expect(methods).toHaveLength(1);
  });

  it('does not read a proxy’s page as the node’s words', async () => {
    answer = status(502, {}, 'insufficient funds, already known, wrong chain id');
    expect(await sendFault()).toMatchObject({ kind: 'unknown', code: 'server_error' });
  });

  it.each([
    ['a body that is no JSON', status(200), 'no_answer'],
    ['a body without a result', status(200, { 'content-type': 'application/json' }, '{}'), 'bad_answer'],
  ])('calls %s unknown', async (_name, given, code) => {
    answer = given;
    expect(await sendFault()).toMatchObject({ kind: 'unknown', code });
  });

  it.each([
    ['seconds', { 'retry-after': '3' }, 3_000],
    ['nothing', {}, undefined],
    ['a date that is past', { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, 0],
  ])('closes the lane on 429 with %s', async (_name, headers, retryAfterMs) => {
    answer = status(429, headers);
    expect(await readFault()).toMatchObject({ kind: 'rate_limited', code: 'rate_limited', retryAfterMs });
  });

  it('reads Retry-After as a date', async () => {
    // By the provider's clock, which is 10 minutes ahead of ours.
    const theirs = Date.now() + 600_000;
    const headers = { date: new Date(theirs).toUTCString(), 'retry-after': new Date(theirs + 60_000).toUTCString() };
    answer = status(429, headers);
    expect((await sendFault()).retryAfterMs).toBe(60_000);
  });

  it.each([
    ['-32005', rpcError({ code: -32005, message: 'limit exceeded' })],
    ['-32007', rpcError({ code: -32007, message: '50/second request limit reached' })],
    ['a JSON-RPC body with HTTP 429', rpcError({ code: -32000, message: 'too many requests' }, 429)],
  ])('knows a limit by %s', async (_name, given) => {
    answer = given;
    expect((await readFault()).kind).toBe('rate_limited');
  });

  it.each([
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'bad_request'],
  ])('calls HTTP %i refused', async (code, expected) => {
    answer = status(code);
    expect(await readFault()).toMatchObject({ kind: 'refused', code: expected });
  });
});

describe('a node’s words on sending', () => {
  it.each([
    'already known',
    'AlreadyKnown',
    'Known transaction',
    'transaction already imported',
    'Transaction with the same hash was already imported.',
  ])('takes "%s" as success', async (message) => {
    answer = rpcError({ code: -32000, message });
    await expect(provider().broadcast(raw)).resolves.toBeUndefined();
  });

  it.each([
    [-32000, 'insufficient funds for gas * price + value: balance 1', 'refused', 'insufficient_funds'],
    [-32003, 'Insufficient funds for gas * price + value', 'refused', 'insufficient_funds'],
    [-32000, 'invalid sender: invalid chain id for signer: have 1 want 137', 'refused', 'wrong_chain'],
    [-32000, 'replacement transaction underpriced', 'unknown', 'nonce_conflict'],
    [-32000, 'transaction underpriced', 'busy', 'not_pooled'],
    [-32000, 'max fee per gas less than block base fee', 'busy', 'not_pooled'],
    [-32000, 'txpool is full', 'busy', 'not_pooled'],
    [-32601, 'the method does not exist', 'refused', 'bad_request'],
    [-32003, 'intrinsic gas too low', 'refused', 'bad_request'],
    [-32603, 'internal error', 'unknown', 'no_answer'],
    [-32000, 'something nobody documented', 'unknown', 'no_answer'],
  ])('%i "%s" is %s %s', async (code, message, kind, expected) => {
    answer = rpcError({ code, message });
    expect(await sendFault()).toMatchObject({ kind, code: expected });
  });

  it.each(['nonce too low: next nonce 9, tx nonce 7', 'Nonce too low', 'OldNonce'])(
    'looks for the receipt after "%s"',
    async (message) => {
      answer = (request, response) =>
        request.method === 'eth_sendRawTransaction'
          ? rpcError({ code: -32000, message })(request, response)
          : results({ eth_getTransactionReceipt: { status: '0x1' } })(request, response);
      await expect(provider().broadcast(raw)).resolves.toBeUndefined();
      expect(methods).toEqual(['eth_sendRawTransaction', 'eth_getTransactionReceipt']);
    },
  );

  it('keeps a nonce too low apart from failure when the receipt cannot be had', async () => {
    answer = (request, response) =>
      request.method === 'eth_sendRawTransaction'
        ? rpcError({ code: -32000, message: 'nonce too low' })(request, response)
        : status(502)(request, response);
    expect(await sendFault()).toMatchObject({ kind: 'unknown', code: 'server_error' });
  });
});

const reverting = (given: unknown): Answer => rpcError({ code: 3, message: 'execution reverted', data: given });

describe('reverts', () => {
  const data = encodeErrorResult({ abi: ticketsAbi, errorName: 'AlreadyMinted', args: [42n] });

  it.each([
    ['plain', data],
    ['wrapped', { data }],
    ['wrapped twice', { data: { data } }],
  ])('are read from %s data', async (_name, given) => {
    answer = reverting(given);
    expect(await readFault()).toMatchObject({
      kind: 'declined',
      code: 'already_minted',
      facts: { tokenId: '42', revert: 'AlreadyMinted' },
    });
  });

  it.each([
    ['an error that is not ours', '0xdeadbeef', { revert: '0xdeadbeef' }],
    ['no data', undefined, {}],
  ])('are refused with %s', async (_name, given, facts) => {
    answer = reverting(given);
    expect(await readFault()).toMatchObject({ kind: 'refused', code: 'reverted', facts });
  });
});

describe('what a fault tells', () => {
  it('is neither the URL nor an address nor a transaction', async () => {
    const wallet = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
    for (const given of [
      status(502, {}, `upstream ${rpcUrl}`),
      rpcError({ code: -32000, message: `rejected ${wallet} ${raw} at ${rpcUrl}` }),
      status(200),
    ]) {
      answer = given;
      const fault = await sendFault();
      const told = JSON.stringify([fault.message, fault.facts, String(fault.cause), fault.stack]).toLowerCase();
      for (const secret of [SECRET, wallet.toLowerCase(), raw.slice(2, 60)]) expect(told).not.toContain(secret);
    }
  });
});

describe('the pace', () => {
  it('sees the fault, and its own errors pass unchanged', async () => {
    answer = status(429, { 'retry-after': '1' });
    const seen: unknown[] = [];
    const closed = new Error('the lane is closed');
    const rpc = createRpc({
      rpcUrl,
      requestTimeoutMs: 1_000,
      pace: async (name, call) => {
        await call().catch((error: unknown) => seen.push(name, error));
        throw closed;
      },
    });
    await expect(rpc.request('eth_chainId', undefined)).rejects.toBe(closed);
    await expect(rpc.send(raw)).rejects.toBe(closed);
    expect(seen).toEqual([
      'eth_chainId',
      expect.objectContaining({ kind: 'rate_limited', retryAfterMs: 1_000 }),
      'eth_sendRawTransaction',
      expect.objectContaining({ kind: 'rate_limited' }),
    ]);
  });
});

describe('a receipt', () => {
  const hash: Hex = `0x${'1'.repeat(64)}`;
  const receipt = { status: '0x1', blockNumber: '0x5', blockHash: '0xaa', logs: [{ address: contract }] };
  const canonical = { eth_blockNumber: '0x6', eth_getBlockByNumber: { hash: '0xaa' } };

  it.each([
    ['counts while its block is canonical', {}, { state: 'mined', success: true, blockNumber: 5, confirmations: 2 }],
    ['of a failed call', { eth_getTransactionReceipt: { ...receipt, status: '0x0' } }, { success: false }],
    ['without our events mints nothing', { eth_getTransactionReceipt: { ...receipt, logs: [] } }, { success: false }],
    ['of a replaced block does not count', { eth_getBlockByNumber: { hash: '0xbb' } }, { state: 'absent' }],
    ['above a shorter chain does not count', { eth_getBlockByNumber: null }, { state: 'absent' }],
    [
      'of a replaced block may wait again',
      { eth_getBlockByNumber: { hash: '0xbb' }, eth_getTransactionByHash: { blockNumber: null } },
      { state: 'pending' },
    ],
    ['from a node ahead of the next', { eth_blockNumber: '0x4' }, { state: 'mined', confirmations: 1 }],
  ])('%s', async (_name, changed, expected) => {
    answer = results({ eth_getTransactionReceipt: receipt, ...canonical, ...changed });
    expect(await provider().inclusion(hash)).toMatchObject(expected);
  });

  it('is never taken for absent when the node does not answer', async () => {
    answer = status(502);
    expect(await faultFrom(provider().inclusion(hash))).toMatchObject({ kind: 'unknown' });
  });
});
