import { describe, expect, test } from 'vitest';
import { type PurchaseRecord, violations, worldViolations, type WorldRecord } from '../../sandbox/audit.ts';
import { duplicatesOf, receiptsOf, type ReceivedMail } from '../../sandbox/audit/mail.ts';
import { providerBalances, providerFacts, providerFees, type ProviderSnapshot } from '../../sandbox/audit/provider.ts';
import { receiptKeyOf } from '../../contracts/hashes.ts';
import { completedRecord, refundedRecord, undoneRecord } from '../support/purchase-records.ts';

describe('a completed purchase', () => {
  test('that is right breaks nothing', () => {
    expect(violations(completedRecord(), 'completed')).toEqual([]);
  });

  test.each<[string, Partial<PurchaseRecord>, string]>([
    ['charged twice', { charges: 2, captured: 21_000 }, '2 charges instead of 1'],
    ['never charged', { charges: 0, captured: 0, fees: 0 }, '0 charges instead of 1'],
    ['charged another amount', { captured: 10_499 }, '10499 captured instead of 10500'],
    ['with money still held', { held: 10_500 }, '10500 still held on the card'],
    ['minted twice', { mints: 4 }, '4 mints for 2 tickets'],
    ['with a ticket that somebody else owns', { owned: 1 }, 'the buyer owns 1 of 2 tickets'],
    ['without a payment row', { order: undefined }, 'completed, but there is no payment row'],
    ['with tickets that are free for others', { holdsLive: 0 }, '0 holds on order and tickets instead of 3'],
    ['without a claim', { claim: undefined }, 'there is no claim'],
    ['run twice', { runs: 2 }, '2 runs of one workflow id'],
  ])('%s', (_, change, broken) => {
    expect(violations(completedRecord(change), 'completed')).toContain(broken);
  });

  test.each([
    [{ captureTransactions: 2 }, '2 captures in the ledger instead of 1'],
    [{ sumsToZero: false }, 'its ledger entries do not sum to zero'],
    [{ stripeBalance: 10_500 }, 'the ledger has 10500 at the provider; the provider has 10165'],
  ])('with a ledger that says %j', (change, broken) => {
    const record = completedRecord();
    expect(violations({ ...record, ledger: { ...record.ledger, ...change } }, 'completed')).toContain(broken);
  });

  test('of amount 0 meets no card provider', () => {
    const free = completedRecord({
      order: { amount: 0, currency: 'USD', tickets: 2 },
      intents: 0,
      charges: 0,
      captured: 0,
      fees: 0,
      ledger: { captureTransactions: 0, sumsToZero: true, stripeBalance: 0 },
    });
    expect(violations(free, 'completed')).toEqual([]);
  });
});

const done = (amount: number, burnedTickets: number) => ({ done: amount, reserved: 0, returned: 0, burnedTickets });
const partBack: Partial<PurchaseRecord> = {
  refunds: 2,
  refunded: 5_000,
  owned: 0,
  repaid: { ...done(5_000, 2), returned: 5_500 },
};
const ledger = (stripeBalance: number) => ({ captureTransactions: 1, sumsToZero: true, stripeBalance });

describe('a refunded purchase', () => {
  const pending = { refundsPending: 5_000, owned: 2, repaid: done(5_000, 0) };
  const whole = { refunds: 2, refunded: 10_500, owned: 0, repaid: done(10_500, 2), ledger: ledger(-335) };

  test.each<[string, Partial<PurchaseRecord>]>([
    ['in part', {}],
    ['in part, its ticket kept', { owned: 2, repaid: done(5_000, 0) }],
    ['and the rest lost to a bank', { disputed: 5_500, disputeFees: 1_500, ledger: ledger(-1_835) }],
    ['in whole, its tickets free to be sold', { ...whole, holdsLive: 0 }],
    ['in whole, its tickets kept', { ...whole, owned: 2, repaid: done(10_500, 0) }],
    ['and its provider slow: the books pay when it is made', pending],
    ['in whole, and a part of it came back later', { ...partBack, holdsLive: 0 }],
    ['in whole, after a part of it had come back', partBack],
    ['to no avail', { refunded: 0, owned: 2, repaid: done(0, 0), ledger: ledger(10_165) }],
  ])('%s breaks nothing', (_, change) => {
    expect(violations(refundedRecord(change), 'completed')).toEqual([]);
  });

  test.each<[string, Partial<PurchaseRecord>, string]>([
    ['more than once', { ...whole, refunded: 21_000, holdsLive: 0 }, '21000 refunded of 10500 captured'],
    ['behind our back', { repaid: done(0, 1) }, 'the books gave 0 back, the provider 5000'],
    ['in words only', { refunded: 0 }, 'the books gave 5000 back, the provider 0'],
    ['and still set aside', { repaid: { ...done(5_000, 1), reserved: 1 } }, '1 reserved for refunds that the provider does not know'],
    ['and booked too late', { ...pending, repaid: done(0, 0) }, 'the books gave 0 back, the provider 5000'],
    ['and paid too late', { ...pending, ledger: ledger(10_165) }, 'the ledger has 10165 at the provider; the provider has 5165'],
    ['and disputed behind our back', { disputed: 5_500, disputeFees: 1_500 }, 'the ledger has 5165 at the provider; the provider has -1835'],
    ['and its token alive', { owned: 2 }, 'the buyer owns 2 of 1 ticket'],
    ['and free to be sold twice', { holdsLive: 0 }, '0 holds on order and tickets instead of 3'],
    ['in parts, and sold twice', { ...partBack, repaid: done(5_000, 2), holdsLive: 0 }, '0 holds on order and tickets instead of 3'],
    ['in whole, and never free again', whole, '3 holds on order and tickets instead of 0'],
  ])('%s', (_, change, broken) => {
    expect(violations(refundedRecord(change), 'completed')).toContain(broken);
  }); // prettier-ignore
});

describe('any other end', () => {
  test('that left nothing behind breaks nothing, refused ones without a payment row included', () => {
    expect(violations(undoneRecord('cancelled'), 'cancelled')).toEqual([]);
    expect(violations(undoneRecord('refused', { order: undefined }), 'refused')).toEqual([]);
  });

  test.each<[Partial<PurchaseRecord>, string]>([
    [{ charges: 1, captured: 10_500 }, 'cancelled, but 10500 was captured'],
    [{ held: 10_500 }, 'cancelled, but 10500 is held on the card'],
    [{ owned: 1 }, 'cancelled, but the buyer owns 1 ticket'],
    [{ holdsLive: 3 }, 'cancelled, but 3 holds on order and tickets'],
    [{ mails: 1 }, 'cancelled, but 1 receipt went out'],
    [{ history: { status: 'RUNNING', events: 9, workflowTasks: 2 } }, 'its workflow is RUNNING'],
    [{ claim: { status: 'live', result: undefined } }, 'its claim was never settled'],
    [{ deadLetters: [{ step: 'void', error: 'ETIMEDOUT', resolved: false }] }, 'open dead letters: void (ETIMEDOUT)'],
  ])('with %j', (change, broken) => {
    expect(violations(undoneRecord('cancelled', change), 'cancelled')).toEqual([broken]);
  });

  test('may differ from what the claim keeps: then somebody was told something else', () => {
    expect(violations(undoneRecord('declined'), 'cancelled')).toEqual([
      'its claim says declined, the caller heard cancelled',
    ]);
  });
});

test('a world is right until ledger, balances, workflows or tokens say otherwise', () => {
  const right: WorldRecord = {
    ledgerSums: { USD: 0 },
    balances: { USD: { ledger: 9_680, provider: 9_680 } },
    fees: { USD: { ledger: 320, provider: 320 } },
    duplicateMails: { '<a@b>': 2 },
    brokenWorkflows: [],
    strayTokens: [],
  };
  expect(worldViolations(right)).toEqual([]);
  expect(
    worldViolations({
      ...right,
      ledgerSums: { USD: 1 },
      balances: { USD: { ledger: 9_680, provider: 9_180 } },
      fees: { USD: { ledger: 320, provider: 1_820 } },
      brokenWorkflows: [{ workflowId: 'payment:acme:k', status: 'FAILED' }],
      strayTokens: ['token 7 is in no book'],
    }),
  ).toEqual([
    'the ledger sums to 1 USD',
    'the ledger has 9680 USD at the provider; the provider has 9180',
    'the ledger has 320 USD of fees, the provider 1820',
    'payment:acme:k is FAILED',
    'token 7 is in no book',
  ]);
});

const call = (change: object) => ({
  seq: 1,
  method: 'POST',
  path: '/v1/payment_intents',
  idempotencyKey: 'payment:acme:k/authorize/0',
  status: 200,
  replayed: false,
  ...change,
});

describe('what the provider says', () => {
  const snapshot = {
    intents: [
      { id: 'pi_1', status: 'succeeded', metadata: { workflow: 'payment:acme:k' }, amount_received: 10_000, latest_charge: 'ch_1' },
      { id: 'pi_2', status: 'requires_capture', metadata: { workflow: 'payment:acme:k' }, amount_capturable: 500 },
      { id: 'pi_3', status: 'succeeded', metadata: { workflow: 'payment:acme:k2' }, amount_received: 7 },
    ],
    refunds: [
      { id: 're_1', charge: 'ch_1', amount: 100, status: 'succeeded', currency: 'usd', metadata: { workflow: 'refund:acme:r' } },
      { id: 're_2', charge: 'ch_1', amount: 20, status: 'pending', currency: 'usd', metadata: {} },
      { id: 're_3', charge: 'ch_1', amount: 3, status: 'failed', currency: 'usd', metadata: {} },
      { id: 're_4', charge: 'ch_9', amount: 7, status: 'requires_action', currency: 'usd', metadata: {} },
    ],
    disputes: [{ id: 'dp_1', charge: 'ch_1' }, { id: 'dp_9', charge: 'ch_9' }],
    transactions: [
      { source: 'ch_1', fee: 320, net: 9_680, currency: 'usd' },
      { source: 'ch_9', fee: 1, net: 6, currency: 'usd' },
      { source: 'dp_1', amount: -5_000, fee: 1_500, net: -6_500, currency: 'usd' },
      { source: 'dp_1', amount: 2_000, fee: 0, net: 2_000, currency: 'usd' },
      { source: 'dp_9', amount: -7, fee: 2, net: -9, currency: 'usd' },
    ],
    calls: [
      call({}),
      call({ replayed: true }),
      call({ status: 429 }),
      call({ idempotencyKey: 'payment:acme:k2/authorize/0' }),
      call({ path: '/v1/payment_intents/pi_1/capture', idempotencyKey: 'payment:acme:k/capture/0' }),
      call({ method: 'GET', path: '/v1/payment_intents/pi_1', idempotencyKey: null }),
      call({ path: '/v1/refunds', idempotencyKey: 'refund:acme:r/refund/0' }),
      call({ method: 'GET', path: '/v1/refunds/re_2', idempotencyKey: null }),
      call({ path: '/v1/refunds', idempotencyKey: 'refund:acme:r2/refund/0' }),
    ],
  } as unknown as ProviderSnapshot; // prettier-ignore

  test('is counted for one workflow only; replays and refused calls created nothing', () => {
    expect(providerFacts(snapshot, 'payment:acme:k')).toEqual({
      intents: 2,
      charges: 1,
      captured: 10_000,
      held: 500,
      fees: 320,
      refunds: 3,
      refunded: 120,
      refundsPending: 20,
      disputed: 3_000,
      disputeFees: 1_500,
      authorizeCalls: 1,
      replays: 1,
      calls: 7,
    });
  });

  test('its balance is net of fees', () => {
    expect(providerBalances(snapshot)).toEqual({ USD: 9_686 - 4_509 });
    expect(providerFees(snapshot)).toEqual({ USD: 1_823 });
  });
});

const mail = (workflowId: string, id: number) =>
  ({ id, messageId: `<acme.${receiptKeyOf(workflowId)}@boxoffice.example>` }) as ReceivedMail;

test('receipts are known by their stable Message-ID, and copies are counted', () => {
  const mails = [mail('payment:acme:k', 1), mail('payment:acme:k2', 2), mail('payment:acme:k', 3)];
  expect(receiptsOf(mails, 'acme', 'payment:acme:k').map(({ id }) => id)).toEqual([1, 3]);
  expect(duplicatesOf(mails)).toEqual({ [mails[0]!.messageId]: 2 });
});
