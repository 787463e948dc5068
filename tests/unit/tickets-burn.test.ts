import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTicketWorld, operation, wallet, type BroadcastFault } from '../support/chain-twins.ts';
import { attempt, failed, failureSeen, inTime, retried } from '../support/ledger-twins.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

async function minted() {
  const world = createTicketWorld();
  await inTime(attempt(() => world.mint()));
  const [mint] = [...world.signed.values()];
  return { ...world, mintHash: mint!.hash };
}
const burnStep = { ...operation, step: 'burn' };

describe('a burn', () => {
  it('of what was never signed asks no chain and releases the tickets', async () => {
    const { chain, mint, burn, statuses } = createTicketWorld();
    chain.provider.planMint = () => Promise.reject(new Error('the process died here'));
    await expect(inTime(attempt(() => mint()))).rejects.toThrow('died');
    const before = chain.requests.length;
    await inTime(attempt(() => burn()));
    expect(chain.requests).toHaveLength(before);
    expect(statuses()).toEqual(['released', 'released']);
  });

  it('takes all tickets back by one transaction', async () => {
    const { chain, burn, statuses, rows, signed, steps } = await minted();
    await inTime(attempt(() => burn()));
    expect(chain.standing()).toEqual([]);
    expect(statuses()).toEqual(['burned', 'burned']);
    expect(rows[0]?.burnTransactionHash).toBe(signed.get(`${operation.workflowId} burn`)?.hash);
    expect((await steps.read(burnStep)).sent).toBe(1);
  });

  it('brings a mint that was signed and never sent to its end first: its nonce would block every other', async () => {
    const { chain, mint, burn, statuses } = createTicketWorld();
    chain.fail('dropped');
    await failed(() => mint());
    await inTime(retried(() => burn()));
    expect(chain.broadcasts).toHaveLength(3);
    expect(chain.standing()).toEqual([]);
    expect(statuses()).toEqual(['burned', 'burned']);
  });

  it('of a mint that reverts releases the tickets', async () => {
    const { chain, mint, burn, statuses, rows } = createTicketWorld();
    chain.fail('dropped');
    await failed(() => mint());
    chain.owners.set(rows[0]!.tokenId, chain.stranger);
    await inTime(retried(() => burn()));
    expect(statuses()).toEqual(['released', 'released']);
  });

  it('again changes nothing', async () => {
    const { chain, burn, statuses } = await minted();
    await inTime(attempt(() => burn()));
    await inTime(attempt(() => burn()));
    expect(chain.broadcasts).toHaveLength(2);
    expect(statuses()).toEqual(['burned', 'burned']);
  });

  it('of a ticket that its first owner gave away asks a person, and signs nothing', async () => {
    const { chain, burn, rows, signed } = await minted();
    chain.owners.set(rows[0]!.tokenId, chain.stranger);
    const seen = await failed(() => burn());
    expect(seen).toMatchObject({ type: 'Refused', code: 'not_held', nonRetryable: true });
    expect(signed.has(`${operation.workflowId} burn`)).toBe(false);
  });

  it('that reverts asks a person', async () => {
    const { chain, burn, rows, statuses } = await minted();
    setTimeout(() => chain.owners.set(rows[0]!.tokenId, chain.stranger), 500);
    expect(await failed(() => burn())).toMatchObject({ type: 'Refused', code: 'burn_reverted' });
    expect(statuses()).toEqual(['minted', 'minted']);
  });

  it('that reverted is signed anew once the ticket is back: its nonce is used up', async () => {
    const { chain, burn, rows, statuses, signed } = await minted();
    setTimeout(() => chain.owners.set(rows[0]!.tokenId, chain.stranger), 500);
    await failed(() => burn());
    chain.owners.set(rows[0]!.tokenId, wallet);
    await inTime(attempt(() => burn()));
    expect(chain.standing()).toEqual([]);
    expect(statuses()).toEqual(['burned', 'burned']);
    expect(signed.has(`${operation.workflowId} burn-2`)).toBe(true);
  });

  it('leaves a mint alone whose claim says that it is done', async () => {
    const world = createTicketWorld();
    const settles = { ticketId: 'seat-1', mintKey: 'key-1', now: '2027-01-01T00:00:00.000Z' };
    const alone = { tickets: [{ ticketId: 'seat-1' }], settles };
    await inTime(attempt(() => world.mint(alone)));
    await inTime(attempt(() => world.burn({ unlessSettled: { ticketId: 'seat-1', mintKey: 'key-1' } })));
    expect(world.chain.standing()).toHaveLength(1);
    expect(world.statuses()).toEqual(['minted']);
  });

  it('takes a mint back that was not called done before, and no late attempt calls it done', async () => {
    const world = createTicketWorld();
    const settles = { ticketId: 'seat-1', mintKey: 'key-1', now: '2027-01-01T00:00:00.000Z' };
    const mint = () => world.mint({ tickets: [{ ticketId: 'seat-1' }], settles });
    world.chain.fail('dropped');
    await failed(mint);
    await inTime(retried(() => world.burn({ unlessSettled: { ticketId: 'seat-1', mintKey: 'key-1' } })));
    expect(await failed(mint)).toMatchObject({ type: 'Fenced' });
    expect(world.chain.standing()).toEqual([]);
    expect(world.settled).toEqual([]);
  });

  it('whose mint a reorganization turned into nothing after it was recorded asks a person', async () => {
    const { chain, burn, rows, mintHash } = await minted();
    chain.reorganize(mintHash);
    chain.owners.set(rows[0]!.tokenId, chain.stranger);
    const seen = await inTime(retried(() => burn())).catch(failureSeen);
    expect(seen).toMatchObject({ type: 'Refused', code: 'mint_reorganized', nonRetryable: true });
  });
});

describe('a burn that finds nothing to burn', () => {
  it('because its own late attempt did it takes that one for its own', async () => {
    const { chain, burn, statuses, rows, signed, transactions } = await minted();
    const of = transactions.of.bind(transactions);
    const late = attempt(() => burn());
    await vi.advanceTimersByTimeAsync(1_500);
    let looks = 0;
    transactions.of = async (tenantId, workflowId, step) =>
      step === 'burn' && (looks += 1) === 1 ? undefined : of(tenantId, workflowId, step);
    await inTime(Promise.all([late, attempt(() => burn())]));
    expect(chain.broadcasts).toHaveLength(2);
    expect(statuses()).toEqual(['burned', 'burned']);
    expect(rows[0]?.burnTransactionHash).toBe(signed.get(`${operation.workflowId} burn`)?.hash);
  });

  it('because somebody else did it is done, and the tickets count as burned', async () => {
    const { chain, burn, rows, statuses, mintHash } = await minted();
    for (const { tokenId } of rows) chain.owners.set(tokenId, null);
    await inTime(attempt(() => burn()));
    expect(chain.broadcasts).toHaveLength(1);
    expect(statuses()).toEqual(['burned', 'burned']);
    expect(rows[0]?.burnTransactionHash).toBe(mintHash);
  });

  it('for one ticket burns the others', async () => {
    const { chain, burn, rows, statuses } = await minted();
    chain.owners.set(rows[0]!.tokenId, null);
    await inTime(attempt(() => burn()));
    expect(chain.standing()).toEqual([]);
    expect(chain.broadcasts).toHaveLength(2);
    expect(statuses()).toEqual(['burned', 'burned']);
  });

  it('at a node that has not seen the mint asks again', async () => {
    const { chain, burn, rows, statuses } = await minted();
    for (const { tokenId } of rows) chain.owners.delete(tokenId);
    expect(await failed(() => burn())).toMatchObject({ type: 'Retry', code: 'mint_not_seen', nonRetryable: false });
    for (const { tokenId } of rows) chain.owners.set(tokenId, wallet);
    await inTime(attempt(() => burn()));
    expect(chain.standing()).toEqual([]);
    expect(statuses()).toEqual(['burned', 'burned']);
  });
});

const fault = fc.constantFrom<BroadcastFault>(
  'lost',
  'dropped',
  'forgotten',
  { kind: 'not_sent', code: 'unreachable' },
  { kind: 'rate_limited', code: 'rate_limited' },
  { kind: 'busy', code: 'not_pooled' },
);

describe('whatever is lost on the way', () => {
  it('an undone mint leaves no ticket, no blocked nonce and no reservation, beside attempts that go on', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 4 }),
        fc.integer({ min: 0, max: 30_000 }),
        fc.boolean(),
        fc.option(fc.integer({ min: 1_000, max: 20_000 }), { nil: undefined }),
        async (faults, cancelAfterMs, twice, reorganizeAfterMs) => {
          const { chain, mint, burn, statuses, signed, rows } = createTicketWorld();
          chain.fail(...faults);
          if (reorganizeAfterMs !== undefined)
            setTimeout(() => {
              // No deeper than the confirmations that are waited for: what is deeper nobody can wait for.
              const newest = [...signed.values()].at(-1);
              if (newest) chain.reorganize(newest.hash, 1);
            }, reorganizeAfterMs);
          const late = Array.from({ length: twice ? 2 : 1 }, () =>
            retried(() => mint()).catch((error: unknown) => error),
          );
          await vi.advanceTimersByTimeAsync(cancelAfterMs);
          await inTime(retried(() => burn()));
          await inTime(Promise.all(late));
          await inTime(retried(() => burn()));
          expect(chain.standing()).toEqual([]);
          expect(rows.map(({ status }) => status)).not.toContain('minted');
          const onChain = [...signed.values()].some(({ step, status }) => step === 'mint' && status === 'included');
          expect(new Set(statuses())).toEqual(new Set(onChain ? ['burned'] : rows.length > 0 ? ['released'] : []));
          expect([...signed.values()].filter(({ status }) => status === 'signed')).toEqual([]);
        },
      ),
      { seed: 20270103, numRuns: 60 },
    ));
});
