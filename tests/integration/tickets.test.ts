/** Tickets that change hands or are burned because somebody asked for just that; told by chain, books and audit. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createTestClient, encodeFunctionData, getAddress, http, parseAbi, parseEther, publicActions } from 'viem';
import { ticketsAbi } from '../../activities/providers/chain/abi.ts';
import { tokenIdOf } from '../../activities/providers/chain/token-id.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { openShop, type OrderChange, type Shop, wallet } from '../support/purchases.ts';
import { createRefundDesk, type RefundDesk } from '../support/refunding.ts';

const friend = getAddress(`0x${'2b'.repeat(20)}`);
const stranger = getAddress(`0x${'3c'.repeat(20)}`);
const transferAbi = parseAbi(['function transferFrom(address from, address to, uint256 tokenId)']);

let shop: Shop;
let desk: RefundDesk;
let address: `0x${string}`;
const connect = (url: string) => createTestClient({ mode: 'anvil', transport: http(url) }).extend(publicActions);
let node: ReturnType<typeof connect>;
beforeAll(async () => {
  shop = await openShop(await readEndpoints(inject('worldDir')));
  desk = createRefundDesk(shop);
  node = connect(shop.endpoints.chainRpc);
  address = getAddress(shop.endpoints.chain.contract);
});
afterAll(() => shop.close());

async function sell(change?: OrderChange) {
  const order = shop.order(change);
  const end = await (await shop.boxoffice.payments.purchase(order, { deadlineMs: 60_000 })).result();
  expect(end.status).toBe('completed');
  return { order, end };
}

const recordOf = ({ tenantId, idempotencyKey }: PurchaseOrder) => shop.audit.purchase(tenantId, idempotencyKey);
const ticketOf = ({ tickets }: PurchaseOrder) => tickets[0]!.ticketId;
const asked = (order: PurchaseOrder) => ({
  tenantId: order.tenantId, ticketId: ticketOf(order), reason: 'sold on', requestedBy: 'support-7',
}); // prettier-ignore

let transfers = 0;
const transferTo = async (order: PurchaseOrder, toWallet: string) => {
  transfers += 1;
  const transferId = `t-${ticketOf(order)}-${transfers}`;
  return (await shop.boxoffice.tickets.transfer({ ...asked(order), transferId, toWallet })).result();
};
const burn = async (order: PurchaseOrder, burnKey = 'k') =>
  (await shop.boxoffice.tickets.burn({ ...asked(order), burnKey })).result();

async function ownerOf(order: PurchaseOrder): Promise<string> {
  const token = tokenIdOf(order.tenantId, ticketOf(order), 0);
  const [owner] = await node.readContract({ address, abi: ticketsAbi, functionName: 'ownersOf', args: [[token]] });
  return owner!;
}

/** Its owner needs nobody for this. */
async function giveAway(order: PurchaseOrder): Promise<void> {
  const from = getAddress(wallet);
  await node.impersonateAccount({ address: from });
  await node.setBalance({ address: from, value: parseEther('1') });
  const args = [from, stranger, tokenIdOf(order.tenantId, ticketOf(order), 0)] as const;
  const data = encodeFunctionData({ abi: transferAbi, functionName: 'transferFrom', args });
  const hash = await node.sendUnsignedTransaction({ from, to: address, data });
  await node.waitForTransactionReceipt({ hash, pollingInterval: 100 });
}

describe.concurrent('a ticket', () => {
  test('goes to another wallet, again to a third, and is burned from there by a refund', async () => {
    const sold = await sell();
    const { order } = sold;
    const first = await transferTo(order, friend);
    expect(first).toMatchObject({ status: 'transferred', moneyMoved: 'none', toWallet: friend });
    expect(await ownerOf(order)).toBe(friend);
    expect(await recordOf(order)).toMatchObject({ owned: 1, mints: 1, holdsLive: 2 });
    expect(await shop.wrongs([sold])).toEqual({});

    expect(await transferTo(order, friend)).toMatchObject({ status: 'rejected', reason: 'same_wallet' });
    expect(await transferTo(order, stranger)).toMatchObject({ status: 'transferred' });
    expect(await desk.refund(order, { tickets: 'burn' })).toMatchObject({
      status: 'completed',
      burned: [ticketOf(order)],
    });
    expect(await recordOf(order)).toMatchObject({ refunded: order.amount, owned: 0, holdsLive: 0 });
    expect(await transferTo(order, friend)).toMatchObject({ status: 'rejected', reason: 'no_ticket' });
    expect(await shop.wrongs([sold])).toEqual({});
  });

  test('is moved once by the same request, and by one of several at once', async () => {
    const sold = await sell();
    const { order } = sold;
    const request = { ...asked(order), transferId: `same-${ticketOf(order)}`, toWallet: friend };
    const same = await Promise.all(Array.from({ length: 5 }, () => shop.boxoffice.tickets.transfer(request)));
    expect(same.filter(({ created }) => created)).toHaveLength(1);
    const results = await Promise.all(same.map((handle) => handle.result()));
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
    const other = { ...request, toWallet: stranger };
    await expect(shop.boxoffice.tickets.transfer(other)).rejects.toMatchObject({ code: 'key_reused' });

    const rivals = await Promise.all([transferTo(order, stranger), transferTo(order, stranger), burn(order)]);
    expect(rivals.filter(({ status }) => status !== 'rejected')).toHaveLength(1);
    expect(await shop.wrongs([sold])).toEqual({});
  });

  test('is burned without a refund: the money stays, and so do the holds until it is back', async () => {
    const sold = await sell();
    const { order } = sold;
    expect(await burn(order)).toMatchObject({ status: 'burned', moneyMoved: 'none' });
    expect(await recordOf(order)).toMatchObject({ captured: order.amount, refunds: 0, owned: 0, holdsLive: 2 });
    expect(await burn(order, 'again')).toMatchObject({ status: 'rejected', reason: 'no_ticket' });
    expect(await shop.wrongs([sold])).toEqual({});
    expect(await desk.refund(order, { tickets: 'burn' })).toMatchObject({ status: 'completed', burned: [] });
    expect(await recordOf(order)).toMatchObject({ refunded: order.amount, holdsLive: 0 });
    expect(await shop.wrongs([sold])).toEqual({});
  });

  test('that its owner moved himself is neither moved nor burned', async () => {
    const { order } = await sell();
    await giveAway(order);
    expect(await transferTo(order, friend)).toMatchObject({ status: 'rejected', reason: 'not_held' });
    expect(await burn(order)).toMatchObject({ status: 'rejected', reason: 'not_held' });
    expect(await ownerOf(order)).toBe(stranger);
  });

  test('that was never sold is not there, and one that is refunded with burn is gone', async () => {
    expect(await transferTo(shop.order(), friend)).toMatchObject({ status: 'rejected', reason: 'no_ticket' });
  });
});

test('over HTTP: who may, who may not, and what comes back', async () => {
  const { order } = await sell();
  const { api, tokens } = shop.endpoints;
  const call = (role: string, path: string, body?: object) =>
    fetch(`${api}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${tokens['acme']![role]!}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  const transferId = `http-${ticketOf(order)}`;
  const path = `/tickets/${ticketOf(order)}`;
  const transfer = { transferId, toWallet: friend, reason: 'sold on' };
  expect((await call('viewer', `${path}/transfer`, transfer)).status).toBe(403);
  expect((await call('operator', `${path}/burn`, { burnKey: 'k', reason: 'fraud' })).status).toBe(403);
  expect((await call('operator', `${path}/transfer`, { ...transfer, toWallet: `0x${'0'.repeat(40)}` })).status).toBe(
    400,
  );
  const made = await call('operator', `${path}/transfer`, transfer);
  expect([made.status, await made.json()]).toMatchObject([201, { status: 'transferred', moneyMoved: 'none' }]);
  expect((await call('operator', `${path}/transfer`, transfer)).status).toBe(200);
  const seen = await call('viewer', `/transfers/${transferId}`);
  expect(await seen.json()).toMatchObject({ id: transferId, status: 'transferred', result: { toWallet: friend } });
  const again = await call('operator', `${path}/transfer`, { ...transfer, transferId: `${transferId}-2` });
  expect([again.status, await again.json()]).toMatchObject([409, { code: 'same_wallet', moneyMoved: 'none' }]);
  const burned = await call('admin', `${path}/burn`, { burnKey: 'k', reason: 'fraud' });
  expect([burned.status, await burned.json()]).toMatchObject([201, { status: 'burned', moneyMoved: 'none' }]);
  expect((await call('admin', `/tickets/nobody/burn`, { burnKey: 'k', reason: 'fraud' })).status).toBe(404);
});
