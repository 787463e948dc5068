/** Transfers and burns that were asked for alone, against a twin of the chain and of everything they keep. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTicketWorld, operation as purchase, wallet } from '../support/chain-twins.ts';
import { attempt, failed, inTime, retried } from '../support/ledger-twins.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const now = '2027-01-01T00:00:00.000Z';
const friend = `0x${'2'.repeat(40)}` as const;
const transferring = { tenantId: 'acme', workflowId: 'transfer:acme:t-1', runId: 'run-5' };
const burning = { tenantId: 'acme', workflowId: 'burn:acme:seat-1:k-1', runId: 'run-6' };

/** A purchase of two tickets, completed, and a transfer and a burn of the first one, each reserved when it is asked for. */
async function sold() {
  const world = createTicketWorld();
  await inTime(attempt(() => world.mint()));
  const [row] = world.rows;
  const { tokenId, transactionHash: mintHash = '' } = row!;
  const token = { ticketId: 'seat-1', tokenId, mintedBy: purchase.workflowId, mintHash, status: 'reserved' as const };
  const reserve = (operation: typeof burning, toWallet?: string) => {
    const kind = toWallet ? ('transfer' as const) : ('burn' as const);
    const move = { ...token, kind, fromWallet: row!.wallet, ...(toWallet ? { toWallet } : {}) };
    if (!world.moves.reserved.has(operation.workflowId)) world.moves.reserved.set(operation.workflowId, move);
    return { operation, round: 0, now };
  };
  const transfer = () => world.activities.moveTicket(reserve(transferring, friend));
  const burn = () => world.activities.moveTicket(reserve(burning));
  const stop = (operation: typeof burning) => world.activities.stopMove({ operation, round: 0, now });
  const owner = () => world.chain.owners.get(tokenId);
  return { ...world, tokenId, row: row!, transfer, burnAlone: burn, stop, owner, token };
}
const result = { moneyMoved: 'none', ticket: { ticketId: 'seat-1', tokenId: expect.any(String) as string } };

describe('a transfer', () => {
  it('moves the ticket by one transaction; its row follows', async () => {
    const { transfer, owner, row, signed, steps } = await sold();
    const ended = await inTime(attempt(() => transfer()));
    const { hash } = signed.get(`${transferring.workflowId} move`)!;
    expect(ended).toEqual({ status: 'transferred', toWallet: friend, transactionHash: hash, ...result });
    expect(owner()).toBe(friend);
    expect(row.wallet).toBe(friend);
    expect((await steps.read({ ...transferring, step: 'move' })).sent).toBe(1);
  });

  it('happens once, whatever is lost on the way and however often it is asked', async () => {
    const { chain, transfer, owner, versions } = await sold();
    chain.fail('dropped', 'lost', 'forgotten');
    const ended = await inTime(retried(() => transfer()));
    const sent = chain.broadcasts.length;
    expect(await inTime(attempt(() => transfer()))).toEqual(ended);
    expect(chain.broadcasts).toHaveLength(sent);
    expect(versions.filter(({ workflowId }) => workflowId === transferring.workflowId)).toHaveLength(1);
    expect(owner()).toBe(friend);
  });

  it('is followed by a refund that burns the ticket from its new wallet', async () => {
    const { chain, transfer, activities, statuses } = await sold();
    await inTime(attempt(() => transfer()));
    const refund = { tenantId: 'acme', workflowId: 'refund:acme:r-1', runId: 'run-9' };
    const input = { operation: refund, paymentKey: 'key-1', ticketIds: ['seat-1', 'seat-2'], round: 0 };
    expect(await inTime(attempt(() => activities.burnRefunded(input)))).toEqual(['seat-1', 'seat-2']);
    expect(chain.standing()).toEqual([]);
    expect(statuses()).toEqual(['burned', 'burned']);
  });

  it('that is under way is waited for by a refund that burns', async () => {
    const { chain, transfer, activities, moves, token, owner } = await sold();
    moves.reserved.set(transferring.workflowId, { ...token, kind: 'transfer', fromWallet: wallet, toWallet: friend });
    const refund = { tenantId: 'acme', workflowId: 'refund:acme:r-1', runId: 'run-9' };
    const input = { operation: refund, paymentKey: 'key-1', ticketIds: ['seat-1'], round: 0 };
    expect(await failed(() => activities.burnRefunded(input))).toMatchObject({ type: 'Retry', code: 'ticket_moving' });
    await inTime(attempt(() => transfer()));
    expect(owner()).toBe(friend);
    await inTime(attempt(() => activities.burnRefunded(input)));
    expect(chain.standing()).toHaveLength(1);
  });

  it('of a ticket that its owner moved away is declined, and nothing is signed', async () => {
    const { chain, transfer, tokenId, signed, row } = await sold();
    chain.owners.set(tokenId, chain.stranger);
    expect(await failed(() => transfer())).toMatchObject({ type: 'Declined', code: 'not_held', nonRetryable: true });
    expect(signed.has(`${transferring.workflowId} move`)).toBe(false);
    expect(row.wallet).toBe(wallet);
  });

  it('that reverts because the owner was faster is declined; signed anew where the ticket came back', async () => {
    for (const back of [false, true]) {
      const { chain, transfer, tokenId, owner, signed } = await sold();
      setTimeout(() => chain.owners.set(tokenId, chain.stranger), 500);
      expect(await failed(() => transfer())).toMatchObject({ type: 'Retry', code: 'move_reverted' });
      if (back) {
        chain.owners.set(tokenId, wallet);
        await inTime(attempt(() => transfer()));
        expect(owner()).toBe(friend);
        expect(signed.has(`${transferring.workflowId} move-2`)).toBe(true);
      } else {
        expect(await failed(() => transfer())).toMatchObject({ type: 'Declined', code: 'not_held' });
      }
    }
  });

  it('of a ticket that is gone from the chain is declined', async () => {
    const { chain, transfer, tokenId } = await sold();
    chain.owners.set(tokenId, null);
    expect(await failed(() => transfer())).toMatchObject({ type: 'Declined', code: 'not_held' });
  });

  it('of a mint that a reorganization threw out makes that one again first', async () => {
    const { chain, transfer, token, owner } = await sold();
    chain.reorganize(token.mintHash);
    await inTime(retried(() => transfer()));
    expect(owner()).toBe(friend);
  });
});

describe('a move that is to be stopped', () => {
  it('before it was signed never is', async () => {
    const { transfer, stop, owner, moves, chain } = await sold();
    chain.provider.planTransfer = () => Promise.reject(new Error('the process died here'));
    await expect(inTime(attempt(() => transfer()))).rejects.toThrow('died');
    await inTime(attempt(() => stop(transferring)));
    expect(await failed(() => transferAgain())).toMatchObject({ type: 'Fenced' });
    expect(owner()).toBe(wallet);
    expect(moves.reserved.get(transferring.workflowId)?.status).toBe('reserved');

    function transferAgain() {
      const plan = chain.provider.planBurn.bind(chain.provider);
      chain.provider.planTransfer = (_from, _to, tokenId) => plan([tokenId]);
      return transfer();
    }
  });

  it('after it was signed is brought to its end: it was too late', async () => {
    const { chain, transfer, stop, owner, moves, row } = await sold();
    chain.fail('dropped');
    await failed(() => transfer());
    await inTime(retried(() => stop(transferring)));
    expect(owner()).toBe(friend);
    expect(row.wallet).toBe(friend);
    expect(moves.reserved.get(transferring.workflowId)?.status).toBe('done');
  });

  it('and whose transaction reverted leaves the ticket where it is, and signs no other', async () => {
    const { chain, transfer, stop, tokenId, moves, versions } = await sold();
    setTimeout(() => chain.owners.set(tokenId, chain.stranger), 500);
    await failed(() => transfer());
    chain.owners.set(tokenId, wallet);
    await inTime(attempt(() => stop(transferring)));
    expect(await failed(() => transfer())).toMatchObject({ type: 'Fenced' });
    expect(moves.reserved.get(transferring.workflowId)?.status).toBe('reserved');
    expect(versions.filter(({ workflowId }) => workflowId === transferring.workflowId)).toHaveLength(1);
  });
});

describe('a burn that was asked for alone', () => {
  it('takes the ticket out of the world', async () => {
    const { burnAlone, owner, statuses } = await sold();
    const ended = await inTime(attempt(() => burnAlone()));
    expect(ended).toMatchObject({ status: 'burned', ...result });
    expect(owner()).toBeNull();
    expect(statuses()).toEqual(['burned', 'minted']);
  });

  it('of what somebody else burned is done, and names the mint', async () => {
    const { chain, burnAlone, tokenId, token, statuses } = await sold();
    chain.owners.set(tokenId, null);
    const ended = await inTime(attempt(() => burnAlone()));
    expect(ended).toMatchObject({ status: 'burned', transactionHash: token.mintHash });
    expect(statuses()).toEqual(['burned', 'minted']);
  });

  it('takes it from the wallet that it was transferred to', async () => {
    const { burnAlone, transfer, owner } = await sold();
    await inTime(attempt(() => transfer()));
    await inTime(attempt(() => burnAlone()));
    expect(owner()).toBeNull();
  });
});
