/** What goes to a venue: what is available of its money, once, and nothing twice; told by provider and books. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { RequestedPayout } from '../../client/index.ts';
import { payoutReturnWorkflowId } from '../../contracts/ids.ts';
import type { PayoutReturnResult } from '../../contracts/payout.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { until } from '../../sandbox/processes/until.ts';
import { simulatorAt } from '../support/faults.ts';
import { openPayoutDesk, type PayoutDesk, resultOf } from '../support/paying-out.ts';
import { openShop, type OrderChange, type Shop } from '../support/purchases.ts';

interface Place {
  shop: Shop;
  desk: PayoutDesk;
}

const open: Place[] = [];
/** A shop and a venue of its own: balances are the venue's. Its buyers' money is available at once. */
async function place(venue?: Parameters<typeof openPayoutDesk>[1]): Promise<Place> {
  const shop = await openShop(await readEndpoints(inject('worldDir')));
  const desk = await openPayoutDesk(shop, venue);
  open.push({ shop, desk });
  return { shop, desk };
}
afterAll(async () => {
  for (const { shop, desk } of open) await Promise.all([shop.close(), desk.close()]);
});

async function sell({ shop }: Place, change?: OrderChange): Promise<void> {
  const order = shop.order({ paymentMethod: 'pm_card_bypassPending', ...change });
  const end = await (await shop.boxoffice.payments.purchase(order, { deadlineMs: 60_000 })).result();
  expect(end.status).toBe('completed');
}

async function stage(payout: RequestedPayout, wanted: string): Promise<void> {
  const stands = async () => (await payout.status()).stage === wanted;
  if (!(await until(stands, { withinMs: 20_000 }))) throw new Error(`${payout.payoutId} does not come to ${wanted}`);
}

/** Of a ticket of 100 USD: 5 are ours, 9.50 are kept until after the event. */
const share = 8_550;
const paid = (amount: number) => ({
  status: 'paid',
  moneyMoved: 'paid_out',
  amount,
  currency: 'USD',
  providerPayoutId: expect.stringMatching(/^po_/) as string,
});
const same = (connected: number, inTransit: number) => {
  const money = { connected, inTransit };
  return { ledger: money, provider: money };
};

describe.concurrent('a payout', () => {
  test('goes to the venue’s account, to its bank, and is paid when the bank has it', async () => {
    const here = await place();
    await sell(here);
    const { desk, shop } = here;
    const payout = await desk.request();
    await stage(payout, 'in transit');
    expect(await desk.money()).toEqual(same(0, share));
    await desk.decide(await desk.made(payout.workflowId), 'pay');
    expect(await resultOf(payout)).toEqual({ ...paid(share), transferId: expect.stringMatching(/^tr_/) });
    expect(await desk.money()).toEqual(same(0, 0));
    expect(await desk.transfers()).toMatchObject([{ amount: share, transfer_group: payout.payoutId }]);
    expect(await desk.atProvider()).toMatchObject([{ amount: share, status: 'paid' }]);

    const again = await desk.request();
    const nothing = { status: 'rejected', moneyMoved: 'with_us', reason: 'nothing_available', available: 0 };
    expect(await resultOf(again)).toEqual(nothing);
    expect(await shop.running()).toBe(0);
  });

  test('whose transfer’s answer is lost is transferred once', async () => {
    const here = await place();
    await sell(here);
    const { desk, shop } = here;
    const payoutId = `lost-${shop.venueId}`;
    const keyRegex = `^payout:acme:${payoutId}/transfer/`;
    await simulatorAt(shop.endpoints.stripe).add({ kind: 'lose_answer', match: { method: 'POST', keyRegex } });
    const payout = await desk.request({ payoutId });
    await desk.decide(await desk.made(payout.workflowId), 'pay');
    expect(await resultOf(payout)).toMatchObject(paid(share));
    const calls = await simulatorAt(shop.endpoints.stripe).calls();
    expect(calls.filter(({ idempotencyKey }) => new RegExp(keyRegex).test(idempotencyKey ?? ''))).toHaveLength(2);
    expect(await desk.transfers()).toHaveLength(1);
    expect(await desk.money()).toEqual(same(0, 0));
  });

  test('that fails before it is paid lies in the account; the next one transfers only what that lacks', async () => {
    const here = await place();
    await sell(here);
    const { desk } = here;
    const payout = await desk.request();
    await stage(payout, 'in transit');
    await desk.decide(await desk.made(payout.workflowId), 'fail');
    const returned = { status: 'returned', moneyMoved: 'with_provider', code: expect.any(String) as string };
    expect(await resultOf(payout)).toEqual(returned);
    expect(await desk.money()).toEqual(same(share, 0));

    await sell(here);
    const next = await desk.request();
    await desk.decide(await desk.made(next.workflowId), 'pay');
    expect(await resultOf(next)).toMatchObject(paid(2 * share));
    expect((await desk.transfers()).map(({ amount }) => amount)).toEqual([share, share]);
    expect(await desk.money()).toEqual(same(0, 0));
  });

  test('that was paid and comes back is booked, and is the venue’s to be paid again', async () => {
    const here = await place();
    await sell(here);
    const { desk, shop } = here;
    const payout = await desk.request();
    await stage(payout, 'in transit');
    const made = await desk.made(payout.workflowId);
    await desk.decide(made, 'pay');
    expect(await resultOf(payout)).toMatchObject(paid(share));
    await desk.decide(made, 'fail');

    const handle = shop.client.workflow.getHandle<() => Promise<PayoutReturnResult>>(
      payoutReturnWorkflowId('acme', payout.payoutId),
    );
    const booked = () => handle.describe().then(({ status }) => status.name === 'COMPLETED', () => false); // prettier-ignore
    expect(await until(booked, { withinMs: 20_000 })).toBe(true);
    expect(await handle.result()).toMatchObject({ status: 'returned', amount: share, currency: 'USD' });
    expect(await desk.money()).toEqual(same(share, 0));
    // The result stays what it was told.
    expect((await payout.status()).stage).toBe('paid');

    const next = await desk.request();
    await desk.decide(await desk.made(next.workflowId), 'pay');
    const { transferId, ...again } = { transferId: undefined, ...(await resultOf(next)) };
    expect([transferId, again]).toEqual([undefined, paid(share)]);
    expect(await desk.transfers()).toHaveLength(1);
    expect(await desk.money()).toEqual(same(0, 0));
  });

  test('waits for a venue whose payouts are off, and goes on when its account says that they are on', async () => {
    const here = await place({ payoutsEnabled: false });
    await sell(here);
    const { desk } = here;
    const payout = await desk.request();
    await stage(payout, 'waiting');
    // Visibility lags behind the attribute a little, and only what waits is told.
    const told = async () => {
      await desk.setPayoutsEnabled(true);
      return (await payout.status()).stage === 'in transit';
    };
    expect(await until(told, { withinMs: 20_000 })).toBe(true);
    await desk.decide(await desk.made(payout.workflowId), 'pay');
    expect(await resultOf(payout)).toMatchObject(paid(share));
  });

  test('is started by the venue’s Schedule, under an id of its time', async () => {
    const here = await place();
    await sell(here);
    const { desk, shop } = here;
    const { payouts } = shop.boxoffice;
    await payouts.schedule('acme', shop.venueId, { every: '1 week' });
    await payouts.schedule('acme', shop.venueId, { cron: '0 6 * * MON' });
    const schedule = shop.client.schedule.getHandle(`payouts:acme:${shop.venueId}`);
    expect((await schedule.describe()).spec.intervals ?? []).toEqual([]);
    await schedule.trigger();
    const query = `WorkflowType = 'payout' AND Venue = '${shop.venueId}'`;
    const started: string[] = [];
    const seen = async () => {
      for await (const { workflowId } of shop.client.workflow.list({ query })) started.push(workflowId);
      return started.length > 0;
    };
    expect(await until(seen, { withinMs: 20_000 })).toBe(true);
    const [workflowId] = started as [string];
    expect(workflowId).toMatch(/^payout:acme:auto-[0-9a-f]{24}-\d{8}T\d{6}$/);
    await desk.decide(await desk.made(workflowId), 'pay');
    const payout = payouts.get('acme', workflowId.split(':')[2]!);
    expect(await payout.result({ deadlineMs: 20_000 })).toMatchObject(paid(share));
    expect(await payouts.unschedule('acme', shop.venueId)).toBe(true);
    expect(await payouts.unschedule('acme', shop.venueId)).toBe(false);
  });

  test('can be cancelled while it waits for approval; nothing is transferred', async () => {
    const here = await place({ payoutApproval: { one: 0, two: 1_000_000 } });
    await sell(here);
    const { desk } = here;
    const payout = await desk.request();
    await stage(payout, 'awaiting approval');
    const cancelled = { status: 'cancelled', moneyMoved: 'with_us', actor: 'clerk-7', reason: 'not now' };
    expect(await payout.cancel({ actor: 'clerk-7', reason: 'not now' })).toEqual(cancelled);
    expect([await desk.transfers(), await desk.atProvider()]).toEqual([[], []]);
    expect(await desk.money()).toEqual(same(0, 0));
  });
});

const total = (all: { amount: number }[]) => all.reduce((sum, { amount }) => sum + amount, 0);

describe('50 at once that want twice what is available', () => {
  let here: Place;
  beforeAll(async () => {
    here = await place();
    await sell(here, { price: 20_000 });
  });

  test('the venue is paid exactly what it had', async () => {
    const { desk } = here;
    const available = 2 * share;
    const part = available / 25;
    const asked = await Promise.all(Array.from({ length: 50 }, () => desk.request({ amount: part })));
    const good = await Promise.all(
      asked.map(async (payout) => {
        const decided = async () => ['in transit', 'rejected'].includes((await payout.status()).stage);
        expect(await until(decided, { withinMs: 60_000 })).toBe(true);
        const { stage: at } = await payout.status();
        if (at !== 'rejected') await desk.decide(await desk.made(payout.workflowId), 'pay');
        return resultOf(payout);
      }),
    );
    expect(good.filter(({ status }) => status === 'paid')).toHaveLength(25);
    const none = { status: 'rejected', moneyMoved: 'with_us', reason: 'exceeds', available: 0 };
    expect(good.filter(({ status }) => status !== 'paid')).toEqual(Array.from({ length: 25 }, () => none));
    expect(total(await desk.atProvider())).toBe(available);
    expect(total(await desk.transfers())).toBe(available);
    expect(await desk.money()).toEqual(same(0, 0));
  });
});

test('nothing of all this is left running or unexplained', async () => {
  const [{ shop }] = open as [Place];
  expect(await shop.runningOf('payout')).toBe(0);
  expect(await shop.wrongsOfWorld()).toEqual([]);
});
