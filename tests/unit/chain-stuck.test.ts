/** What waits in the pool: replaced under its nonce, sent again when it is forgotten, and pushed by who waits behind it. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTicketWorld, operation, wallet } from '../support/chain-twins.ts';
import { attempt, failed, inTime, retried } from '../support/ledger-twins.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const other = { tenantId: 'globex', workflowId: 'mint:globex:guest-1:list', runId: 'run-1' };
const others = { operation: other, tickets: [{ ticketId: 'guest-1' }] };

/** A mint that waits in the pool, too cheap for the blocks of now. */
async function stuck(baseFee = 5, attempts = 60) {
  const world = createTicketWorld();
  const mint = retried(() => world.mint(), [], attempts);
  await vi.advanceTimersByTimeAsync(0);
  world.chain.price.baseFee = baseFee;
  return { ...world, waiting: mint };
}

describe('a transaction that is too cheap', () => {
  it('is replaced under its nonce with higher fees; one of the two is included', async () => {
    const { chain, waiting, versions, rows } = await stuck();
    const outcome = await inTime(waiting);
    expect(versions.map(({ version, nonce, status }) => [version, nonce, status])).toEqual([
      [2, 7, 'included'],
      [1, 7, 'replaced'],
    ]);
    expect(chain.mined()).toEqual([versions[0]!.hash]);
    expect(outcome.transactionHash).toBe(versions[0]!.hash);
    expect(rows[0]?.transactionHash).toBe(versions[0]!.hash);
    expect(chain.standing()).toHaveLength(2);
  });

  it('is stored before it is sent: a worker that dies in between sends these bytes', async () => {
    const { chain, waiting, versions } = await stuck();
    chain.fail('dropped', { kind: 'not_sent', code: 'unreachable' });
    await inTime(waiting);
    expect(new Set(chain.broadcasts)).toEqual(new Set(versions.map(({ raw }) => raw)));
    expect(chain.mined()).toHaveLength(1);
  });

  it('waits no longer than it has to, and not less', async () => {
    const { chain, waiting, versions } = await stuck();
    await vi.advanceTimersByTimeAsync(44_000);
    expect(versions).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(versions).toHaveLength(2);
    expect(chain.broadcasts).toHaveLength(2);
    await inTime(waiting);
  });

  it('counts though it was replaced, when the chain takes it', async () => {
    const { chain, waiting, versions } = await stuck();
    chain.fail('forgotten');
    await vi.advanceTimersByTimeAsync(46_000);
    expect(versions).toHaveLength(2);
    chain.price.baseFee = 1;
    const outcome = await inTime(waiting);
    expect(outcome.transactionHash).toBe(versions[1]!.hash);
    expect(versions.map(({ status }) => status)).toEqual(['replaced', 'included']);
  });

  it('waits at its price where more would be beyond the cap', async () => {
    // Many times as long as it takes to replace one.
    const { chain, waiting, versions } = await stuck(900, 8);
    const seen = await inTime(waiting.catch((error: unknown) => error));
    expect(versions).toHaveLength(1);
    expect(String(seen)).toContain('no end');
    expect(chain.mined()).toEqual([]);
  });

  it('is what a burn looks for, too: whichever version was included', async () => {
    const { chain, waiting, burn, statuses } = await stuck();
    await inTime(waiting);
    chain.price.baseFee = 1;
    await inTime(retried(() => burn()));
    expect(chain.standing()).toEqual([]);
    expect(statuses()).toEqual(['burned', 'burned']);
  });

  it('that a reorganization throws out is confirmed again, in whichever version', async () => {
    const { chain, waiting, versions } = await stuck();
    await vi.advanceTimersByTimeAsync(47_000);
    chain.reorganize(versions[0]!.hash, 1);
    const outcome = await inTime(waiting);
    expect(chain.mined()).toEqual([outcome.transactionHash]);
  });
});

describe('whoever waits behind another transaction', () => {
  it('sends it again when its workflow is gone and the node never had it', async () => {
    const { chain, mint, versions, steps } = createTicketWorld();
    chain.fail('dropped');
    await failed(() => mint(others));
    await inTime(retried(() => mint()));
    expect(versions.filter(({ workflowId }) => workflowId === other.workflowId)).toMatchObject([{ nonce: 7 }]);
    expect(chain.standing()).toHaveLength(3);
    expect((await steps.read({ ...operation, step: 'queue' })).sent).toBe(1);
    expect((await steps.read({ ...operation, step: 'mint' })).sent).toBe(1);
  });

  it('replaces it when it stands at the front, too cheap', async () => {
    const { chain, mint, versions } = createTicketWorld();
    const gone = attempt(() => mint(others)).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(0);
    chain.price.baseFee = 5;
    vi.clearAllTimers();
    void gone;
    await inTime(retried(() => mint()));
    const ofOther = versions.filter(({ workflowId }) => workflowId === other.workflowId);
    expect(ofOther.map(({ version, nonce }) => [version, nonce])).toEqual([
      [2, 7],
      [1, 7],
    ]);
    expect(chain.standing()).toHaveLength(3);
  });

  it('says that a nonce is missing which nobody signed here', async () => {
    const { chain, mint } = createTicketWorld();
    const real = chain.provider.minedNonce.bind(chain.provider);
    await vi.advanceTimersByTimeAsync(0);
    chain.provider.inclusion = () => Promise.resolve({ state: 'pending' });
    chain.provider.minedNonce = async () => (await real()) - 1;
    expect(await failed(() => mint())).toMatchObject({ type: 'Retry', code: 'nonce_gap' });
  });
});

describe('a mint that was recorded and reorganized away', () => {
  it('is sent and confirmed again before its tickets are burned by a refund', async () => {
    const { chain, mint, rows, activities, versions } = createTicketWorld();
    await inTime(attempt(() => mint()));
    const { hash } = versions[0]!;
    chain.reorganize(hash);
    const refund = { tenantId: 'acme', workflowId: 'refund:acme:r-1', runId: 'run-9' };
    const burning = { operation: refund, paymentKey: 'key-1', ticketIds: ['seat-1', 'seat-2'], round: 0 };
    await inTime(retried(() => activities.burnRefunded(burning)));
    expect(chain.mined()).toContain(hash);
    expect(chain.standing()).toEqual([]);
    expect(rows.map(({ status, wallet: holder }) => [status, holder])).toEqual([
      ['burned', wallet],
      ['burned', wallet],
    ]);
  });
});
