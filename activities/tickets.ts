/**
 * Tickets on the chain: minted all in one transaction, burned by their issuer. A transaction is signed and stored before
 * it is sent, and is sent again, byte for byte, until it is in the chain: its nonce blocks every later one until then.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Context } from '@temporalio/activity';
import { failureTypes } from '../contracts/failures.ts';
import { mintClaimKeyOf, paymentWorkflowId } from '../contracts/ids.ts';
import { jobTypes } from '../contracts/job-types.ts';
import type { MintedTicket, MintOutcome } from '../contracts/payment.ts';
import type { Counted, LaneCaller } from '../lanes/call.ts';
import type { Store } from '../store/index.ts';
import { createFailures, detailOf, typeOf } from './failure.ts';
import type {
  MintLedger,
  Operation,
  ReservedTicket,
  StepLedger,
  ChainTransaction,
  TransactionLedger,
} from './ports.ts';
import { tokenIdOf } from './providers/chain/token-id.ts';
import type { Address, ChainProvider, Hex, Inclusion, Pace, TransactionPlan } from './providers/chain/types.ts';

const policy = jobTypes['nft-mint'];
const { decline, refuse, retryIn } = createFailures('chain');

/** How long one attempt watches for its block before Temporal asks again. Milliseconds. */
const watchMs = 60_000;
/** A node behind a balancer may learn of a transaction later than the one that took it; sent again is not before. Milliseconds. */
const gossipMs = policy.backoff.delayMs;

export interface MintTicketsInput {
  operation: Operation;
  wallet: string;
  venueId: string;
  eventId: string;
  tickets: { ticketId: string }[];
  round: number;
  /** A mint that is its own workflow settles its claim in the transaction that records the mint. */
  settles?: { ticketId: string; mintKey: string; now: string };
}

export interface BurnTicketsInput {
  operation: Operation;
  round: number;
  /** A mint that is its own workflow: once its claim says "minted", it is too late to undo it. */
  unlessSettled?: { ticketId: string; mintKey: string };
}

export interface BurnRefundedInput {
  /** The refund's. */
  operation: Operation;
  paymentKey: string;
  /** Tickets of that purchase. */
  ticketIds: string[];
  round: number;
}

export interface TicketActivities {
  mintTickets(input: MintTicketsInput): Promise<MintOutcome>;
  /** Makes sure that this workflow leaves no ticket in the world, whatever became of its mint. */
  burnTickets(input: BurnTicketsInput): Promise<void>;
  /**
   * Takes back tickets of a purchase that was completed, and answers with them. Refused, for a person, while one of them
   * is not held by the wallet that it was minted to.
   */
  burnRefunded(input: BurnRefundedInput): Promise<string[]>;
}

export interface TicketDependencies {
  provider: ChainProvider;
  lanes: LaneCaller;
  steps: StepLedger;
  mints: MintLedger;
  claims: Pick<Store['claims'], 'resultOf'>;
  transactions: TransactionLedger;
  confirmations: number;
  /** Between two looks at a transaction. Milliseconds. */
  pollMs: number;
}

/** Which step's budget the transaction counts against that is being sent right now. */
const sending = new AsyncLocalStorage<Counted>();

/** The chain provider hands over each of its requests: only the one that sends a transaction changes anything. */
export function createChainPace(lanes: LaneCaller): Pace {
  return (method, request) => {
    const counted = method === 'eth_sendRawTransaction' ? sending.getStore() : undefined;
    return counted ? lanes.change('chain', counted, request) : lanes.read('chain', request);
  };
}

type Mined = Extract<Inclusion, { state: 'mined' }>;

const countedOf = (operation: Operation, step: string, round: number): Counted => ({
  step: { tenantId: operation.tenantId, workflowId: operation.workflowId, step },
  policy,
  budget: policy.attempts + round,
});

export function createTicketActivities(deps: TicketDependencies): TicketActivities {
  const { provider, lanes, steps, mints, transactions } = deps;

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

  /** Sends what the chain does not have yet. */
  async function send(counted: Counted, transaction: ChainTransaction): Promise<void> {
    const before = await ask(() => provider.inclusion(transaction.hash as Hex));
    if (before.state === 'absent')
      await ask(() => sending.run(counted, () => provider.broadcast(transaction.raw as Hex)));
  }

  /** Until the transaction is in the chain deep enough, whichever way it ended. Holds no slot while it waits. */
  async function confirmed(hash: string): Promise<Mined> {
    const giveUpAt = Date.now() + watchMs;
    let lastSeenAt = Date.now();
    for (;;) {
      const seen = await ask(() => provider.inclusion(hash as Hex));
      if (seen.state === 'mined' && seen.confirmations >= deps.confirmations) return seen;
      if (seen.state !== 'absent') lastSeenAt = Date.now();
      else if (Date.now() - lastSeenAt >= gossipMs) throw retryIn(deps.pollMs, 'transaction_absent', 1);
      if (Date.now() > giveUpAt) throw retryIn(deps.pollMs, 'not_confirmed_yet', 1);
      await Context.current().sleep(deps.pollMs);
    }
  }

  /** From stored bytes to a result in the chain, recorded. */
  async function include(counted: Counted, transaction: ChainTransaction): Promise<Mined> {
    await send(counted, transaction);
    const mined = await confirmed(transaction.hash);
    const { blockNumber, success } = mined;
    await transactions.markIncluded({ tenantId: counted.step.tenantId, hash: transaction.hash, blockNumber, success });
    return mined;
  }

  /**
   * The stored transaction of this mint, or a new one. "Already minted" may be our own earlier attempt's doing; that one
   * was stored before it was sent, so a second look tells.
   */
  async function mintTransaction(operation: Operation, wallet: Address, tokenIds: bigint[]): Promise<ChainTransaction> {
    const earlier = await stored(operation, 'mint');
    if (earlier) return earlier;
    try {
      return await sign(operation, 'mint', await ask(() => provider.planMint(wallet, tokenIds)));
    } catch (error) {
      if (typeOf(error) !== failureTypes.declined) throw error;
      const meanwhile = await stored(operation, 'mint');
      if (meanwhile) return meanwhile;
      await mints.release({ operation });
      const code = detailOf(error)?.code ?? 'mint_declined';
      throw decline(code === 'already_minted' ? 'ticket_taken' : code);
    }
  }

  async function mintTickets(input: MintTicketsInput): Promise<MintOutcome> {
    const { operation, wallet, venueId, eventId, tickets, round, settles } = input;
    const reservation = await ask(() =>
      mints.reserve({
        operation,
        step: 'mint',
        tickets,
        wallet,
        venueId,
        eventId,
        tokenIdOf: (ticketId, generation) => tokenIdOf(operation.tenantId, ticketId, generation),
      }),
    );
    if ('taken' in reservation) throw decline('ticket_taken', { ticketId: reservation.taken });
    const tokenIds = reservation.reserved.map(({ tokenId }) => BigInt(tokenId));

    const transaction = await mintTransaction(operation, wallet as Address, tokenIds);
    const mined = await include(countedOf(operation, 'mint', round), transaction);
    if (!mined.success) {
      await mints.release({ operation });
      throw decline('mint_reverted', { transactionHash: transaction.hash });
    }

    const outcome: MintOutcome = {
      transactionHash: transaction.hash,
      tickets: reservation.reserved.map(mintedTicketOf),
    };
    await ask(() =>
      mints.confirm({
        operation,
        step: 'mint',
        transactionHash: transaction.hash,
        blockNumber: mined.blockNumber,
        ...(settles ? { settleClaim: mintClaimOf(outcome, settles) } : {}),
      }),
    );
    return outcome;
  }

  /** The mint's own transaction is brought to its end first: only then is it known what there is to burn. */
  async function burnTickets({ operation, round, unlessSettled }: BurnTicketsInput): Promise<void> {
    const { tenantId, workflowId } = operation;
    await steps.fence({ tenantId, workflowId, step: 'mint' });
    if (unlessSettled && (await deps.claims.resultOf(tenantId, 'mint', mintClaimKeyOf(unlessSettled)))) return;
    const counted = countedOf(operation, 'burn', round);
    const mint = await stored(operation, 'mint');
    const mined = mint && (await include(counted, mint));
    const records = await mints.of(operation);
    if (!mint || !mined?.success) {
      // Recorded as minted, and a reorganization has made another end of it: a person decides.
      if (mint && records.some(({ status }) => status === 'minted'))
        throw refuse('mint_reorganized', { transactionHash: mint.hash });
      return mints.release({ operation });
    }

    const burn = await burnTransaction(
      operation,
      records.map(({ tokenId }) => BigInt(tokenId)),
    );
    if (burn) {
      const result = await include(counted, burn);
      if (!result.success) throw refuse('burn_reverted', { transactionHash: burn.hash });
    }
    // Burned by a transaction that is not ours: only the mint's can be named.
    await mints.burned({ operation, transactionHash: burn?.hash ?? mint.hash });
  }

  async function burnRefunded({ operation, paymentKey, ticketIds, round }: BurnRefundedInput): Promise<string[]> {
    const { tenantId, runId } = operation;
    const purchase = { tenantId, workflowId: paymentWorkflowId(tenantId, paymentKey), runId };
    const wanted = new Set(ticketIds);
    const records = (await ask(() => mints.of(purchase))).filter(({ ticketId }) => wanted.has(ticketId));
    const [first] = records;
    if (!first || records.length !== wanted.size) throw refuse('ticket_not_minted');
    const standing = records.filter(({ status }) => status !== 'burned');
    // What an earlier attempt recorded is done.
    if (standing.length === 0) return ticketIds;
    const burn = await burnTransaction(
      operation,
      standing.map(({ tokenId }) => BigInt(tokenId)),
    );
    if (burn) {
      const result = await include(countedOf(operation, 'burn', round), burn);
      if (!result.success) throw refuse('burn_reverted', { transactionHash: burn.hash });
    }
    const transactionHash = burn?.hash ?? first.transactionHash;
    if (!transactionHash) throw refuse('ticket_not_minted');
    await ask(() => mints.burned({ operation: purchase, ticketIds, transactionHash }));
    return ticketIds;
  }

  /** The burn that may still do its work, or the step under which the next one is signed: a reverted one is used up. */
  async function latestBurn(operation: Operation): Promise<ChainTransaction | { step: string }> {
    for (let attempt = 1; ; attempt += 1) {
      const step = attempt === 1 ? 'burn' : `burn-${attempt}`;
      const transaction = await stored(operation, step);
      if (!transaction) return { step };
      if (transaction.status !== 'reverted') return transaction;
    }
  }

  /** The stored burn, or a new one of what stands on the chain; undefined when nothing does. */
  async function burnTransaction(operation: Operation, tokenIds: bigint[]): Promise<ChainTransaction | undefined> {
    const earlier = await latestBurn(operation);
    if ('hash' in earlier) return earlier;
    let plan = await planBurn(tokenIds);
    if (plan === 'not_minted') {
      // Our own earlier attempt's doing? That one was stored before it was sent.
      const meanwhile = await latestBurn(operation);
      if ('hash' in meanwhile) return meanwhile;
      const standing = await standingOf(tokenIds);
      if (standing.length === 0) return undefined;
      plan = await planBurn(standing);
      if (plan === 'not_minted') throw retryIn(deps.pollMs, 'not_minted');
    }
    return sign(operation, earlier.step, plan);
  }

  /** Which of the tokens have an owner. A node that says of one that it never was has not seen our mint: ask again. */
  async function standingOf(tokenIds: bigint[]): Promise<bigint[]> {
    const minted = await ask(() => provider.everMinted(tokenIds));
    if (minted.includes(false)) throw retryIn(deps.pollMs, 'mint_not_seen');
    const owners = await ask(() => provider.ownersOf(tokenIds));
    return tokenIds.filter((_, index) => owners[index] !== null);
  }

  /** A ticket that left the wallet it was minted to is no longer ours to take: a person decides. */
  async function planBurn(tokenIds: bigint[]): Promise<TransactionPlan | 'not_minted'> {
    try {
      return await ask(() => provider.planBurn(tokenIds));
    } catch (error) {
      if (typeOf(error) !== failureTypes.declined) throw error;
      const code = detailOf(error)?.code ?? 'burn_declined';
      if (code === 'not_minted') return code;
      throw refuse(code);
    }
  }

  return { mintTickets, burnTickets, burnRefunded };
}

const mintedTicketOf = ({ ticketId, tokenId }: ReservedTicket): MintedTicket => ({
  ticketId,
  tokenId,
});

function mintClaimOf({ tickets, transactionHash }: MintOutcome, settles: NonNullable<MintTicketsInput['settles']>) {
  const [ticket] = tickets;
  if (!ticket) throw refuse('no_ticket');
  const result = { status: 'minted' as const, ticket, transactionHash };
  return { kind: 'mint' as const, key: mintClaimKeyOf(settles), now: settles.now, result };
}
