/** The activities on a real chain (Anvil) and a real database, in weather: stuck, dropped, reorganized, node away. */
import { createServer } from 'node:net';
import { createTestClient, http, parseEther, parseGwei, publicActions } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createChainPace } from '../../activities/chain-steps.ts';
import { createTicketMoveActivities } from '../../activities/ticket-moves.ts';
import { createTicketActivities } from '../../activities/tickets.ts';
import { deployContract } from '../../activities/providers/chain/deploy.ts';
import { createChainProvider } from '../../activities/providers/chain/provider.ts';
import { tokenIdOf } from '../../activities/providers/chain/token-id.ts';
import type { Address } from '../../activities/providers/chain/types.ts';
import { readLimits } from '../../contracts/lane-limits.ts';
import { createPool, type Pool } from '../../infrastructure/postgres.ts';
import { createLaneCaller } from '../../lanes/call.ts';
import { createLimiter } from '../../lanes/limiter.ts';
import { createMemoryPace } from '../../lanes/memory-pace.ts';
import { createStore } from '../../store/index.ts';
import { attempt, failureSeen } from '../support/ledger-twins.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { openSale } from '../support/sales.ts';
import { type ChainNode, startChainNode } from './chain-node.ts';

const chainId = 31_337;
const issuerKey = generatePrivateKey();
const buyer = privateKeyToAccount(generatePrivateKey()).address;
const friend = privateKeyToAccount(generatePrivateKey()).address;

type Drop = { Method: 'anvil_dropTransaction'; Parameters: [hash: string]; ReturnType: string | null };
type Reorg = { Method: 'anvil_reorg'; Parameters: [depth: number, transactions: unknown[]]; ReturnType: null };
const connect = (url: string) => createTestClient({ mode: 'anvil', transport: http(url) }).extend(publicActions);

let anvil: ChainNode;
let node: ReturnType<typeof connect>;
let contract: Address;
let db: TestDatabase;
const pools: Pool[] = [];

beforeAll(async () => {
  [anvil, db] = await Promise.all([startChainNode(), startTestDatabase()]);
  node = connect(anvil.rpcUrl);
  await node.setBalance({ address: privateKeyToAccount(issuerKey).address, value: parseEther('100') });
  contract = await deployContract({ rpcUrl: anvil.rpcUrl, chainId, issuerKey });
  await node.setAutomine(false);
  await openSale(db.store, 'acme');
  await openSale(db.store, 'globex');
});
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await Promise.all([anvil.stop(), db.stop()]);
});
/** Until the end of the test. */
let mining: NodeJS.Timeout | undefined;
afterEach(() => clearInterval(mining));

const limits = readLimits({ RATE_LIMITS: 'unpaced' }).limits;

/** One worker: its own pool, its own view of the chain. */
function worker({ bumpAfterMs = 300, rpcUrl = anvil.rpcUrl } = {}) {
  const pool = createPool({ url: db.applicationUrl, max: 10, applicationName: 'boxoffice-weather' });
  pools.push(pool);
  const store = createStore(pool);
  const lanes = createLaneCaller({
    limiter: createLimiter(createMemoryPace(limits), limits),
    limits,
    sentCalls: store.sentCalls,
    retryScale: 0.01,
    stopping: new AbortController().signal,
  });
  const pace = createChainPace(lanes);
  const options = { rpcUrl, chainId, contract, issuerKey, requestTimeoutMs: 2_000 };
  const provider = createChainProvider({ ...options, pace });
  const deps = {
    provider,
    lanes,
    steps: store.sentCalls,
    mints: store.mints,
    moves: store.moves,
    claims: store.claims,
    transactions: store.chain,
    confirmations: 2,
    pollMs: 50,
    gossipMs: 300,
    bumpAfterMs,
  };
  // What a test looks at passes by the lane.
  return {
    store,
    provider: createChainProvider(options),
    ...createTicketActivities(deps),
    ...createTicketMoveActivities(deps),
  };
}

let count = 0;

/** A mint that nobody else has. */
function mintOf(tenantId = 'acme') {
  count += 1;
  const ticketId = `guest-${count}`;
  const operation = { tenantId, workflowId: `mint:${tenantId}:${ticketId}:list`, runId: 'run-1' };
  const input = {
    operation, wallet: buyer, venueId: 'venue', eventId: 'event', tickets: [{ ticketId }], round: 0,
    settles: { ticketId, mintKey: 'list', now: '2027-01-01T00:00:00.000Z' },
  }; // prettier-ignore
  const token = tokenIdOf(tenantId, ticketId, 0);
  const claim = {
    operation, kind: 'mint' as const, key: `${ticketId}:list`, fingerprint: 'f'.repeat(64), queueName: 'money',
    jobType: 'nft-mint', now: '2027-01-01T00:00:00.000Z', keepForMs: 'forever' as const,
  }; // prettier-ignore
  return { operation, input, token, ticketId, claimed: () => db.store.claims.claim(claim) };
}

/** As Temporal does: attempts until one is final, soon after one another. */
async function retried<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt(run);
    } catch (error) {
      if (tries >= 100 || failureSeen(error).nonRetryable) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const versionsOf = (workflowId: string) =>
  db.look<{ version: number; nonce: string; hash: `0x${string}`; status: string }>(
    'select version, nonce, hash, status from chain_transactions where workflow_id = $1 order by version',
    [workflowId],
  );

/** An address that refuses connections. */
async function nobodyThere(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

/** Blocks from now on. */
function mineOn(): void {
  mining = setInterval(() => void node.mine({ blocks: 1 }).catch(() => undefined), 100);
}
const pooled = async (hash: string) =>
  (await node.getTransaction({ hash: hash as `0x${string}` }).catch(() => undefined)) !== undefined;

async function until(holds: () => Promise<boolean>): Promise<void> {
  await expect.poll(holds, { timeout: 10_000, interval: 20 }).toBe(true);
}
const signed = async (workflowId: string, version = 1) => {
  await until(async () => (await versionsOf(workflowId)).length >= version);
  const { hash } = (await versionsOf(workflowId))[version - 1]!;
  await until(() => pooled(hash));
  return hash;
};

describe('a transaction', () => {
  test.each([
    ['waits in the pool', false],
    ['the node has no room for, because blocks have become dear,', true],
  ])('that %s is replaced under the same nonce, and included once', async (_, dear) => {
    const on = worker({ bumpAfterMs: dear ? 60_000 : 300 });
    const { operation, input, token, claimed } = mintOf();
    await claimed();
    const minting = retried(() => on.mintTickets(input));
    await signed(operation.workflowId);
    if (dear) {
      // Far above what it offers: Anvil throws it out of its pool.
      await node.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei('20') });
      await node.mine({ blocks: 1 });
    }
    await signed(operation.workflowId, 2);
    mineOn();
    const outcome = await minting;
    const versions = await versionsOf(operation.workflowId);
    expect(new Set(versions.map(({ nonce }) => nonce)).size).toBe(1);
    expect(versions.map(({ status }) => status).filter((status) => status === 'included')).toHaveLength(1);
    expect(versions.find(({ status }) => status === 'included')?.hash).toBe(outcome.transactionHash);
    expect(await on.provider.ownersOf([token])).toEqual([buyer]);
    const logs = await node.getLogs({ address: contract, fromBlock: 0n });
    expect(logs.filter(({ topics }) => BigInt(topics[3] ?? 0) === token)).toHaveLength(1);
    await node.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei('1') });
  });

  test('that the node forgets is sent again, byte for byte', async () => {
    const on = worker({ bumpAfterMs: 60_000 });
    const { operation, input, token, claimed } = mintOf();
    await claimed();
    const minting = retried(() => on.mintTickets(input));
    const hash = await signed(operation.workflowId);
    await node.request<Drop>({ method: 'anvil_dropTransaction', params: [hash] });
    expect(await pooled(hash)).toBe(false);
    await until(() => pooled(hash));
    mineOn();
    expect((await minting).transactionHash).toBe(hash);
    expect(await on.provider.ownersOf([token])).toEqual([buyer]);
  });

  test('that a reorganization throws out before its confirmations is confirmed again', async () => {
    const on = worker({ bumpAfterMs: 60_000 });
    const { operation, input, token, claimed } = mintOf();
    await claimed();
    const minting = retried(() => on.mintTickets(input));
    const hash = await signed(operation.workflowId);
    await node.mine({ blocks: 1 });
    await node.request<Reorg>({ method: 'anvil_reorg', params: [1, []] });
    mineOn();
    expect((await minting).transactionHash).toBe(hash);
    expect(await on.provider.ownersOf([token])).toEqual([buyer]);
  });

  test('of a workflow that is gone is sent by the one that waits behind it', async () => {
    const on = worker();
    const gone = mintOf('globex');
    // Signed and never sent: the worker died in between.
    await on.store.chain.signNext({
      tenantId: 'globex', workflowId: gone.operation.workflowId, step: 'mint', chainId, issuer: on.provider.issuer,
      seedNonce: () => on.provider.nextNonce(),
      sign: async (nonce) => on.provider.sign(await on.provider.planMint(buyer, [gone.token]), nonce),
    }); // prettier-ignore
    const { input, token, claimed } = mintOf();
    await claimed();
    mineOn();
    await retried(() => on.mintTickets(input));
    expect(await on.provider.ownersOf([token, gone.token])).toEqual([buyer, buyer]);
  });
});

test('two workers that mint at once use every nonce once', async () => {
  const both = [worker({ bumpAfterMs: 60_000 }), worker({ bumpAfterMs: 60_000 })];
  const mints = Array.from({ length: 12 }, (_, index) => mintOf(index % 3 === 0 ? 'globex' : 'acme'));
  await Promise.all(mints.map(({ claimed }) => claimed()));
  mineOn();
  await Promise.all(mints.map(({ input }, index) => retried(() => both[index % 2]!.mintTickets(input))));
  const rows = await db.look<{ nonce: number }>(
    `select nonce::int from chain_transactions where workflow_id = any($1) order by nonce`,
    [mints.map(({ operation }) => operation.workflowId)],
  );
  const nonces = rows.map(({ nonce }) => nonce);
  expect(nonces).toEqual(Array.from({ length: 12 }, (_, index) => nonces[0]! + index));
  expect(new Set(await both[0]!.provider.ownersOf(mints.map(({ token }) => token)))).toEqual(new Set([buyer]));
});

/** Minted, and reserved to go to a friend. */
async function moved(tenantId = 'acme') {
  const on = worker({ bumpAfterMs: 60_000 });
  const { input, token, ticketId, claimed } = mintOf(tenantId);
  await claimed();
  mineOn();
  await retried(() => on.mintTickets(input));
  const operation = { tenantId, workflowId: `transfer:${tenantId}:t-${ticketId}`, runId: 'run-1' };
  const asked = { tenantId, ticketId, reason: 'sold on', requestedBy: 'support-7' };
  const now = '2027-01-01T00:00:00.000Z';
  const transfer = { ...asked, transferId: `t-${ticketId}`, toWallet: friend };
  const claim = await on.store.moves.reserve({
    operation,
    input: { request: transfer, fingerprint: 'a'.repeat(64) },
    now,
  });
  expect(claim).toEqual({ kind: 'owned' });
  return { ...on, operation, asked, ticketId, token, now };
}

describe('a ticket that is moved', () => {
  test('is in its new wallet, on the chain and in the books, and is burned from there', async () => {
    const on = await moved();
    const { operation, asked, ticketId, token, now } = on;
    const result = await retried(() => on.moveTicket({ operation, round: 0, now }));
    expect(result).toMatchObject({ status: 'transferred', moneyMoved: 'none', toWallet: friend });
    expect(await on.provider.ownersOf([token])).toEqual([friend]);
    expect(await db.look('select wallet, status from mints where ticket_id = $1', [ticketId])).toEqual([
      { wallet: friend, status: 'minted' },
    ]);
    expect(await on.store.moves.get('acme', 'transfer', `t-${ticketId}`)).toMatchObject({ result });

    const burning = { ...operation, workflowId: `burn:acme:${ticketId}:k` };
    const input = { request: { ...asked, burnKey: 'k' }, fingerprint: 'b'.repeat(64) };
    expect(await on.store.moves.reserve({ operation: burning, input, now })).toEqual({ kind: 'owned' });
    expect(await retried(() => on.moveTicket({ operation: burning, round: 0, now }))).toMatchObject({
      status: 'burned',
    });
    expect(await on.provider.ownersOf([token])).toEqual([null]);
    expect(await db.look('select status from mints where ticket_id = $1', [ticketId])).toEqual([{ status: 'burned' }]);
  });

  test('waits while the node is down, and is moved when it is back', async () => {
    const on = await moved();
    const { operation, now, token } = on;
    const away = worker({ rpcUrl: await nobodyThere() });
    const error: unknown = await attempt(() => away.moveTicket({ operation, round: 0, now })).catch((e: unknown) => e);
    expect(failureSeen(error)).toMatchObject({ type: 'Retry', code: 'unreachable', nonRetryable: false });
    const back = worker();
    expect(await retried(() => back.moveTicket({ operation, round: 0, now }))).toMatchObject({ status: 'transferred' });
    expect(await on.provider.ownersOf([token])).toEqual([friend]);
  });
});
