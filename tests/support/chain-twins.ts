/** A chain with one issuer, blocks by the fake clock, and twins of the tables that its activities keep. */
import { createHash } from 'node:crypto';
import type { MintLedger, TransactionLedger } from '../../activities/ports.ts';
import type {
  Address,
  ChainProvider,
  Hex,
  Inclusion,
  Pace,
  TransactionPlan,
} from '../../activities/providers/chain/types.ts';
import { createChainPace, createTicketActivities, type TicketDependencies } from '../../activities/tickets.ts';
import { ProviderFault, type FaultClass } from '../../contracts/provider-fault.ts';
import type { ClaimResults } from '../../store/index.ts';
import { createSentCallsTwin, lanesOf } from './ledger-twins.ts';

export type BroadcastFault =
  /** Taken, and the answer is lost. */
  | 'lost'
  /** The node never had it. */
  | 'dropped'
  /** Taken, and forgotten before its block. */
  | 'forgotten'
  | { kind: FaultClass; code: string };

const blockMs = 1_000;
export const wallet: Address = `0x${'1'.repeat(40)}`;
const stranger: Address = `0x${'9'.repeat(40)}`;

interface Call {
  action: 'mint' | 'burn';
  tokenIds: string[];
}
interface Mined {
  hash: Hex;
  block: number;
  success: boolean;
  undo: () => void;
}

const head = () => Math.floor(Date.now() / blockMs);
const faultOf = (kind: FaultClass, code: string) => new ProviderFault({ provider: 'chain', kind, code, message: code });
const hexOf = (text: string): Hex => `0x${Buffer.from(text).toString('hex')}`;
const textOf = (hex: Hex) => Buffer.from(hex.slice(2), 'hex').toString();

export function createChainTwin(pace: Pace) {
  const owners = new Map<string, Address | null>();
  const pool = new Map<Hex, { nonce: number; call: Call; forBlock: number }>();
  const mined = new Map<Hex, Mined>();
  const faults: BroadcastFault[] = [];
  const broadcasts: Hex[] = [];
  const requests: string[] = [];
  let nextNonce = 7;

  const holds = (call: Call) =>
    call.action === 'mint'
      ? call.tokenIds.every((id) => !owners.has(id))
      : call.tokenIds.every((id) => owners.get(id) === wallet);

  function execute(hash: Hex, block: number, nonce: number, call: Call): void {
    const success = holds(call);
    const before = call.tokenIds.map((id) => [id, owners.get(id)] as const);
    if (success) for (const id of call.tokenIds) owners.set(id, call.action === 'mint' ? wallet : null);
    nextNonce = nonce + 1;
    const undo = () => {
      nextNonce = nonce;
      if (!success) return;
      for (const [id, owner] of before) {
        if (owner === undefined) owners.delete(id);
        else owners.set(id, owner);
      }
    };
    mined.set(hash, { hash, block, success, undo });
    pool.delete(hash);
  }

  /** Blocks up to now take what waits, in the order of nonces, without gaps. */
  function catchUp(): void {
    for (let ready = true; ready;) {
      const next = [...pool].find(([, { nonce, forBlock }]) => nonce === nextNonce && forBlock <= head());
      ready = next !== undefined;
      if (next) execute(next[0], Math.max(next[1].forBlock, 0), next[1].nonce, next[1].call);
    }
  }

  const request = <T>(method: string, answer: () => T): Promise<T> =>
    pace(method, async () => {
      requests.push(method);
      catchUp();
      return answer();
    });

  const plan = (call: Call): TransactionPlan => ({
    to: stranger,
    data: hexOf(JSON.stringify(call)),
    gas: '1',
    maxFeePerGas: '1',
    maxPriorityFeePerGas: '1',
  });

  const provider: ChainProvider = {
    issuer: `0x${'a'.repeat(40)}`,
    contract: stranger,
    chainId: 31_337,
    planMint: (_to, tokenIds) =>
      request('eth_estimateGas', () => {
        const call: Call = { action: 'mint', tokenIds: tokenIds.map(String) };
        if (!holds(call)) throw faultOf('declined', 'already_minted');
        return plan(call);
      }),
    planBurn: (tokenIds) =>
      request('eth_estimateGas', () => {
        const call: Call = { action: 'burn', tokenIds: tokenIds.map(String) };
        if (tokenIds.length === 0) throw faultOf('refused', 'reverted');
        if (call.tokenIds.some((id) => !owners.get(id))) throw faultOf('declined', 'not_minted');
        if (!holds(call)) throw faultOf('declined', 'not_held');
        return plan(call);
      }),
    async sign({ data }, nonce) {
      const raw = hexOf(JSON.stringify({ nonce, call: JSON.parse(textOf(data)) as Call }));
      return { raw, nonce, hash: `0x${createHash('sha256').update(raw).digest('hex')}` };
    },
    broadcast: (raw) =>
      request('eth_sendRawTransaction', () => {
        broadcasts.push(raw);
        const hash: Hex = `0x${createHash('sha256').update(raw).digest('hex')}`;
        const { nonce, call } = JSON.parse(textOf(raw)) as { nonce: number; call: Call };
        const fault = faults.shift();
        if (typeof fault === 'object') throw faultOf(fault.kind, fault.code);
        if (fault === 'dropped') throw faultOf('unknown', 'timeout');
        if (fault === 'forgotten' || mined.has(hash)) return;
        if (nonce < nextNonce) throw faultOf('unknown', 'nonce_taken');
        pool.set(hash, { nonce, call, forBlock: head() + 1 });
        if (fault === 'lost') throw faultOf('unknown', 'timeout');
      }),
    inclusion: (hash) =>
      request('eth_getTransactionReceipt', (): Inclusion => {
        const seen = mined.get(hash);
        if (!seen) return { state: pool.has(hash) ? 'pending' : 'absent' };
        return {
          state: 'mined',
          success: seen.success,
          blockNumber: seen.block,
          confirmations: head() - seen.block + 1,
        };
      }),
    ownersOf: (tokenIds) => request('eth_call', () => tokenIds.map((id) => owners.get(String(id)) ?? null)),
    everMinted: (tokenIds) => request('eth_call', () => tokenIds.map((id) => owners.has(String(id)))),
    nextNonce: () => request('eth_getTransactionCount', () => nextNonce),
  };

  return {
    provider,
    owners,
    broadcasts,
    requests,
    fail: (...next: BroadcastFault[]) => void faults.push(...next),
    /** A reorganization throws the newest blocks out, at most `depth`, and the node forgets what was in them. */
    reorganize(hash: string, depth = Infinity) {
      const seen = mined.get(hash as Hex);
      if (!seen || head() - seen.block + 1 > depth) return;
      seen.undo();
      mined.delete(hash as Hex);
    },
    standing: () => [...owners].filter(([, owner]) => owner !== null).map(([id]) => id),
    stranger,
  };
}

const misfit = (message: string) => Object.assign(new Error(message), { name: 'MintStateError' });

type SignNext = Parameters<TransactionLedger['signNext']>[0];
type Stored = Awaited<ReturnType<TransactionLedger['signNext']>>;
type MintRow = Awaited<ReturnType<MintLedger['of']>>[number] & { workflowId: string; released?: boolean };

/** The rules of store/chain.ts and store/mints.ts, in memory. */
export function createTicketLedgers(sentCalls: ReturnType<typeof createSentCallsTwin>) {
  const signed = new Map<string, Stored>();
  const rows: MintRow[] = [];
  let nonce: number | undefined;
  const live = ({ status, released }: MintRow) => !released && status !== 'burned';
  const of = (workflowId: string) => rows.filter((row) => row.workflowId === workflowId && !row.released);

  /** The row lock that orders the issuer's nonces. */
  let lock: Promise<unknown> = Promise.resolve();
  const locked = <T>(run: () => Promise<T>): Promise<T> => {
    const turn = lock.then(run);
    lock = turn.catch(() => undefined);
    return turn;
  };

  const transactions: TransactionLedger = {
    async signNext(request) {
      nonce ??= await request.seedNonce();
      return locked(() => signIn(request));
    },
    of: async (_tenantId, workflowId, step) => signed.get(`${workflowId} ${step}`),
    async markIncluded({ hash, blockNumber, success }) {
      const stored = [...signed.values()].find((candidate) => candidate.hash === hash);
      if (!stored) throw new Error(`no transaction ${hash}`);
      Object.assign(stored, { status: success ? 'included' : 'reverted', blockNumber });
    },
  };

  async function signIn({ tenantId, workflowId, step, chainId, issuer, sign }: SignNext): Promise<Stored> {
    const key = `${workflowId} ${step}`;
    const known = signed.get(key);
    if (known) return known;
    sentCalls.holdOffFence({ tenantId, workflowId, step });
    const { hash, raw } = await sign(nonce!);
    const stored: Stored = {
      workflowId,
      step,
      chainId,
      issuer,
      nonce: nonce!,
      hash,
      raw,
      status: 'signed',
      signedAt: '',
    };
    nonce = nonce! + 1;
    signed.set(key, stored);
    return stored;
  }

  const mints: MintLedger = {
    async reserve({ operation, step, tickets, wallet, tokenIdOf }) {
      sentCalls.holdOffFence({ ...operation, step });
      const { workflowId } = operation;
      const foreign = tickets.find(({ ticketId }) =>
        rows.some((row) => live(row) && row.ticketId === ticketId && row.workflowId !== workflowId),
      );
      if (foreign) return { taken: foreign.ticketId };
      return {
        reserved: tickets.map(({ ticketId }) => {
          const generation = rows.filter((row) => row.ticketId === ticketId && row.status === 'burned').length;
          const mine = rows.find((row) => live(row) && row.ticketId === ticketId);
          const row = mine ?? {
            ticketId,
            generation,
            tokenId: tokenIdOf(ticketId, generation).toString(),
            wallet,
            status: 'reserved' as const,
            workflowId,
          };
          if (!mine) rows.push(row);
          return { ticketId, generation: row.generation, tokenId: row.tokenId };
        }),
      };
    },
    async confirm({ operation, step, transactionHash, blockNumber, settleClaim }) {
      sentCalls.holdOffFence({ ...operation, step });
      const mine = of(operation.workflowId);
      if (mine.length === 0 || mine.some(({ status }) => status === 'burned')) throw misfit('cannot be minted');
      for (const row of mine) Object.assign(row, { status: 'minted', transactionHash, blockNumber });
      if (settleClaim) settled.push(settleClaim);
    },
    async release({ operation }) {
      const mine = of(operation.workflowId);
      if (mine.some(({ status }) => status === 'minted')) throw misfit('cannot be released');
      for (const row of mine) if (row.status === 'reserved') row.released = true;
    },
    async burned({ operation, ticketIds, transactionHash }) {
      const mine = of(operation.workflowId);
      if (mine.length === 0) throw misfit('it has none');
      for (const row of mine)
        if (live(row) && (ticketIds?.includes(row.ticketId) ?? true))
          Object.assign(row, { status: 'burned', burnTransactionHash: transactionHash });
    },
    of: async ({ workflowId }) => of(workflowId),
  };
  const settled: NonNullable<Parameters<MintLedger['confirm']>[0]['settleClaim']>[] = [];
  const claims: TicketDependencies['claims'] = {
    resultOf: async <Kind extends keyof ClaimResults>(_tenantId: string, _kind: Kind, key: string) =>
      settled.find((claim) => claim.key === key)?.result as ClaimResults[Kind] | undefined,
  };
  return { transactions, mints, claims, rows, settled, signed };
}

export const operation = { tenantId: 'acme', workflowId: 'payment:acme:key-1', runId: 'run-1' };

/** Ticket activities over a twin of the chain and of everything they keep. */
export function createTicketWorld() {
  const steps = createSentCallsTwin();
  const lanes = lanesOf(steps);
  const chain = createChainTwin(createChainPace(lanes));
  const ledgers = createTicketLedgers(steps);
  const activities = createTicketActivities({
    provider: chain.provider,
    lanes,
    steps,
    ...ledgers,
    confirmations: 2,
    pollMs: 500,
  });
  const mint = (change: object = {}) =>
    activities.mintTickets({
      operation,
      wallet,
      venueId: 'arena',
      eventId: 'summer-night',
      tickets: [{ ticketId: 'seat-1' }, { ticketId: 'seat-2' }],
      round: 0,
      ...change,
    });
  const burn = (change: object = {}) => activities.burnTickets({ operation, round: 0, ...change });
  const statuses = () => ledgers.rows.map(({ status, released }) => (released ? 'released' : status));
  return { chain, steps, ...ledgers, mint, burn, statuses, activities };
}
