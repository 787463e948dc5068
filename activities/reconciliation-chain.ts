/** A day of the chain, against the books: the tickets that changed in them, and the tokens that moved there. Reads only. */
import { dayBounds } from '../contracts/days.ts';
import { platform } from '../contracts/ids.ts';
import type { Comparison, OurTicket, Pair, TheirToken } from '../contracts/reconciliation.ts';
import { subjectOf } from '../contracts/reconciliation-rules.ts';
import type { LaneCaller } from '../lanes/call.ts';
import type { ReconciliationRun, Store } from '../store/index.ts';
import type { Block, ChainReader } from './providers/chain/reading.ts';
import type { ComparedPage, ComparePageInput, LookAgainInput, LookedAgain } from './reconciliation.ts';
import { createJudge, following, type Judged, type JudgePorts, none, plus } from './reconciliation-judge.ts';

export type ChainComparison = Extract<Comparison, 'tickets' | 'tokens'>;

export interface ReconciliationChainPorts extends JudgePorts {
  chain: ChainReader;
  lanes: Pick<LaneCaller, 'ask'>;
  books: Pick<Store['reconciliationBooks'], 'tickets' | 'ticketsOf' | 'booked'>;
  rows: Pick<Store['reconciliation'], 'record' | 'toLookAt'>;
}

export interface ReconciliationChainActivities {
  compareChain(input: ComparePageInput & { comparison: ChainComparison }): Promise<ComparedPage>;
  /** Differences that are open, on the chain: what is gone is closed. */
  lookAgainAtChain(input: LookAgainInput): Promise<LookedAgain>;
}

/** Nodes refuse longer ranges of logs. */
const blocksAtOnce = 2_000;
const rangesAtOnce = 10;
const tokensAtOnce = 100;

const earlier = (a: string, b: string) => (a < b ? a : b);

const pairUp = (own: readonly OurTicket[], tokens: readonly TheirToken[]): Pair[] =>
  own.flatMap((ours): Pair[] => {
    const theirs = tokens.find(({ tokenId }) => tokenId === ours.tokenId);
    return theirs ? [{ kind: 'ticket', id: ours.tokenId, ours, theirs }] : [];
  });

export function createReconciliationChainActivities(ports: ReconciliationChainPorts): ReconciliationChainActivities {
  const { chain, books, rows, lanes } = ports;
  const judge = createJudge(ports);
  const ask = <T>(call: () => Promise<T>) => lanes.ask('chain', call);

  /**
   * Those of the tenant; for the platform those that are in no book. `deep` is the block that they were read in: what the
   * books did after it, the chain shows later.
   */
  async function pairsOf(tenantId: string, tokens: readonly TheirToken[], deep: Block): Promise<Pair[]> {
    const ids = tokens.map(({ tokenId }) => tokenId);
    if (tenantId === platform) {
      const booked = new Set(await books.booked(ids));
      return tokens
        .filter(({ tokenId }) => !booked.has(tokenId))
        .map((theirs) => ({ kind: 'ticket', id: theirs.tokenId, theirs }));
    }
    const own = await books.ticketsOf(tenantId, ids, deep.at);
    return pairUp(own, tokens);
  }

  /** Up to the newest block that is deep enough: what the books did after it, the chain shows later. */
  async function compareTickets({ cursor, ...run }: ComparePageInput): Promise<ComparedPage> {
    const deep = run.tenantId === platform ? undefined : await ask(() => chain.confirmed());
    if (!deep) return none;
    const { from, to } = dayBounds(run.day);
    const changed = await books.tickets(run.tenantId, { from, to: earlier(to, deep.at) }, cursor?.row ?? 0);
    const own = changed.map(({ ticket }) => ticket);
    const tokens = await ask(() => chain.tokens(own.map(({ tokenId }) => tokenId), deep.number)); // prettier-ignore
    const judged = await judge(run, pairUp(own, tokens));
    const last = changed.at(-1);
    return last ? { ...judged, cursor: { row: last.row } } : judged;
  }

  async function compareTokens({ cursor, ...run }: ComparePageInput): Promise<ComparedPage> {
    const deep = await ask(() => chain.confirmed());
    if (!deep) return none;
    const { from, to } = dayBounds(run.day);
    let block = cursor?.block ?? (await ask(() => chain.blockAt(from, deep.number)));
    const lastBlock = cursor?.lastBlock ?? (await ask(() => chain.blockAt(to, deep.number))) - 1;
    let judged = none;
    for (let ranges = 0; ranges < rangesAtOnce && block <= lastBlock; ranges += 1) {
      const upTo = Math.min(block + blocksAtOnce - 1, lastBlock);
      const start = block;
      const moved = await ask(() => chain.moved(start, upTo));
      judged = plus(judged, await compareMoved(run, moved, deep));
      block = upTo + 1;
    }
    return block <= lastBlock ? { ...judged, cursor: { block, lastBlock } } : judged;
  }

  async function compareMoved(run: ReconciliationRun, moved: readonly string[], deep: Block): Promise<Judged> {
    let judged = none;
    for (let at = 0; at < moved.length; at += tokensAtOnce) {
      const some = moved.slice(at, at + tokensAtOnce);
      const tokens = await ask(() => chain.tokens(some, deep.number));
      judged = plus(judged, await judge(run, await pairsOf(run.tenantId, tokens, deep)));
    }
    return judged;
  }

  return {
    compareChain: ({ comparison, ...input }) =>
      comparison === 'tickets' ? compareTickets(input) : compareTokens(input),

    async lookAgainAtChain({ which, after, ...run }) {
      const open = await rows.toLookAt(run, { which, after, limit: tokensAtOnce });
      const ids = open.filter((one) => subjectOf(one).of === 'ticket').map(({ objectId }) => objectId);
      const deep = ids.length === 0 ? undefined : await ask(() => chain.confirmed());
      if (!deep) return { found: 0, ...following(open, tokensAtOnce) };
      const tokens = await ask(() => chain.tokens(ids, deep.number));
      const pairs = await pairsOf(run.tenantId, tokens, deep);
      const { found } = await judge(run, pairs);
      // A token that was nobody's and is in a book by now is its tenant's to compare.
      const gone = run.tenantId === platform ? ids.filter((id) => !pairs.some((pair) => pair.id === id)) : [];
      if (gone.length > 0) await rows.record({ ...run, examined: gone, found: [] });
      return { found, ...following(open, tokensAtOnce) };
    },
  };
}
