/** A chain with one issuer, blocks by the fake clock, and twins of the tables that its activities keep. */
import { createHash } from 'node:crypto';
import type { MintLedger, MoveLedger, TransactionLedger } from '../../activities/ports.ts';
import type {
  Address,
  ChainProvider,
  Hex,
  Inclusion,
  Pace,
  TransactionPlan,
} from '../../activities/providers/chain/types.ts';
import { createChainPace } from '../../activities/chain-steps.ts';
import { createTicketMoveActivities } from '../../activities/ticket-moves.ts';
import { createTicketActivities, type TicketDependencies } from '../../activities/tickets.ts';
import type { MoveResult } from '../../contracts/ticket-move.ts';
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
  action: 'mint' | 'burn' | 'transfer';
  tokenIds: string[];
  from?: Address;
  to?: Address;
}
/** What stands in the bytes. */
interface Sent {
  nonce: number;
  fee: number;
  call: Call;
}
const readRaw = (raw: string) => JSON.parse(textOf(raw as Hex)) as Sent;
const hashOf = (raw: string): Hex => `0x${createHash('sha256').update(raw).digest('hex')}`;
/** No replacement offers more. */
const feeCap = 1_000;
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
  /** The wallets that the issuer gave the tokens to. */
  const holders = new Map<string, Address>();
  const pool = new Map<Hex, Sent & { forBlock: number }>();
  const mined = new Map<Hex, Mined>();
  const faults: BroadcastFault[] = [];
  const broadcasts: Hex[] = [];
  const requests: string[] = [];
  let nextNonce = 7;
  const price = { baseFee: 1 };

  const isHeld = (id: string) => owners.get(id) === (holders.get(id) ?? wallet);
  const holds = (call: Call) =>
    call.action === 'mint'
      ? call.tokenIds.every((id) => !owners.has(id))
      : call.tokenIds.every((id) => isHeld(id) && (call.from === undefined || owners.get(id) === call.from));

  function execute(hash: Hex, block: number, nonce: number, call: Call): void {
    const success = holds(call);
    const before = call.tokenIds.map((id) => [id, owners.get(id), holders.get(id)] as const);
    for (const id of success ? call.tokenIds : []) {
      owners.set(id, call.action === 'burn' ? null : (call.to ?? wallet));
      if (call.to) holders.set(id, call.to);
    }
    nextNonce = nonce + 1;
    const undo = () => {
      nextNonce = nonce;
      if (!success) return;
      for (const [id, owner, holder] of before) {
        if (holder === undefined) holders.delete(id);
        else holders.set(id, holder);
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
      const next = [...pool].find(
        ([, { nonce, forBlock, fee }]) => nonce === nextNonce && forBlock <= head() && fee >= price.baseFee,
      );
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
    planTransfer: (from, to, tokenId) =>
      request('eth_estimateGas', () => {
        const call: Call = { action: 'transfer', tokenIds: [String(tokenId)], from, to };
        if (!owners.get(String(tokenId))) throw faultOf('declined', 'not_minted');
        if (!holds(call)) throw faultOf('declined', 'not_held');
        return plan(call);
      }),
    planReplacement: (raw) =>
      request('eth_feeHistory', () => {
        const { call, fee } = readRaw(raw);
        const wanted = Math.max(Math.ceil((fee * 9) / 8), 2 * price.baseFee);
        return wanted > feeCap ? ('over_cap' as const) : { ...plan(call), maxFeePerGas: String(wanted) };
      }),
    async sign({ data, maxFeePerGas }, nonce) {
      const sent: Sent = { nonce, fee: Number(maxFeePerGas), call: JSON.parse(textOf(data)) as Call };
      const raw = hexOf(JSON.stringify(sent));
      return { raw, nonce, hash: hashOf(raw) };
    },
    broadcast: (raw) =>
      request('eth_sendRawTransaction', () => {
        broadcasts.push(raw);
        const hash = hashOf(raw);
        const sent = readRaw(raw);
        const { nonce, fee } = sent;
        const fault = faults.shift();
        if (typeof fault === 'object') throw faultOf(fault.kind, fault.code);
        if (fault === 'dropped') throw faultOf('unknown', 'timeout');
        if (fault === 'forgotten' || mined.has(hash)) return;
        if (nonce < nextNonce) throw faultOf('unknown', 'nonce_taken');
        const rival = [...pool].find(([other, waiting]) => other !== hash && waiting.nonce === nonce);
        if (rival && fee < rival[1].fee * 1.1) throw faultOf('unknown', 'nonce_conflict');
        if (rival) pool.delete(rival[0]);
        pool.set(hash, { ...sent, forBlock: head() + 1 });
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
    minedNonce: () => request('eth_getTransactionCount', () => nextNonce),
  };

  return {
    provider,
    owners,
    broadcasts,
    requests,
    price,
    /** The node forgets what waits. */
    forget: () => pool.clear(),
    /** Hashes and fees of what is in blocks. */
    mined: () => [...mined.keys()],
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
  /** By workflow and step; the newest version of each. */
  const signed = new Map<string, Stored>();
  /** All of them, newest first. */
  const versions: (Stored & { tenantId: string })[] = [];
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
      // Asked before it is looked whether somebody else was sooner: the first one counts.
      const seed = nonce ?? (await request.seedNonce());
      nonce ??= seed;
      return locked(() => signIn(request));
    },
    of: async (_tenantId, workflowId, step) => foremost(versionsOf(workflowId, step))[0],
    versions: async (_tenantId, workflowId, step) => foremost(versionsOf(workflowId, step)),
    replace: (request) =>
      locked(async () => {
        const [newest] = versionsOf(request.workflowId, request.step);
        if (!newest) throw new Error('nothing was signed');
        if (newest.version !== request.version) return newest;
        return keep({ ...request, ...(await request.sign(newest.nonce)), version: newest.version + 1 });
      }),
    queue: async ({ from, before }) => {
      const ahead = versions.filter((one) => one.nonce >= from && one.nonce < before);
      const nonces = [...new Set(ahead.map((one) => one.nonce))].toSorted((a, b) => a - b);
      return nonces.flatMap((wanted) => foremost(ahead.filter((one) => one.nonce === wanted)).slice(0, 1));
    },
    async markIncluded({ hash, blockNumber, success }) {
      const stored = versions.find((candidate) => candidate.hash === hash);
      if (!stored) throw new Error(`no transaction ${hash}`);
      for (const one of versionsOf(stored.workflowId, stored.step)) {
        delete one.blockNumber;
        one.status = 'replaced';
      }
      Object.assign(stored, { status: success ? 'included' : 'reverted', blockNumber });
    },
  };

  const versionsOf = (workflowId: string, step: string) =>
    versions.filter((one) => one.workflowId === workflowId && one.step === step);
  const isInBlock = ({ status }: Stored) => status === 'included' || status === 'reverted';
  const foremost = <One extends Stored>(some: One[]) =>
    some.toSorted((a, b) => Number(isInBlock(b)) - Number(isInBlock(a)));

  type Fresh = Pick<
    Stored & { tenantId: string },
    'tenantId' | 'workflowId' | 'step' | 'chainId' | 'issuer' | 'nonce' | 'hash' | 'raw' | 'version'
  >;
  function keep({ tenantId, workflowId, step, chainId, issuer, hash, raw, version, ...fresh }: Fresh): Stored {
    const stored = {
      tenantId, workflowId, step, version, chainId, issuer, nonce: fresh.nonce, hash, raw, status: 'signed' as const,
      signedAt: '',
    }; // prettier-ignore
    versions.unshift(stored);
    signed.set(`${workflowId} ${step}`, stored);
    return stored;
  }

  async function signIn(request: SignNext): Promise<Stored> {
    const { tenantId, workflowId, step, sign } = request;
    const known = foremost(versionsOf(workflowId, step))[0];
    if (known) return known;
    sentCalls.holdOffFence({ tenantId, workflowId, step });
    const stored = keep({ ...request, ...(await sign(nonce!)), version: 1 });
    nonce = nonce! + 1;
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
    async mintedAgain({ operation, transactionHash, blockNumber }) {
      for (const row of of(operation.workflowId)) Object.assign(row, { transactionHash, blockNumber });
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
    resultOf: async <Kind extends keyof ClaimResults>(_tenantId: string, _kind: Kind, key: string) => {
      const result = settled.find((claim) => claim.key === key)?.result as ClaimResults[Kind] | undefined;
      return result;
    },
  };
  const moves = createMoveTwin(rows);
  return { transactions, mints, moves, claims, rows, settled, signed, versions };
}

type Move = NonNullable<Awaited<ReturnType<MoveLedger['of']>>>;

/** The rules of store/moves.ts that activities meet; a test reserves by hand. */
function createMoveTwin(rows: MintRow[]) {
  const reserved = new Map<string, Move>();
  const done = async ({ operation, transactionHash }: Parameters<MoveLedger['done']>[0]): Promise<MoveResult> => {
    const move = reserved.get(operation.workflowId)!;
    const { ticketId, tokenId, toWallet } = move;
    const row = rows.find((one) => one.tokenId === tokenId && one.status === 'minted');
    if (move.status === 'reserved') {
      Object.assign(move, { status: 'done', transactionHash });
      Object.assign(row ?? {}, toWallet ? { wallet: toWallet } : { status: 'burned' });
    }
    const ends = {
      moneyMoved: 'none',
      ticket: { ticketId, tokenId },
      transactionHash: move.transactionHash ?? '',
    } as const;
    return toWallet ? { status: 'transferred', toWallet, ...ends } : { status: 'burned', ...ends };
  };
  const underWay = async (_tenantId: string, ticketIds: readonly string[]) =>
    [...reserved.values()].some(({ ticketId, status }) => status === 'reserved' && ticketIds.includes(ticketId));
  return { reserved, of: async ({ workflowId }: { workflowId: string }) => reserved.get(workflowId), done, underWay };
}

export const operation = { tenantId: 'acme', workflowId: 'payment:acme:key-1', runId: 'run-1' };

/** Ticket activities over a twin of the chain and of everything they keep. */
export function createTicketWorld() {
  const steps = createSentCallsTwin();
  const lanes = lanesOf(steps);
  const chain = createChainTwin(createChainPace(lanes));
  const ledgers = createTicketLedgers(steps);
  const deps = {
    provider: chain.provider,
    lanes,
    steps,
    ...ledgers,
    confirmations: 2,
    pollMs: 500,
    gossipMs: 5_000,
    bumpAfterMs: 45_000,
  };
  const activities = { ...createTicketActivities(deps), ...createTicketMoveActivities(deps) };
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
