import { createTestClient, encodeFunctionData, http, numberToHex, parseAbi, parseEther, publicActions } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contractAt, deployContract } from '../../activities/providers/chain/deploy.ts';
import { createChainProvider } from '../../activities/providers/chain/provider.ts';
import { tokenIdOf } from '../../activities/providers/chain/token-id.ts';
import type { Address, ChainProvider } from '../../activities/providers/chain/types.ts';
import { startChainNode } from './chain-node.ts';
import type { ChainNode } from './chain-node.ts';

// A real node (Anvil), the compiled contract, and no blocks but those that a test mines.

const chainId = 31_337;
const issuerKey = generatePrivateKey();
const buyer = privateKeyToAccount(generatePrivateKey());
const friend = privateKeyToAccount(generatePrivateKey()).address;
const transferAbi = parseAbi(['function transferFrom(address from, address to, uint256 tokenId)']);

let anvil: ChainNode;
let rpcUrl: string;
let contract: Address;
let provider: ChainProvider;
let requests: string[] = [];
let seats = 0;

type Reorg = { Method: 'anvil_reorg'; Parameters: [depth: number, transactions: unknown[]]; ReturnType: null };
const connect = (url: string) => createTestClient({ mode: 'anvil', transport: http(url) }).extend(publicActions);
let node: ReturnType<typeof connect>;

beforeAll(async () => {
  anvil = await startChainNode();
  ({ rpcUrl } = anvil);
  node = connect(rpcUrl);
  await node.setBalance({ address: privateKeyToAccount(issuerKey).address, value: parseEther('100') });
  await node.setBalance({ address: buyer.address, value: parseEther('100') });
  contract = await deployContract({ rpcUrl, chainId, issuerKey });
  await node.setAutomine(false);
  provider = createChainProvider({
    rpcUrl,
    chainId,
    contract,
    issuerKey,
    requestTimeoutMs: 5_000,
    pace: (name, call) => {
      requests.push(name);
      return call();
    },
  });
});

afterAll(() => anvil.stop());

beforeEach(() => {
  requests = [];
});

/** A token id that no other test uses. */
function freshToken(): bigint {
  seats += 1;
  return tokenIdOf('acme', `seat-${seats}`, 0);
}
const freshTokens = (count: number) => Array.from({ length: count }, freshToken);

/** The requests that `work` sends. */
async function counted(work: () => Promise<unknown>): Promise<string[]> {
  requests = [];
  await work();
  return requests;
}

/** Sends and mines; the receipt is read past the provider. */
async function execute(plan: Parameters<ChainProvider['sign']>[0]) {
  const signed = await provider.sign(plan, await provider.nextNonce());
  await provider.broadcast(signed.raw);
  await node.mine({ blocks: 1 });
  return { ...signed, receipt: await node.getTransactionReceipt({ hash: signed.hash }) };
}

const mint = async (tokens: bigint[]) => execute(await provider.planMint(buyer.address, tokens));
const burn = async (tokens: bigint[]) => execute(await provider.planBurn(tokens));

async function transfer(token: bigint, from: Address, to: Address) {
  await node.impersonateAccount({ address: from });
  await node.setBalance({ address: from, value: parseEther('1') });
  const data = encodeFunctionData({ abi: transferAbi, functionName: 'transferFrom', args: [from, to, token] });
  const hash = await node.sendUnsignedTransaction({ from, to: contract, data });
  await node.mine({ blocks: 1 });
  expect((await node.getTransactionReceipt({ hash })).status).toBe('success');
}

describe('minting', () => {
  it('mints all tokens of a batch in one transaction', async () => {
    const tokens = freshTokens(3);
    expect(await provider.everMinted(tokens)).toEqual([false, false, false]);
    const { receipt } = await mint(tokens);
    expect(receipt.logs).toHaveLength(3);
    expect(await provider.ownersOf(tokens)).toEqual([buyer.address, buyer.address, buyer.address]);
    expect(await provider.everMinted(tokens)).toEqual([true, true, true]);
  });

  it('is atomic on the chain itself: a batch that lost the race for one token mints none', async () => {
    const taken = freshToken();
    const others = freshTokens(2);
    // Both pass the simulation, which sees the latest block; the second reverts when it is mined.
    const late = await provider.planMint(buyer.address, [...others, taken]);
    await mint([taken]);
    const { hash } = await execute(late);
    expect(await provider.inclusion(hash)).toMatchObject({ state: 'mined', success: false });
    expect(await provider.ownersOf([taken, ...others])).toEqual([buyer.address, null, null]);
    expect(await provider.everMinted(others)).toEqual([false, false]);
  });

  it('declines a second mint and names the token, also after it moved and after it was burned', async () => {
    const [held, moved, burned] = [freshToken(), freshToken(), freshToken()];
    await mint([held, moved, burned]);
    await transfer(moved, buyer.address, friend);
    await burn([burned]);
    for (const token of [held, moved, burned]) {
      await expect(provider.planMint(friend, [...freshTokens(1), token])).rejects.toMatchObject({
        kind: 'declined',
        code: 'already_minted',
        facts: { tokenId: token.toString(), sends: false },
      });
    }
    expect(await provider.everMinted([burned])).toEqual([true]);
    expect(await provider.ownersOf([burned])).toEqual([null]);
  });

  it('refuses the same token twice in one batch, none, and more than twenty', async () => {
    const token = freshToken();
    await expect(provider.planMint(buyer.address, [token, token])).rejects.toMatchObject({ code: 'already_minted' });
    for (const tokens of [[], freshTokens(21)]) {
      await expect(provider.planMint(buyer.address, tokens)).rejects.toMatchObject({
        kind: 'refused',
        code: 'reverted',
        facts: { revert: 'InvalidBatchSize' },
      });
    }
  });

  it('lets nobody mint but the issuer', async () => {
    const stranger = createChainProvider({
      rpcUrl,
      chainId,
      contract,
      issuerKey: generatePrivateKey(),
      requestTimeoutMs: 5_000,
    });
    await expect(stranger.planMint(buyer.address, freshTokens(1))).rejects.toMatchObject({ code: 'not_issuer' });
  });
});

describe('burning', () => {
  it('takes back what the first owner holds, also after a round trip', async () => {
    const tokens: [bigint, bigint] = [freshToken(), freshToken()];
    await mint(tokens);
    await transfer(tokens[0], buyer.address, friend);
    await transfer(tokens[0], friend, buyer.address);
    const { receipt } = await burn(tokens);
    expect(receipt.status).toBe('success');
    expect(await provider.ownersOf(tokens)).toEqual([null, null]);
  });

  it('declines, all or nothing, once a token has another owner', async () => {
    const tokens: [bigint, bigint] = [freshToken(), freshToken()];
    await mint(tokens);
    await transfer(tokens[1], buyer.address, friend);
    await expect(provider.planBurn(tokens)).rejects.toMatchObject({
      kind: 'declined',
      code: 'not_held',
      facts: { tokenId: tokens[1].toString() },
    });
    expect(await provider.ownersOf(tokens)).toEqual([buyer.address, friend]);
  });

  it('declines where there is nothing to burn', async () => {
    const tokens = freshTokens(1);
    await expect(provider.planBurn(tokens)).rejects.toMatchObject({ kind: 'declined', code: 'not_minted' });
    await mint(tokens);
    await burn(tokens);
    await expect(provider.planBurn(tokens)).rejects.toMatchObject({ kind: 'declined', code: 'not_minted' });
  });
});

describe('sending', () => {
  it('goes from absent to pending to mined, and takes the same bytes at each of them', async () => {
    const plan = await provider.planMint(buyer.address, freshTokens(1));
    const nonce = await provider.nextNonce();
    const signed = await provider.sign(plan, nonce);
    expect(await provider.sign(structuredClone(plan), nonce)).toEqual(signed);
    expect(await provider.inclusion(signed.hash)).toEqual({ state: 'absent' });

    await provider.broadcast(signed.raw);
    await provider.broadcast(signed.raw);
    expect(await provider.inclusion(signed.hash)).toEqual({ state: 'pending' });
    expect(await provider.nextNonce()).toBe(nonce + 1);

    await node.mine({ blocks: 1 });
    const first = await provider.inclusion(signed.hash);
    expect(first).toMatchObject({ state: 'mined', success: true, confirmations: 1 });
    await node.mine({ blocks: 2 });
    expect(await provider.inclusion(signed.hash)).toEqual({ ...first, confirmations: 3 });

    requests = [];
    await provider.broadcast(signed.raw);
    expect(requests).toEqual(['eth_sendRawTransaction', 'eth_getTransactionReceipt']);
  });

  it('calls a nonce that another transaction took unknown, never failed', async () => {
    const nonce = await provider.nextNonce();
    const lost = await provider.sign(await provider.planMint(buyer.address, freshTokens(1)), nonce);
    await mint(freshTokens(1));
    await expect(provider.broadcast(lost.raw)).rejects.toMatchObject({
      kind: 'unknown',
      code: 'nonce_taken',
      facts: { hash: lost.hash, nonce },
    });
  });

  it('is refused by a node on another chain, before and while sending', async () => {
    const other = createChainProvider({ rpcUrl, chainId: 1, contract, issuerKey, requestTimeoutMs: 5_000 });
    await expect(other.planMint(buyer.address, freshTokens(1))).rejects.toMatchObject({
      kind: 'refused',
      code: 'wrong_chain',
    });
    const plan = await provider.planMint(buyer.address, freshTokens(1));
    const signed = await other.sign(plan, await provider.nextNonce());
    await expect(provider.broadcast(signed.raw)).rejects.toMatchObject({ kind: 'refused', code: 'wrong_chain' });
  });

  it('is refused when the issuer cannot pay', async () => {
    const plan = await provider.planMint(buyer.address, freshTokens(1));
    const signed = await provider.sign(plan, await provider.nextNonce());
    const balance = await node.getBalance({ address: provider.issuer });
    await node.setBalance({ address: provider.issuer, value: 1n });
    try {
      await expect(provider.broadcast(signed.raw)).rejects.toMatchObject({
        kind: 'refused',
        code: 'insufficient_funds',
      });
    } finally {
      await node.setBalance({ address: provider.issuer, value: balance });
    }
  });

  it('sees a reorganization undo a mined mint, and the same bytes mint again', async () => {
    const tokens = freshTokens(2);
    const before = await node.snapshot();
    const signed = await mint(tokens);
    expect(await provider.inclusion(signed.hash)).toMatchObject({ state: 'mined', success: true });

    await node.revert({ id: before });
    await node.mine({ blocks: 3 });
    expect(await provider.inclusion(signed.hash)).toEqual({ state: 'absent' });
    expect(await provider.ownersOf(tokens)).toEqual([null, null]);

    await provider.broadcast(signed.raw);
    await node.mine({ blocks: 1 });
    expect(await provider.inclusion(signed.hash)).toMatchObject({ state: 'mined', success: true });
    expect(await provider.ownersOf(tokens)).toEqual([buyer.address, buyer.address]);
  });

  it('sees a reorganization of the last block (anvil_reorg)', async () => {
    const signed = await mint(freshTokens(1));
    await node.request<Reorg>({ method: 'anvil_reorg', params: [1, []] });
    expect(await provider.inclusion(signed.hash)).not.toMatchObject({ state: 'mined' });
  });
});

describe('the contract at an address', () => {
  it('is recognized', async () => {
    expect(await contractAt(contract, { rpcUrl, chainId })).toBe('ours');
    expect(await contractAt(friend, { rpcUrl, chainId })).toBe('absent');
    const foreign: Address = '0x00000000000000000000000000000000000f0e16';
    await node.setCode({ address: foreign, bytecode: '0x60006000fd' });
    expect(await contractAt(foreign, { rpcUrl, chainId })).toBe('foreign');
    await expect(contractAt(contract, { rpcUrl, chainId: 5 })).rejects.toMatchObject({ code: 'wrong_chain' });
  });

  it('is checked before anything is planned, and again until it is right', async () => {
    const lost = createChainProvider({ rpcUrl, chainId, contract: friend, issuerKey, requestTimeoutMs: 5_000 });
    for (let round = 0; round < 2; round += 1) {
      await expect(lost.planMint(buyer.address, freshTokens(1))).rejects.toMatchObject({
        kind: 'refused',
        code: 'wrong_contract',
      });
    }
    await expect(lost.ownersOf([1n])).rejects.toMatchObject({ kind: 'unknown', code: 'bad_answer' });
  });
});

describe('costs', () => {
  it('sends a known number of requests, each through the pace', async () => {
    const tokens = freshTokens(20);
    expect(await counted(() => provider.planMint(buyer.address, tokens))).toEqual([
      'eth_estimateGas',
      'eth_feeHistory',
    ]);
    expect(await counted(() => provider.ownersOf(tokens))).toEqual(['eth_call']);
    expect(await counted(() => provider.everMinted(tokens))).toEqual(['eth_call']);
    expect(await counted(() => provider.nextNonce())).toEqual(['eth_getTransactionCount']);
    const { hash } = await mint(tokens);
    expect(await counted(() => provider.inclusion(hash))).toEqual([
      'eth_getTransactionReceipt',
      'eth_blockNumber',
      'eth_getBlockByNumber',
    ]);
    expect(await counted(() => provider.inclusion(numberToHex(7n, { size: 32 })))).toHaveLength(2);
  });

  it('mints and burns within the gas that the contract was built for', async () => {
    const used: Record<string, bigint> = {};
    for (const count of [1, 20]) {
      const tokens = freshTokens(count);
      const newcomer = privateKeyToAccount(generatePrivateKey()).address;
      used[`mint ${count}`] = (await execute(await provider.planMint(newcomer, tokens))).receipt.gasUsed;
      used[`burn ${count}`] = (await burn(tokens)).receipt.gasUsed;
    }
    console.log('gas used', used);
    // One new slot per token: a second one would cost 22,100 more for each.
    expect(used['mint 1']).toBeLessThan(85_000n);
    expect(used['mint 20']).toBeLessThan(650_000n);
  });
});
