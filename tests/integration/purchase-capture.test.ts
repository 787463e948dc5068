/** The money is held, the tickets are minted, and then the bank refuses the capture: on real parts. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { openShop, type Shop } from '../support/purchases.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop(await readEndpoints(inject('worldDir')));
});
afterAll(() => shop.close());

test('a capture that fails after the mint burns the tickets and gives everything free again', async () => {
  const order = shop.order({ tickets: 2, paymentMethod: 'pm_card_sim_captureFails' });
  const handle = await shop.boxoffice.payments.purchase(order, { deadlineMs: 60_000 });
  expect(handle.early).toMatchObject({ status: 'authorized', moneyMoved: 'held' });
  const end = await handle.result();
  expect(end).toEqual({ status: 'declined', moneyMoved: 'none', code: 'generic_decline' });
  expect(await shop.wrongs([{ order, end }])).toEqual({});
  const record = await shop.audit.purchase(order.tenantId, order.idempotencyKey);
  expect(record).toMatchObject({ intents: 1, charges: 0, captured: 0, held: 0, mints: 2, owned: 0, holdsLive: 0 });
  const { amount, orderId } = order;
  const again = shop.order({ orderId, ticketIds: order.tickets.map(({ ticketId }) => ticketId) });
  const paid = await (await shop.boxoffice.payments.purchase(again, { deadlineMs: 60_000 })).result();
  expect(paid).toMatchObject({ status: 'completed', amount });
  expect(await shop.wrongs([{ order, end }, { order: again, end: paid }])).toEqual({}); // prettier-ignore
  expect(await shop.running()).toBe(0);
  expect(await shop.wrongsOfWorld()).toEqual([]);
});
