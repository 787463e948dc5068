import { CancelledFailure } from '@temporalio/activity';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { tokenIdOf } from '../../activities/providers/chain/token-id.ts';
import { createTicketWorld, operation, wallet } from '../support/chain-twins.ts';
import { attempt, environment, failed, failureSeen, inTime, retried } from '../support/ledger-twins.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const world = createTicketWorld;
const tokens = (generation = 0) =>
  ['seat-1', 'seat-2'].map((ticketId) => tokenIdOf('acme', ticketId, generation).toString());
const mintStep = { ...operation, step: 'mint' };

describe('a mint', () => {
  it('makes all tickets by one transaction, and says which', async () => {
    const { chain, mint, rows, signed } = world();
    const outcome = await inTime(attempt(() => mint()));
    const { hash } = signed.get(`${operation.workflowId} mint`)!;
    expect(outcome).toEqual({
      transactionHash: hash,
      tickets: [
        { ticketId: 'seat-1', tokenId: tokens()[0] },
        { ticketId: 'seat-2', tokenId: tokens()[1] },
      ],
    });
    expect(chain.broadcasts).toHaveLength(1);
    expect(chain.standing()).toEqual(tokens());
    expect(rows).toMatchObject([{ status: 'minted', transactionHash: hash }, { status: 'minted' }]);
    expect(signed.get(`${operation.workflowId} mint`)).toMatchObject({ status: 'included', nonce: 7 });
  });

  it('is stored before it is broadcast', async () => {
    const { chain, mint, signed } = world();
    const storedAt: number[] = [];
    const { push } = chain.broadcasts;
    chain.broadcasts.push = (...raw) => {
      storedAt.push(signed.size);
      return push.apply(chain.broadcasts, raw);
    };
    await inTime(attempt(() => mint()));
    expect(storedAt).toEqual([1]);
  });

  it('counts the broadcast alone, and waits for two blocks', async () => {
    const { steps, mint } = world();
    const began = Date.now();
    await inTime(attempt(() => mint()));
    expect((await steps.read(mintStep)).sent).toBe(1);
    expect(Date.now() - began).toBeGreaterThanOrEqual(2_000);
  });

  it('whose answer was lost is not sent again while the chain knows it', async () => {
    const { chain, mint } = world();
    chain.fail('lost');
    await inTime(retried(() => mint()));
    expect(chain.broadcasts).toHaveLength(1);
    expect(chain.standing()).toEqual(tokens());
  });

  it('that the chain does not know is sent again, byte for byte', async () => {
    const { chain, mint, steps } = world();
    chain.fail('dropped', 'forgotten');
    await inTime(retried(() => mint()));
    expect(chain.broadcasts).toHaveLength(3);
    expect(new Set(chain.broadcasts).size).toBe(1);
    expect((await steps.read(mintStep)).sent).toBe(3);
  });

  it('that a node behind its balancer does not know yet costs no second call', async () => {
    const { chain, mint, steps } = world();
    const inclusion = chain.provider.inclusion.bind(chain.provider);
    let looks = 0;
    chain.provider.inclusion = (hash) => ((looks += 1) <= 5 ? Promise.resolve({ state: 'absent' }) : inclusion(hash));
    await inTime(attempt(() => mint()));
    expect((await steps.read(mintStep)).sent).toBe(1);
  });

  it('parks when its calls are spent and the chain still does not know it', async () => {
    const { chain, mint } = world();
    chain.fail(...Array.from({ length: 5 }, () => 'dropped' as const));
    const end = await inTime(retried(() => mint())).catch(failureSeen);
    expect(end).toMatchObject({ type: 'BudgetExhausted', sent: 5, nonRetryable: true });
    expect(await inTime(attempt(() => mint({ round: 1 })))).toMatchObject({ tickets: [{}, {}] });
  });

  it('whose nonce another transaction has is unknown, not failed', async () => {
    const { chain, mint } = world();
    chain.fail({ kind: 'unknown', code: 'nonce_taken' });
    expect(await failed(() => mint())).toMatchObject({ type: 'Retry', code: 'nonce_taken', sent: 1 });
  });

  it('thrown out by a reorganization between its confirmations is sent again', async () => {
    const { chain, mint, signed } = world();
    const done = inTime(retried(() => mint()));
    setTimeout(() => chain.reorganize([...signed.values()][0]!.hash), 1_600);
    await done;
    expect(chain.broadcasts).toHaveLength(2);
    expect(chain.standing()).toEqual(tokens());
  });

  it('that is not confirmed within one watch goes on in the next attempt', async () => {
    const { chain, mint } = world();
    chain.provider.inclusion = () => Promise.resolve({ state: 'pending' });
    expect(await failed(() => mint())).toMatchObject({ type: 'Retry', code: 'not_confirmed_yet', nonRetryable: false });
    // Within a watch it is replaced once.
    expect(chain.broadcasts).toHaveLength(1);
  });

  it('is cancelled while it watches, and its transaction stays stored', async () => {
    const { mint, signed, statuses } = world();
    const env = environment();
    const watching = env.run(() => mint()).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1_200);
    env.cancel('CANCELLED');
    expect(await inTime(watching)).toBeInstanceOf(CancelledFailure);
    expect(signed.size).toBe(1);
    expect(statuses()).toEqual(['reserved', 'reserved']);
  });

  it('asked for alone settles its claim with its record', async () => {
    const { mint, settled } = world();
    const settles = { ticketId: 'seat-1', mintKey: 'guest-1', now: '2027-01-01T00:00:00Z' };
    const { transactionHash } = await inTime(attempt(() => mint({ tickets: [{ ticketId: 'seat-1' }], settles })));
    const ticket = { ticketId: 'seat-1', tokenId: tokens()[0] };
    expect(settled).toEqual([
      { kind: 'mint', key: 'seat-1:guest-1', now: settles.now, result: { status: 'minted', ticket, transactionHash } },
    ]);
  });
});

describe('a ticket that is taken', () => {
  it('by another operation here is declined, and names it', async () => {
    const { chain, mint } = world();
    await inTime(attempt(() => mint({ operation: { ...operation, workflowId: 'payment:acme:other' } })));
    expect(await failed(() => mint())).toMatchObject({ type: 'Declined', code: 'ticket_taken', nonRetryable: true });
    expect(chain.broadcasts).toHaveLength(1);
  });

  it('on the chain alone is declined, and its reservation ends', async () => {
    const { chain, mint, statuses, signed } = world();
    chain.owners.set(tokens()[1]!, wallet);
    expect(await failed(() => mint())).toMatchObject({ type: 'Declined', code: 'ticket_taken', nonRetryable: true });
    expect(statuses()).toEqual(['released', 'released']);
    expect(signed.size).toBe(0);
  });

  it('by our own earlier attempt, which went on meanwhile, is ours', async () => {
    const { chain, mint, signed, transactions } = world();
    const zombie = attempt(() => mint());
    await vi.advanceTimersByTimeAsync(1_500);
    const of = transactions.of.bind(transactions);
    let looks = 0;
    /** The retry looked just before the late attempt signed. */
    transactions.of = async (...step) => ((looks += 1) === 1 ? undefined : of(...step));
    const retry = attempt(() => mint());
    const [first, second] = await inTime(Promise.all([zombie, retry]));
    expect(second).toEqual(first);
    expect(signed.size).toBe(1);
    expect(chain.broadcasts).toHaveLength(1);
  });

  it('between planning and its block makes the transaction revert: released and declined', async () => {
    const { chain, mint, statuses } = world();
    setTimeout(() => chain.owners.set(tokens()[0]!, chain.stranger), 500);
    expect(await failed(() => mint())).toMatchObject({ type: 'Declined', code: 'mint_reverted', nonRetryable: true });
    expect(statuses()).toEqual(['released', 'released']);
  });
});

describe('after its fence', () => {
  it('a late attempt reserves and signs nothing', async () => {
    const { chain, mint, burn, rows, signed } = world();
    await inTime(attempt(() => burn()));
    expect(await failed(() => mint())).toMatchObject({ type: 'Fenced', code: 'fenced', nonRetryable: true });
    expect([rows.length, signed.size, chain.broadcasts.length]).toEqual([0, 0, 0]);
  });

  it('a late attempt that had planned signs nothing', async () => {
    const { chain, mint, burn, signed, statuses } = world();
    const planMint = chain.provider.planMint.bind(chain.provider);
    chain.provider.planMint = async (...plan) => {
      const planned = await planMint(...plan);
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      return planned;
    };
    const late = attempt(() => mint()).catch(failureSeen);
    await vi.advanceTimersByTimeAsync(1_000);
    await inTime(attempt(() => burn()));
    expect(await inTime(late)).toMatchObject({ type: 'Fenced' });
    expect(signed.size).toBe(0);
    expect(statuses()).toEqual(['released', 'released']);
  });
});
