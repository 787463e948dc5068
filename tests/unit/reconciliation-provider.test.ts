/** What Stripe lists, as it is compared: against the simulator, which keeps state as Stripe does. */
import type { Stripe } from 'stripe';
import { describe, expect, it } from 'vitest';
import { createReconciliationProvider, type ProviderList } from '../../activities/providers/stripe/reconciliation.ts';
import { openDispute } from '../../sandbox/stripe/resources/disputes/open.ts';
import { settleRefund } from '../../sandbox/stripe/resources/refunds/settle.ts';
import { order, secretKey, type Setup, setUp } from './sim-stripe-helpers.ts';

const at = (iso: string) => Date.parse(iso) / 1_000;
const noon = Date.parse('2027-01-15T12:00:00Z');
const day = { from: '2027-01-15T00:00:00.000Z', to: '2027-01-16T00:00:00.000Z' };
const account = 'acct_venue';

async function world() {
  const setup = await setUp();
  setup.sim.world.clock.set(noon);
  await setup.control('POST', 'accounts', { id: account, currency: 'usd' });
  return { ...setup, provider: createReconciliationProvider({ secretKey, apiBase: setup.sim.url }) };
}

const ours = { metadata: { tenant: 'acme', workflow: 'payment:acme:k1' }, payment_method: 'pm_card_bypassPending' };

async function captured({ stripe }: Setup): Promise<Stripe.PaymentIntent> {
  const { id } = await stripe.paymentIntents.create(order(ours));
  return stripe.paymentIntents.capture(id);
}
const chargeOf = ({ latest_charge: charge }: Stripe.PaymentIntent) => charge as string;

describe('a list of the provider', () => {
  it('shows payments with what is taken, what is held, and the fee', async () => {
    const setup = await world();
    const { stripe, provider } = setup;
    const taken = await captured(setup);
    const held = await stripe.paymentIntents.create(order(ours));
    const { id: canceled } = await stripe.paymentIntents.create(order({ amount: 500 }));
    await stripe.paymentIntents.cancel(canceled);
    const { objects, next } = await provider.list('payments', day);
    expect(next).toBeUndefined();
    const common = { kind: 'payment', currency: 'USD', createdAt: expect.stringMatching(/^2027-01-15T12:0/) as string };
    const labels = { tenant: 'acme', workflow: 'payment:acme:k1' };
    expect(objects).toMatchObject([
      { ...common, id: canceled, state: 'none', amount: 0 },
      { ...common, id: held.id, state: 'held', amount: 10_000, labels: { ...labels, intentId: held.id } },
      { ...common, id: taken.id, state: 'captured', amount: 10_000, fee: 320, labels: { ...labels, chargeId: chargeOf(taken) } },
    ]); // prettier-ignore
    expect(objects[1]).not.toHaveProperty('fee');
    expect(await provider.retrieve('payment', taken.id)).toEqual(objects[2]);
    expect(await provider.retrieve('payment', chargeOf(taken))).toMatchObject({
      id: taken.id,
      fee: 320,
      amount: 10_000,
    });
    expect(await provider.retrieve('payment', 'pi_none')).toBeUndefined();
    expect(await provider.retrieve('payment', 'ch_none')).toBeUndefined();
  });

  it('shows refunds, disputes, transfers and payouts, and single ones the same', async () => {
    const setup = await world();
    const { stripe, provider, sim } = setup;
    const intent = await captured(setup);
    const refund = await stripe.refunds.create({ charge: chargeOf(intent), amount: 100 });
    settleRefund(sim.world, sim.world.store.refunds.get(refund.id)!, { outcome: 'fail' });
    const disputed = await captured(setup);
    const charge = sim.world.store.charges.get(chargeOf(disputed))!;
    const dispute = openDispute(sim.world, { charge, reason: 'fraudulent', status: 'needs_response' });
    const transfer = await stripe.transfers.create({ amount: 700, currency: 'usd', destination: account });
    await stripe.transfers.createReversal(transfer.id, { amount: 200 });
    const payout = await stripe.payouts.create({ amount: 300, currency: 'usd' }, { stripeAccount: account });

    const wanted: [ProviderList, Parameters<typeof provider.retrieve>[0], object][] = [
      ['refunds', 'refund', { id: refund.id, status: 'failed', amount: 100, labels: { chargeId: chargeOf(intent), intentId: intent.id } }],
      [
        'disputes', 'dispute',
        { id: dispute.id, status: 'needs_response', amount: 10_000, withdrawn: 10_000, fee: 1_500, labels: { tenant: 'acme', chargeId: charge.id, intentId: disputed.id } },
      ],
      ['transfers', 'transfer', { id: transfer.id, amount: 700, reversed: 200, labels: { account } }],
      ['payouts', 'payout', { id: payout.id, amount: 300, status: 'pending', labels: { account } }],
    ]; // prettier-ignore
    for (const [list, kind, object] of wanted) {
      const { objects } = await provider.list(list, list === 'payouts' ? { ...day, account } : day);
      expect(objects, list).toMatchObject([{ kind, currency: 'USD', ...object }]);
      expect(await provider.retrieve(kind, objects[0]!.id, account), kind).toEqual(objects[0]);
      expect(await provider.retrieve(kind, 'none', account), kind).toBeUndefined();
    }
    expect((await provider.list('payouts', day)).objects).toEqual([]);
  });

  it('shows for each movement of the balance the object that it was for, late ones too', async () => {
    const setup = await world();
    const { stripe, provider, sim } = setup;
    const intent = await captured(setup);
    const refund = await stripe.refunds.create({ charge: chargeOf(intent), amount: 100 });
    const payout = await stripe.transfers
      .create({ amount: 700, currency: 'usd', destination: account })
      .then(() => stripe.payouts.create({ amount: 300, currency: 'usd' }, { stripeAccount: account }));
    const moved = await provider.list('movements', day);
    expect(moved.objects.map(({ kind, id }) => [kind, id])).toEqual([
      ['transfer', sim.world.store.transfers.all()[0]!.id],
      ['refund', refund.id],
      ['payment', intent.id],
    ]);
    expect(moved.objects[2]).toMatchObject({ state: 'captured', amount: 10_000, fee: 320, labels: { tenant: 'acme' } });
    // Both come back days later: the lists of their own day would not show that.
    sim.world.clock.set(noon + 3 * 86_400_000);
    settleRefund(sim.world, sim.world.store.refunds.get(refund.id)!, { outcome: 'fail' });
    await setup.control('POST', 'payouts', { id: payout.id, outcome: 'fail' });
    const later = { from: '2027-01-18T00:00:00.000Z', to: '2027-01-19T00:00:00.000Z' };
    expect((await provider.list('movements', later)).objects).toMatchObject([
      { kind: 'refund', id: refund.id, status: 'failed' },
    ]);
    expect((await provider.list('returns', { ...later, account })).objects).toMatchObject([
      { kind: 'payout', id: payout.id, status: 'failed', labels: { account } },
    ]);
    expect((await provider.list('payouts', { ...later, account })).objects).toEqual([]);
  });

  it('goes page by page, from the end of the day to its beginning, and no further', async () => {
    const setup = await world();
    const { stripe, provider, sim } = setup;
    const intent = await stripe.paymentIntents.create(order(ours));
    const made = [
      at('2027-01-14T23:59:59Z'),
      ...Array.from({ length: 130 }, (_, index) => at(day.from) + index),
      at(day.to),
    ].map((created, index) => ({ ...intent, id: `pi_copy_${index}`, created }));
    for (const copy of made) sim.world.store.payment_intents.add(copy);
    const first = await provider.list('payments', { ...day, to: '2027-01-15T06:00:00.000Z' });
    expect(first.objects).toHaveLength(100);
    expect([first.next, first.oldest]).toEqual(['pi_copy_31', '2027-01-15T00:00:30.000Z']);
    const second = await provider.list('payments', { ...day, to: '2027-01-15T06:00:00.000Z', after: first.next });
    expect(second.objects).toHaveLength(30);
    expect([second.next, second.oldest]).toEqual([undefined, '2027-01-15T00:00:00.000Z']);
    expect(
      await provider.list('payments', { from: '2027-01-17T00:00:00.000Z', to: '2027-01-18T00:00:00.000Z' }),
    ).toEqual({ objects: [] });
  });

  it('says in our words what the provider refuses', async () => {
    const { sim } = await world();
    const stranger = createReconciliationProvider({ secretKey: 'sk_test_wrong', apiBase: sim.url });
    await expect(stranger.list('payments', day)).rejects.toMatchObject({ kind: 'refused' });
    await expect(stranger.retrieve('refund', 're_1')).rejects.toMatchObject({ kind: 'refused' });
  });
});
