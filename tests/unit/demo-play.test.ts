import { EventEmitter, once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { Audit } from '../../sandbox/audit.ts';
import { proofs, reportTable, stories } from '../../sandbox/cli-report.ts';
import { judge, playAll, type Play } from '../../sandbox/scenarios/play.ts';
import { scenarios } from '../../sandbox/scenarios/index.ts';
import type { Outcome, Scenario, ScenarioContext } from '../../sandbox/scenarios/scenario.ts';
import { orderOf } from '../../sandbox/scenarios/shop.ts';
import { validatePurchaseOrder } from '../../contracts/schema/validate.ts';
import { completedRecord, refundedRecord, undoneRecord } from '../support/purchase-records.ts';

const shop = { tenantId: 'acme', venueId: 'arena', eventId: 'summer-night', emailRef: 'ref' };

test('the scenarios have the names of the contract, in order', () => {
  expect(scenarios.map(({ name }) => name)).toEqual([
    'purchase',
    'duplicates',
    'declined-then-paid',
    'lost-answer',
    'cancelled',
    'worker-killed',
    'engine-killed',
    'refund-partial',
    'payout-approved',
    'three-d-secure',
    'parked-resolved',
    'dispute-lost',
    'event-cancelled',
    'alert',
  ]);
});

test('an order of the shop is valid; another attempt is the same order under another key', () => {
  const first = orderOf(shop, 'x', { tickets: 20 });
  expect(validatePurchaseOrder(first)).toEqual(first);
  const second = orderOf(shop, 'x', { tickets: 20, attempt: 2 });
  expect(second).toEqual({ ...first, idempotencyKey: 'x-2' });
});

const attempt = (end: 'completed' | 'declined') => ({ order: orderOf(shop, 'x'), end });

describe('a scenario is judged', () => {
  const outcome: Outcome = {
    happened: 'both',
    attempts: [attempt('declined'), attempt('completed')],
    expected: { charges: 1, mints: 2, mails: 1 },
  };

  test('by sums over its attempts', () => {
    const report = judge('x', outcome, [undoneRecord('declined'), completedRecord()]);
    expect(report).toMatchObject({ ok: true, problems: [], ends: ['declined', 'completed'] });
    expect(report.counted).toMatchObject({ charges: 1, captured: 10_500, intents: 2, mints: 2, runs: 2 });
    expect(report.ledger).toEqual({ captureTransactions: 1, sumsToZero: true, stripeBalance: 10_165 });
  });

  test('not ok when a record breaks an invariant, and says whose', () => {
    const report = judge('x', outcome, [undoneRecord('declined', { held: 10_500 }), completedRecord()]);
    expect(report.ok).toBe(false);
    expect(report.problems).toEqual(['payment:acme:k: declined, but 10500 is held on the card']);
  });

  test('not ok when a count or a finding is not as expected, and says both', () => {
    const wrong = { ...outcome, expected: { charges: 2 }, findings: [{ what: 'starts', expected: 1, found: 3 }] };
    const report = judge('x', wrong, [undoneRecord('declined'), completedRecord()]);
    expect(report.problems).toEqual(['starts: expected 1, found 3', 'charges: expected 2, found 1']);
  });
});

describe('playing', () => {
  const log: string[] = [];
  const played = (name: string, alone: boolean, run: () => Promise<void> = async () => undefined): Scenario => ({
    name,
    title: name,
    alone,
    run: async () => {
      log.push(`${name} starts`);
      await run();
      log.push(`${name} ends`);
      return { happened: name, attempts: [], expected: {} };
    },
  });
  const play: Play = {
    audit: { purchases: async () => [] } as unknown as Audit,
    contextOf: () => ({}) as ScenarioContext,
    onStart: () => undefined,
    onEnd: () => undefined,
  };

  test('puts what kills behind everything else and keeps the order of the reports', async () => {
    log.length = 0;
    // The first can only end when the second runs beside it.
    const second = new EventEmitter();
    const reports = await playAll(
      [
        played('kills', true),
        played('first', false, async () => void (await once(second, 'runs'))),
        played('second', false, async () => void second.emit('runs')),
        played('kills-too', true),
      ],
      play,
    );
    expect(reports.map(({ name }) => name)).toEqual(['kills', 'first', 'second', 'kills-too']);
    expect(log.slice(0, 2)).toEqual(['first starts', 'second starts']);
    expect(log.slice(4)).toEqual(['kills starts', 'kills ends', 'kills-too starts', 'kills-too ends']);
  });

  test('a scenario that throws is not ok and says why; the others are played', async () => {
    const breaks = played('breaks', false, () => Promise.reject(new Error('no worker')));
    const [broken, fine] = await playAll([breaks, played('fine', true)], play);
    expect(broken).toMatchObject({ name: 'breaks', ok: false, problems: ['no worker'] });
    expect(fine).toMatchObject({ name: 'fine', ok: true });
  });
});

const outcome = (...ends: ('completed' | 'cancelled' | 'declined')[]): Outcome => ({
  happened: 'it ended',
  attempts: ends.map((end) => ({ order: orderOf(shop, 'x'), end })),
  expected: {},
});

describe('the report', () => {
  test('is a table that fits into 80 columns', () => {
    const declined = undoneRecord('declined', { calls: 0 });
    const reports = [
      { ...judge('declined-then-paid', outcome('declined', 'completed'), [declined, completedRecord()]), seconds: 1 },
      { ...judge('refund-partial', outcome('completed'), [refundedRecord()]), seconds: 1 },
      { ...judge('cancelled', outcome('cancelled'), [undoneRecord('cancelled', { held: 1 })]), seconds: 1 },
    ];
    const lines = reportTable(reports).split('\n');
    expect(lines.slice(0, 4)).toEqual([
      '  Scenario           Calls Paid  Back Mints Own Ledger Mail  Ended as',
      '✔ declined-then-paid     2    1  0.00     2   2 101.65    1  declined, completed',
      '✔ refund-partial         2    1 50.00     2   1  51.65    1  completed',
      '✘ cancelled              2    0  0.00     0   0   0.00    0  cancelled',
    ]);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  test('counts the ends of many, and shows what there is to look at and where', () => {
    const many = judge('many', { ...outcome('completed', 'completed'), besides: ['payout:acme:p'], exhibit: 'paid\n\n1' }, [
      completedRecord(),
      completedRecord(),
    ]); // prettier-ignore
    expect(reportTable([{ ...many, seconds: 1 }])).toMatch(/ 2 × completed$/m);
    const text = stories([{ ...many, seconds: 1 }], { url: 'http://ui', namespace: 'default' });
    expect(text.split('\n').slice(0, 5)).toEqual([
      'many: it ended',
      '  │ paid',
      '  │',
      '  │ 1',
      '  http://ui/namespaces/default/workflows/payout%3Aacme%3Ap',
    ]);
  });

  test('has the proofs, or what is wrong instead of them', () => {
    const world = {
      ledgerSums: { USD: 0 },
      balances: { USD: { ledger: 9_680, provider: 9_680 } },
      fees: { USD: { ledger: 320, provider: 320 } },
      duplicateMails: {},
      brokenWorkflows: [],
      strayTokens: [],
    };
    expect(proofs(world, [])).toContain('agrees with the provider: 96.80 USD');
    expect(proofs(world, ['the ledger sums to 1 USD'])).toBe('✘ the ledger sums to 1 USD');
  });
});
