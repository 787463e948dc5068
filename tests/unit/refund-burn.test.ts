import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTicketWorld, operation as purchase } from '../support/chain-twins.ts';
import { attempt, failed, inTime, retried } from '../support/ledger-twins.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const operation = { tenantId: 'acme', workflowId: 'refund:acme:r-1', runId: 'run-9' };
const both = ['seat-1', 'seat-2'];

/** A purchase of two tickets, completed. */
async function sold() {
  const world = createTicketWorld();
  await inTime(attempt(() => world.mint()));
  const burn = (ticketIds: string[], change: object = {}) =>
    world.activities.burnRefunded({ operation, paymentKey: 'key-1', ticketIds, round: 0, ...change });
  const own = (ticketId: string, owner: (typeof world.chain)['stranger'] | null) =>
    world.chain.owners.set(world.rows.find((row) => row.ticketId === ticketId)!.tokenId, owner);
  return { ...world, burnRefunded: burn, own };
}

describe('tickets of a refunded purchase', () => {
  it('are burned by one transaction of the refund, which is not the purchase that minted them', async () => {
    const { chain, burnRefunded, statuses, rows, signed, steps } = await sold();
    expect(await inTime(attempt(() => burnRefunded(both)))).toEqual(both);
    expect(chain.standing()).toEqual([]);
    expect(statuses()).toEqual(['burned', 'burned']);
    expect(rows[0]?.burnTransactionHash).toBe(signed.get(`${operation.workflowId} burn`)?.hash);
    expect((await steps.read({ ...operation, step: 'burn' })).sent).toBe(1);
    expect(signed.has(`${purchase.workflowId} burn`)).toBe(false);
  });

  it('are burned as far as the refund names them', async () => {
    const { chain, burnRefunded, rows } = await sold();
    expect(await inTime(attempt(() => burnRefunded(['seat-2'])))).toEqual(['seat-2']);
    expect(chain.standing()).toEqual([rows[0]!.tokenId]);
    expect(rows.map(({ ticketId, status }) => `${ticketId} ${status}`)).toEqual(['seat-1 minted', 'seat-2 burned']);
  });

  it('are burned once, whatever is lost on the way and however often it is asked', async () => {
    const { chain, burnRefunded, statuses } = await sold();
    chain.fail('dropped', 'lost', 'forgotten');
    expect(await inTime(retried(() => burnRefunded(both)))).toEqual(both);
    const sent = chain.broadcasts.length;
    expect(await inTime(attempt(() => burnRefunded(both)))).toEqual(both);
    expect(chain.broadcasts).toHaveLength(sent);
    expect(statuses()).toEqual(['burned', 'burned']);
  });

  it('of which the buyer gave one away wait for a person, and nothing is signed; they are burned once it is back', async () => {
    const { chain, burnRefunded, own, signed, statuses, rows } = await sold();
    own('seat-1', chain.stranger);
    const seen = await failed(() => burnRefunded(both));
    expect(seen).toMatchObject({ type: 'Refused', code: 'not_held', nonRetryable: true });
    expect(signed.has(`${operation.workflowId} burn`)).toBe(false);
    expect(statuses()).toEqual(['minted', 'minted']);
    own('seat-1', rows[0]!.wallet as `0x${string}`);
    expect(await inTime(attempt(() => burnRefunded(both, { round: 1 })))).toEqual(both);
  });

  it('that are gone from the chain already count as burned', async () => {
    const { chain, burnRefunded, own, statuses } = await sold();
    for (const ticketId of both) own(ticketId, null);
    expect(await inTime(attempt(() => burnRefunded(both)))).toEqual(both);
    expect(chain.broadcasts).toHaveLength(1);
    expect(statuses()).toEqual(['burned', 'burned']);
  });

  it('that the purchase never had ask a person', async () => {
    const { burnRefunded } = await sold();
    expect(await failed(() => burnRefunded(['seat-1', 'seat-9']))).toMatchObject({
      type: 'Refused',
      code: 'ticket_not_minted',
    });
  });
});
