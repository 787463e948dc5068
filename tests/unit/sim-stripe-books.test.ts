import * as fc from 'fast-check';
import { Stripe } from 'stripe';
import { describe, expect, test } from 'vitest';
import { setUp, type Setup } from './sim-stripe-helpers.ts';
import { balanceOf, capture, days, transactionsOf } from './sim-stripe-money.ts';

interface Tally {
  amount: number;
}
interface SummaryAnswer {
  currencies: Record<string, Record<string, Tally> & { fees: number }>;
  accounts: Record<
    string,
    Record<string, { available: number; pending: number; total: number; net: Record<string, number> }>
  >;
}

const venue = (currency: string) => `acct_${currency}`;
const platform = 'acct_1SimBoxofficePlatf';
const amounts: Record<string, number> = { usd: 10_000, jpy: 5000, kwd: 10_010 };
const currencies = Object.keys(amounts);

type Step = { kind: string; currency: string; pick: number };
const kinds = [
  'buy',
  'buyNow',
  'refund',
  'settleRefund',
  'transfer',
  'reverse',
  'payout',
  'settlePayout',
  'dispute',
  'decide',
];
const steps = fc.array(
  fc.record({ kind: fc.constantFrom(...kinds, 'wait'), currency: fc.constantFrom(...currencies), pick: fc.nat(9) }),
  { minLength: 15, maxLength: 40 },
);

/** One of the objects that there are; what is refused is refused, and moves nothing. */
async function play({ stripe, sim, control }: Setup, { kind, currency, pick }: Step): Promise<void> {
  const amount = amounts[currency] ?? 0;
  const { charges, refunds, transfers, disputes } = sim.world.store;
  const of = (objects: { id: string; currency: string }[]): string => {
    const own = objects.filter((object) => object.currency === currency);
    return own[pick % Math.max(own.length, 1)]?.id ?? 'none';
  };
  const part = (Math.floor((amount * (pick + 1)) / 200) + 1) * 10;
  const stripeAccount = venue(currency);
  const payouts = sim.world.accounts.get(stripeAccount)?.store.payouts.all() ?? [];
  const buy = (payment_method: string) => capture(stripe, { amount, currency, payment_method });
  const actions: Record<string, () => Promise<unknown>> = {
    buy: () => buy('pm_card_visa'),
    buyNow: () => buy('pm_card_bypassPending'),
    refund: async () => {
      if (pick % 3 === 0) await control('POST', 'refunds', { next: 'pending' });
      await stripe.refunds.create({ charge: of(charges.all()), ...(pick % 2 === 0 ? { amount: part } : {}) });
    },
    settleRefund: () =>
      control('POST', 'refunds', { id: of(refunds.all()), outcome: pick % 2 === 0 ? 'succeed' : 'fail' }),
    transfer: () => stripe.transfers.create({ amount: part, currency, destination: stripeAccount }),
    reverse: () => stripe.transfers.createReversal(of(transfers.all()), pick % 2 === 0 ? {} : { amount: 7 }),
    payout: () => stripe.payouts.create({ amount: part - 3, currency }, { stripeAccount }),
    settlePayout: () =>
      pick < 5
        ? control('POST', 'payouts', { id: of(payouts), outcome: pick % 2 === 0 ? 'fail' : 'pay' })
        : stripe.payouts.cancel(of(payouts), {}, { stripeAccount }),
    dispute: () =>
      control('POST', 'disputes', {
        charge: of(charges.all()),
        status: pick % 2 === 0 ? 'needs_response' : 'warning_needs_response',
      }),
    decide: () => {
      const outcome = ['won', 'lost', 'withdrawn', 'escalated'][pick % 4];
      return control('POST', 'disputes', { id: of(disputes.all()), outcome, feeReturned: pick > 6 });
    },
    wait: () => control('POST', 'clock', days(1)),
  };
  await actions[kind]?.().catch((error: unknown) => {
    const refused = error instanceof Stripe.errors.StripeInvalidRequestError || String(error).includes('POST ');
    if (!refused) throw error;
  });
}

/** Every balance is the sum of its parts, and the parts are what the objects say. */
async function proveBooks({ stripe, sim, control }: Setup): Promise<void> {
  const summary: SummaryAnswer = Object(await control('GET', 'summary'));
  for (const [currency, seen] of Object.entries(summary.currencies)) {
    const amount = (name: string): number => seen[name]?.amount ?? 0;
    const { available = 0, pending = 0, total = 0, net = {} } = summary.accounts[platform]?.[currency] ?? {};
    const { available: free, pending: coming } = await balanceOf(stripe);
    expect([available, pending]).toEqual([free[currency] ?? 0, coming[currency] ?? 0]);
    const withdrawn = sim.world.store.disputes
      .all()
      .filter((dispute) => dispute.currency === currency && dispute.balance_transactions.length === 1)
      .reduce((sum, dispute) => sum + dispute.amount, 0);
    const expected = amount('captured') - amount('refunded') - amount('transferred') - withdrawn - seen.fees;
    expect(total).toBe(expected);
    expect(Object.values(net).reduce((sum, part) => sum + part, 0)).toBe(total);
    const own = summary.accounts[venue(currency)]?.[currency];
    const gone = amount('payoutsOpen') + amount('payoutsPaid');
    expect(own?.total ?? 0).toBe(amount('transferred') - gone);
    const there = await balanceOf(stripe, venue(currency));
    expect([own?.available ?? 0, own?.pending ?? 0]).toEqual([there.available[currency], there.pending[currency]]);
    expect(there.available[currency]).toBeGreaterThanOrEqual(0);
  }
  for (const charge of sim.world.store.charges.all()) {
    const given = sim.world.store.refunds
      .all()
      .filter((refund) => refund.charge === charge.id && refund.status !== 'failed')
      .reduce((sum, refund) => sum + refund.amount, 0);
    expect(given).toBe(charge.amount_refunded);
    expect(given).toBeLessThanOrEqual(charge.amount_captured);
  }
}

describe('the books', () => {
  test('agree with the objects, whatever happens, in JPY, USD and KWD', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (played) => {
        const setup = await setUp();
        for (const currency of currencies) {
          await setup.control('POST', 'accounts', { id: venue(currency), currency });
          for (const kind of ['buyNow', 'transfer']) await play(setup, { kind, currency, pick: 9 });
        }
        for (const step of played) await play(setup, step);
        await proveBooks(setup);
      }),
      { numRuns: 15 },
    );
  });

  test('are summed by currency, account and kind', async () => {
    const { stripe, control } = await setUp();
    await control('POST', 'accounts', { id: venue('usd') });
    const { charge } = await capture(stripe, { payment_method: 'pm_card_bypassPending' });
    await stripe.refunds.create({ charge, amount: 1000 });
    const { id } = await stripe.transfers.create({ amount: 3000, currency: 'usd', destination: venue('usd') });
    await stripe.transfers.createReversal(id, { amount: 500 });
    await stripe.payouts.create({ amount: 2000, currency: 'usd' }, { stripeAccount: venue('usd') });
    await control('POST', 'disputes', { charge, amount: 4000 });
    expect(await control('GET', 'summary')).toMatchObject({
      currencies: {
        usd: {
          captured: { count: 1, amount: 10_000 },
          fees: 320 + 1500,
          refunded: { count: 1, amount: 1000 },
          refundsPending: { count: 0, amount: 0 },
          transferred: { count: 1, amount: 2500 },
          payoutsOpen: { count: 1, amount: 2000 },
          payoutsPaid: { count: 0, amount: 0 },
          disputesOpen: { count: 1, amount: 4000 },
        },
      },
      accounts: {
        [platform]: {
          usd: {
            available: 680,
            pending: 0,
            total: 680,
            fees: 1820,
            net: { charge: 9680, refund: -1000, transfer: -3000, transfer_refund: 500, adjustment: -5500 },
          },
        },
        [venue('usd')]: {
          usd: { available: 500, total: 500, fees: 0, net: { payment: 3000, payment_refund: -500, payout: -2000 } },
        },
      },
    });
  });

  test('objects can be read from outside, and say whose they are', async () => {
    const { stripe, control } = await setUp();
    await control('POST', 'accounts', { id: venue('usd') });
    const { charge } = await capture(stripe, { payment_method: 'pm_card_bypassPending' });
    await stripe.refunds.create({ charge, amount: 1000 });
    const { id } = await stripe.transfers.create({ amount: 3000, currency: 'usd', destination: venue('usd') });
    await stripe.transfers.createReversal(id, { amount: 500 });
    await stripe.payouts.create({ amount: 2000, currency: 'usd' }, { stripeAccount: venue('usd') });
    const dispute = await control('POST', 'disputes', { charge });
    const objects = async (type: string) => (await control('GET', `objects/${type}`))['objects'];
    expect(await objects('refunds')).toMatchObject([{ amount: 1000 }]);
    expect(await objects('transfers')).toMatchObject([{ id, amount_reversed: 500 }]);
    expect(await objects('transfer_reversals')).toMatchObject([{ transfer: id }]);
    expect(await objects('disputes')).toMatchObject([{ id: dispute['id'], amount: 9000 }]);
    expect(await objects('accounts')).toMatchObject([{ id: venue('usd') }]);
    expect(await objects('payouts')).toMatchObject([{ account: venue('usd'), amount: 2000 }]);
    expect(await objects('connected_balance_transactions')).toMatchObject([
      { account: venue('usd'), type: 'payment' },
      { account: venue('usd'), type: 'payment_refund' },
      { account: venue('usd'), type: 'payout' },
    ]);
    // The platform's alone: what its ledger is compared with.
    expect(await objects('balance_transactions')).toHaveLength(5);
    expect(await transactionsOf(stripe, charge)).toHaveLength(1);
  });
});
