import { describe, expect, test } from 'vitest';
import { failureOf, order, setUp } from './sim-stripe-helpers.ts';
import { balanceOf, capture, days, daySeconds, eventTypes, transactionsOf, idsOf, ref } from './sim-stripe-money.ts';

type Control = Awaited<ReturnType<typeof setUp>>['control'];

const open = async (control: Control, spec: object): Promise<string> =>
  String((await control('POST', 'disputes', spec))['id']);

/** A captured charge of 10,000, disputed as a whole. */
async function disputed(spec: object = {}) {
  const setup = await setUp();
  const { intent, charge } = await capture(setup.stripe);
  const id = await open(setup.control, { charge, ...spec });
  return { ...setup, intent, charge, id };
}

const inquiry = { status: 'warning_needs_response' };

describe('disputes', () => {
  test('take the disputed amount and the fee of 1,500 at once', async () => {
    const { stripe, charge, intent, id } = await disputed({ reason: 'product_not_received' });
    const dispute = await stripe.disputes.retrieve(id);
    expect(dispute).toMatchObject({
      status: 'needs_response',
      amount: 10_000,
      charge,
      payment_intent: intent,
      reason: 'product_not_received',
      is_charge_refundable: false,
      payment_method_details: { card: { case_type: 'chargeback', network_reason_code: '13.1' } },
      evidence_details: { due_by: dispute.created + 20 * daySeconds, has_evidence: false, past_due: false },
    });
    const [taken] = await transactionsOf(stripe, id);
    expect(taken).toMatchObject({ type: 'adjustment', reporting_category: 'dispute', amount: -10_000, fee: 1500 });
    expect(taken?.net).toBe(-11_500);
    expect(dispute.balance_transactions).toEqual([taken]);
    expect(await balanceOf(stripe)).toMatchObject({ pending: { usd: 9680 - 11_500 } });
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ disputed: true, amount_refunded: 0 });
    expect(await eventTypes(stripe, { after: 'payment_intent.succeeded' })).toEqual([
      'charge.dispute.created',
      'charge.dispute.funds_withdrawn',
    ]);
  });

  test('block refunds of the charge, for good when they are lost', async () => {
    const { stripe, control, charge, id } = await disputed({ amount: 4000 });
    const refused = await failureOf(stripe.refunds.create({ charge, amount: 100 }));
    expect(refused).toMatchObject({ statusCode: 400, code: 'charge_disputed' });
    expect(refused.message).toBe(`Charge ${charge} has been charged back; cannot issue a refund.`);
    expect(await control('POST', 'disputes', { id, outcome: 'lost' })).toMatchObject({ status: 'lost' });
    expect((await failureOf(stripe.refunds.create({ charge }))).code).toBe('charge_disputed');
    expect(await balanceOf(stripe)).toMatchObject({ pending: { usd: 9680 - 5500 } });
    expect(await eventTypes(stripe, { after: 'charge.dispute.funds_withdrawn' })).toEqual(['charge.dispute.closed']);
    await expect(control('POST', 'disputes', { id, outcome: 'won' })).rejects.toThrow('status of lost');
  });

  test.each([
    ['won', false, 1500],
    ['won', true, 0],
    ['withdrawn', false, 1500],
  ])('%s (fee returned: %s): the amount comes back, refunds are possible', async (outcome, feeReturned, cost) => {
    const { stripe, control, charge, id } = await disputed();
    expect(await control('POST', 'disputes', { id, outcome, feeReturned })).toMatchObject({ status: 'won' });
    expect(await balanceOf(stripe)).toMatchObject({ pending: { usd: 9680 - cost } });
    const { balance_transactions } = await stripe.disputes.retrieve(id);
    expect(balance_transactions.map(({ reporting_category }) => reporting_category)).toEqual([
      'dispute',
      'dispute_reversal',
    ]);
    expect(await eventTypes(stripe, { after: 'charge.dispute.funds_withdrawn' })).toEqual([
      'charge.dispute.funds_reinstated',
      'charge.dispute.closed',
    ]);
    expect((await stripe.refunds.create({ charge })).status).toBe('succeeded');
  });

  test('are lost when nobody answers until the evidence is due', async () => {
    const { stripe, control, id } = await disputed({ dueInSeconds: 7 * daySeconds });
    await control('POST', 'clock', { advance: (7 * daySeconds - 5) * 1000 });
    expect((await stripe.disputes.retrieve(id)).evidence_details.past_due).toBe(false);
    await control('POST', 'clock', { advance: 10_000 });
    expect(await stripe.disputes.retrieve(id)).toMatchObject({ status: 'lost', evidence_details: { past_due: true } });
  });

  test('take evidence: staged, then submitted once', async () => {
    const { stripe, control, id } = await disputed();
    const staged = await stripe.disputes.update(id, {
      evidence: { product_description: 'Two tickets', uncategorized_text: 'Scanned at the door' },
      submit: false,
    });
    expect(staged).toMatchObject({
      status: 'needs_response',
      evidence: { product_description: 'Two tickets' },
      evidence_details: { has_evidence: true, submission_count: 0 },
    });
    const submitted = await stripe.disputes.update(id, { evidence: { customer_name: 'A. Buyer' } });
    expect(submitted).toMatchObject({
      status: 'under_review',
      evidence: { product_description: 'Two tickets', customer_name: 'A. Buyer' },
      evidence_details: { submission_count: 1, submission_method: 'manual' },
    });
    expect(JSON.stringify(await control('GET', 'log'))).not.toContain('A. Buyer');
    await control('POST', 'clock', days(60));
    expect((await stripe.disputes.retrieve(id)).status).toBe('under_review');
    const late = await failureOf(stripe.disputes.update(id, { evidence: { customer_name: 'B' } }));
    expect(late.message).toContain('status of under_review');
    expect((await stripe.disputes.update(id, { metadata: { seen: 'yes' } })).metadata).toEqual({ seen: 'yes' });
    expect((await eventTypes(stripe)).filter((type) => type === 'charge.dispute.updated')).toHaveLength(3);
  });

  test('take no evidence that the simulator has not', async () => {
    const { stripe, id } = await disputed();
    const refused = await failureOf(stripe.disputes.update(id, { evidence: { enhanced_evidence: '' } }));
    expect(refused).toMatchObject({ statusCode: 400, param: 'evidence[enhanced_evidence]' });
    expect((await stripe.disputes.retrieve(id)).status).toBe('needs_response');
  });

  test.each([
    ['winning_evidence', 'won', 9680],
    ['losing_evidence', 'lost', 9680 - 11_500],
  ])("Stripe's text %s ends it as %s", async (uncategorized_text, status, balance) => {
    const { stripe, id } = await disputed();
    expect((await stripe.disputes.update(id, { evidence: { uncategorized_text } })).status).toBe(status);
    expect(await balanceOf(stripe)).toMatchObject({ pending: { usd: balance } });
  });

  test('can be accepted, once', async () => {
    const { stripe, id } = await disputed();
    expect((await stripe.disputes.close(id)).status).toBe('lost');
    expect((await failureOf(stripe.disputes.close(id))).message).toContain('status of lost');
    expect(await failureOf(stripe.disputes.retrieve('dp_none'))).toMatchObject({ statusCode: 404 });
  });

  test('are listed by charge, intent and time, and expanded', async () => {
    const { stripe, control, charge, intent, id } = await disputed();
    const other = await capture(stripe);
    const second = await open(control, { charge: other.charge });
    expect(idsOf(await stripe.disputes.list())).toEqual([second, id]);
    expect(idsOf(await stripe.disputes.list({ charge }))).toEqual([id]);
    expect(idsOf(await stripe.disputes.list({ payment_intent: intent }))).toEqual([id]);
    expect(idsOf(await stripe.disputes.list({ created: { lt: 1_000_000_000 } }))).toEqual([]);
    expect(await stripe.disputes.retrieve(id, { expand: ['charge', 'payment_intent'] })).toMatchObject({
      charge: { id: charge },
      payment_intent: { id: intent },
    });
  });

  test('fit their charge', async () => {
    const { stripe, control, charge } = await disputed({ amount: 100 });
    await expect(open(control, { charge })).rejects.toThrow('is disputed already');
    const held = await stripe.paymentIntents.create(order());
    await expect(open(control, { charge: ref(held.latest_charge) })).rejects.toThrow('is not captured');
    const partly = await capture(stripe);
    await stripe.refunds.create({ charge: partly.charge, amount: 4000 });
    await expect(open(control, { charge: partly.charge, amount: 10_001 })).rejects.toThrow('wanted is 1 to 10000');
    expect((await stripe.disputes.retrieve(await open(control, { charge: partly.charge }))).amount).toBe(6000);
    await expect(open(control, { charge: 'ch_none' })).rejects.toThrow("no charge 'ch_none'");
  });

  test('fail the refunds that are under way', async () => {
    const { stripe, control } = await setUp();
    const { charge } = await capture(stripe);
    await control('POST', 'refunds', { next: 'pending' });
    const { id } = await stripe.refunds.create({ charge, amount: 4000 });
    const dispute = await open(control, { charge });
    expect(await stripe.refunds.retrieve(id)).toMatchObject({
      status: 'failed',
      failure_reason: 'charge_for_pending_refund_disputed',
    });
    expect((await stripe.disputes.retrieve(dispute)).amount).toBe(10_000);
    expect(await balanceOf(stripe)).toMatchObject({ pending: { usd: 9680 - 11_500 } });
  });
});

describe('inquiries', () => {
  test('move no money, and the charge stays refundable', async () => {
    const { stripe, charge, id } = await disputed(inquiry);
    expect(await stripe.disputes.retrieve(id)).toMatchObject({
      status: 'warning_needs_response',
      is_charge_refundable: true,
      balance_transactions: [],
      payment_method_details: { card: { case_type: 'inquiry' } },
    });
    expect(await transactionsOf(stripe, id)).toEqual([]);
    await stripe.refunds.create({ charge, amount: 4000 });
    expect((await stripe.disputes.retrieve(id)).status).toBe('warning_needs_response');
    await stripe.refunds.create({ charge });
    expect((await stripe.disputes.retrieve(id)).status).toBe('warning_closed');
    expect(await eventTypes(stripe, { after: 'charge.dispute.created' })).toEqual([
      'refund.created',
      'charge.refunded',
      'refund.created',
      'charge.refunded',
      'charge.dispute.closed',
    ]);
  });

  test('become disputes, or are closed', async () => {
    const { stripe, control, charge, id } = await disputed(inquiry);
    await expect(control('POST', 'disputes', { id, outcome: 'lost' })).rejects.toThrow("cannot become 'lost'");
    expect(await control('POST', 'disputes', { id, outcome: 'escalated' })).toMatchObject({
      status: 'needs_response',
      is_charge_refundable: false,
      payment_method_details: { card: { case_type: 'chargeback' } },
    });
    expect(await transactionsOf(stripe, id)).toMatchObject([{ net: -11_500 }]);
    expect((await failureOf(stripe.refunds.create({ charge }))).code).toBe('charge_disputed');
    expect(await eventTypes(stripe, { after: 'charge.dispute.created' })).toEqual([
      'charge.dispute.updated',
      'charge.dispute.funds_withdrawn',
    ]);
    const other = await capture(stripe);
    const closed = await open(control, { charge: other.charge, ...inquiry });
    expect(await control('POST', 'disputes', { id: closed, outcome: 'withdrawn' })).toMatchObject({
      status: 'warning_closed',
    });
  });

  test('wait on after their deadline', async () => {
    const { stripe, control, id } = await disputed(inquiry);
    await control('POST', 'clock', days(21));
    expect(await stripe.disputes.retrieve(id)).toMatchObject({
      status: 'warning_needs_response',
      evidence_details: { past_due: true },
    });
    expect(await failureOf(stripe.disputes.update(id, { evidence: { receipt: 'x' } }))).toMatchObject({
      statusCode: 400,
    });
  });

  test.each([
    ['winning_evidence', 'warning_closed'],
    ['escalate_inquiry_evidence', 'needs_response'],
    ['something else', 'warning_under_review'],
  ])('answered by %s: %s', async (uncategorized_text, status) => {
    const { stripe, id } = await disputed(inquiry);
    expect((await stripe.disputes.update(id, { evidence: { uncategorized_text } })).status).toBe(status);
  });
});

describe("Stripe's dispute cards", () => {
  test.each([
    ['pm_card_createDispute', 'needs_response', 'fraudulent'],
    ['pm_card_createDisputeProductNotReceived', 'needs_response', 'product_not_received'],
    ['pm_card_createDisputeInquiry', 'warning_needs_response', 'fraudulent'],
  ])('%s: %s as soon as the money is captured', async (payment_method, status, reason) => {
    const { stripe } = await setUp();
    const held = await stripe.paymentIntents.create(order({ payment_method }));
    expect((await stripe.disputes.list()).data).toEqual([]);
    await stripe.paymentIntents.capture(held.id);
    await stripe.paymentIntents.create(order({ payment_method, capture_method: 'automatic' }));
    const { data } = await stripe.disputes.list();
    expect(data).toMatchObject([
      { status, reason },
      { status, reason, payment_intent: held.id },
    ]);
  });
});
