import { describe, expect, test } from 'vitest';
import { type PurchaseRecord, violations, worldViolations, type WorldRecord } from '../../sandbox/audit.ts';
import { duplicatesOf, receiptsOf, type ReceivedMail } from '../../sandbox/audit/mail.ts';
import { providerBalances, providerFacts, type ProviderSnapshot } from '../../sandbox/audit/provider.ts';
import { receiptKeyOf } from '../../contracts/hashes.ts';
import { completedRecord, undoneRecord } from '../support/purchase-records.ts';

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
    [{ stripeBalance: 10_500 }, 'the ledger has 10500 at the provider, the provider has 10165'],
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
    duplicateMails: { '<a@b>': 2 },
    brokenWorkflows: [],
    strayTokens: [],
  };
  expect(worldViolations(right)).toEqual([]);
  expect(
    worldViolations({
      ...right,
      ledgerSums: { USD: 1 },
      balances: { USD: { ledger: 9_680, provider: 9_681 } },
      brokenWorkflows: [{ workflowId: 'payment:acme:k', status: 'FAILED' }],
      strayTokens: ['token 7 is in no book'],
    }),
  ).toEqual([
    'the ledger sums to 1 USD',
    'the ledger has 9680 USD at the provider, which has 9681',
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
    transactions: [{ source: 'ch_1', fee: 320, net: 9_680, currency: 'usd' }, { source: 'ch_9', fee: 1, net: 6, currency: 'usd' }],
    calls: [
      call({}),
      call({ replayed: true }),
      call({ status: 429 }),
      call({ idempotencyKey: 'payment:acme:k2/authorize/0' }),
      call({ path: '/v1/payment_intents/pi_1/capture', idempotencyKey: 'payment:acme:k/capture/0' }),
      call({ method: 'GET', path: '/v1/payment_intents/pi_1', idempotencyKey: null }),
    ],
  } as unknown as ProviderSnapshot; // prettier-ignore

  test('is counted for one workflow only; replays and refused calls created nothing', () => {
    expect(providerFacts(snapshot, 'payment:acme:k')).toEqual({
      intents: 2,
      charges: 1,
      captured: 10_000,
      held: 500,
      fees: 320,
      authorizeCalls: 1,
      replays: 1,
      calls: 5,
    });
  });

  test('its balance is net of fees', () => {
    expect(providerBalances(snapshot)).toEqual({ USD: 9_686 });
  });
});

const mail = (workflowId: string, id: number) =>
  ({ id, messageId: `<acme.${receiptKeyOf(workflowId)}@boxoffice.example>` }) as ReceivedMail;

test('receipts are known by their stable Message-ID, and copies are counted', () => {
  const mails = [mail('payment:acme:k', 1), mail('payment:acme:k2', 2), mail('payment:acme:k', 3)];
  expect(receiptsOf(mails, 'acme', 'payment:acme:k').map(({ id }) => id)).toEqual([1, 3]);
  expect(duplicatesOf(mails)).toEqual({ [mails[0]!.messageId]: 2 });
});
