/**
 * How a transaction gets into the chain: signed and stored before it is sent, sent again byte for byte until it is there,
 * and replaced under its nonce where its fees are too low. Its nonce blocks every later one of the issuer until then, so
 * whoever waits also attends to the front of that queue, whosever it is.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Context } from '@temporalio/activity';
import { failureTypes } from '../contracts/failures.ts';
import { jobTypes } from '../contracts/job-types.ts';
import type { Counted, LaneCaller } from '../lanes/call.ts';
import { maxVersions } from '../store/index.ts';
import { createFailures, detailOf, typeOf } from './failure.ts';
import type { ChainTransaction, Operation, TransactionLedger } from './ports.ts';
import type { ChainProvider, Hex, Inclusion, Pace, TransactionPlan } from './providers/chain/types.ts';

const policy = jobTypes['nft-mint'];
const { retryIn } = createFailures('chain');

/** How long one attempt watches for its block, at least, before Temporal asks again. Milliseconds. */
const watchMs = 60_000;
/** And after a replacement was sent, so that it has its chance: together less than an attempt may take. Milliseconds. */
const afterBumpMs = 15_000;

export interface ChainStepDependencies {
  provider: ChainProvider;
  lanes: LaneCaller;
  transactions: TransactionLedger;
  /** Blocks, its own included. */
  confirmations: number;
  /** Between two looks at a transaction. Milliseconds. */
  pollMs: number;
  /**
   * A node behind a balancer may learn of a transaction later than the one that took it; sent again is not before.
   * Milliseconds.
   */
  gossipMs: number;
  /** How long a transaction waits in the node's pool before it is replaced with higher fees. Milliseconds. */
  bumpAfterMs: number;
}

type Mined = Extract<Inclusion, { state: 'mined' }>;

/** A transaction in the chain, deep enough: the version that the chain took, and how it ended. */
export interface Included {
  transaction: ChainTransaction;
  mined: Mined;
}

export type ChainSteps = ReturnType<typeof createChainSteps>;

/** Which step's budget the transaction counts against that is being sent right now. */
const sending = new AsyncLocalStorage<Counted>();

/** The chain provider hands over each of its requests: only the one that sends a transaction changes anything. */
export function createChainPace(lanes: LaneCaller): Pace {
  return (method, request) => {
    const counted = method === 'eth_sendRawTransaction' ? sending.getStore() : undefined;
    return counted ? lanes.change('chain', counted, request) : lanes.read('chain', request);
  };
}

export const countedOf = (operation: Operation, step: string, round: number): Counted => ({
  step: { tenantId: operation.tenantId, workflowId: operation.workflowId, step },
  policy,
  budget: policy.attempts + round,
});

/** Others' transactions have a budget of their own: it must not use up the one of the step that waits for them. */
const queueBudgetOf = ({ step, budget }: Counted): Counted => ({
  step: { ...step, step: 'queue' },
  policy,
  budget: 4 * budget,
});

const newestOf = (versions: ChainTransaction[]) => versions.reduce((a, b) => (b.version > a.version ? b : a));

/** What is not ours to finish may fail without ending our own wait. */
async function tolerant(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const type = typeOf(error);
    if (type !== failureTypes.retry && type !== failureTypes.budgetExhausted) throw error;
  }
}

export function createChainSteps(deps: ChainStepDependencies) {
  const { provider, lanes, transactions, bumpAfterMs } = deps;
  const attemptMs = Math.max(watchMs, bumpAfterMs + afterBumpMs);

  const ask = <T>(call: () => Promise<T>) => lanes.ask('chain', call);
  const stored = (operation: Operation, step: string) =>
    transactions.of(operation.tenantId, operation.workflowId, step);

  function sign(operation: Operation, step: string, plan: TransactionPlan): Promise<ChainTransaction> {
    return ask(() =>
      transactions.signNext({
        tenantId: operation.tenantId,
        workflowId: operation.workflowId,
        step,
        chainId: provider.chainId,
        issuer: provider.issuer,
        seedNonce: () => ask(() => provider.nextNonce()),
        sign: (nonce) => provider.sign(plan, nonce),
      }),
    );
  }

  /** The transaction that may still do its work, or the step under which the next one is signed: a reverted one is used up. */
  async function latest(operation: Operation, step: string): Promise<ChainTransaction | { step: string }> {
    for (let attempt = 1; ; attempt += 1) {
      const name = attempt === 1 ? step : `${step}-${attempt}`;
      const transaction = await stored(operation, name);
      if (!transaction) return { step: name };
      if (transaction.status !== 'reverted') return transaction;
    }
  }

  const inclusionOf = (transaction: ChainTransaction) => ask(() => provider.inclusion(transaction.hash as Hex));

  /** The version that the chain took, else one that waits, else the first. */
  async function look(versions: ChainTransaction[]): Promise<{ transaction: ChainTransaction; inclusion: Inclusion }> {
    let seen: { transaction: ChainTransaction; inclusion: Inclusion } | undefined;
    for (const transaction of versions) {
      const inclusion = await inclusionOf(transaction);
      if (inclusion.state === 'mined') return { transaction, inclusion };
      if (!seen || (seen.inclusion.state === 'absent' && inclusion.state === 'pending'))
        seen = { transaction, inclusion };
    }
    if (!seen) throw new Error('no transaction to look for');
    return seen;
  }

  const broadcast = (counted: Counted, { raw }: ChainTransaction) =>
    ask(() => sending.run(counted, () => provider.broadcast(raw as Hex)));

  /** The same call under the same nonce for more, stored before it is sent. False: that is too dear, or was done too often. */
  async function bump(counted: Counted, tenantId: string, stuck: ChainTransaction): Promise<boolean> {
    const { workflowId, step, version } = stuck;
    if (version >= maxVersions) return false;
    const plan = await ask(() => provider.planReplacement(stuck.raw as Hex));
    if (plan === 'over_cap') return false;
    const replacement = await transactions.replace({
      tenantId,
      workflowId,
      step,
      version,
      chainId: provider.chainId,
      issuer: provider.issuer,
      sign: (nonce) => provider.sign(plan, nonce),
    });
    await broadcast(counted, replacement);
    return true;
  }

  /** The node may have no room for it at its price: then it is replaced at once. */
  async function deliver(counted: Counted, tenantId: string, transaction: ChainTransaction): Promise<void> {
    try {
      await broadcast(counted, transaction);
    } catch (error) {
      if (detailOf(error)?.code !== 'not_pooled') throw error;
      if (!(await bump(counted, tenantId, transaction))) throw error;
    }
  }

  /**
   * Our transaction waits for too long. At the front of the issuer's queue its fees are too low; else it waits for what was
   * signed before, by a workflow that may be gone: that is sent again, and replaced where it stands at the front.
   */
  async function hurry(counted: Counted, own: ChainTransaction): Promise<void> {
    const { chainId, issuer, nonce } = own;
    const front = await ask(() => provider.minedNonce());
    if (front > nonce) return;
    if (front === nonce) return void (await bump(counted, counted.step.tenantId, own));
    const ahead = await transactions.queue({ chainId, issuer, from: front, before: nonce });
    // Nobody signed it here: waiting does not help, and a person sees why.
    if (ahead[0]?.nonce !== front) throw retryIn(deps.pollMs, 'nonce_gap', 1);
    const budget = queueBudgetOf(counted);
    for (const transaction of ahead) {
      const { state } = await inclusionOf(transaction);
      if (state === 'absent') await tolerant(() => deliver(budget, transaction.tenantId, transaction));
      else if (state === 'pending' && transaction.nonce === front)
        await tolerant(() => bump(budget, transaction.tenantId, transaction));
    }
  }

  /** Until the chain has one of the versions deep enough, whichever way it ended. Holds no slot while it waits. */
  async function confirmed(counted: Counted, read: () => Promise<ChainTransaction[]>): Promise<Included> {
    let versions = await read();
    const giveUpAt = Date.now() + attemptMs;
    let lastSeenAt = Date.now();
    let hurryAt = Date.now() + bumpAfterMs;
    for (;;) {
      const { transaction, inclusion } = await look(versions);
      if (inclusion.state === 'mined' && inclusion.confirmations >= deps.confirmations)
        return { transaction, mined: inclusion };
      if (inclusion.state !== 'absent') lastSeenAt = Date.now();
      else if (Date.now() - lastSeenAt >= deps.gossipMs) throw retryIn(deps.pollMs, 'transaction_absent', 1);
      if (inclusion.state === 'mined') hurryAt = Date.now() + bumpAfterMs;
      const hurries = inclusion.state === 'pending' && Date.now() >= hurryAt;
      if (hurries) {
        await hurry(counted, newestOf(versions));
        hurryAt = Date.now() + bumpAfterMs;
      }
      if (Date.now() > giveUpAt) throw retryIn(deps.pollMs, 'not_confirmed_yet', 1);
      await Context.current().sleep(deps.pollMs);
      // Gone from the node's pool: somebody who waits behind it may have replaced it.
      if (hurries || inclusion.state === 'absent') versions = await read();
    }
  }

  /** From stored bytes to a result in the chain, recorded. Sends what the chain does not have yet. */
  async function include(counted: Counted, { workflowId, step }: ChainTransaction): Promise<Included> {
    const { tenantId } = counted.step;
    const read = () => transactions.versions(tenantId, workflowId, step);
    const versions = await read();
    if ((await look(versions)).inclusion.state === 'absent') await deliver(counted, tenantId, newestOf(versions));
    const included = await confirmed(counted, read);
    const { blockNumber, success } = included.mined;
    await transactions.markIncluded({ tenantId, hash: included.transaction.hash, blockNumber, success });
    return included;
  }

  return { ask, stored, latest, sign, include };
}
