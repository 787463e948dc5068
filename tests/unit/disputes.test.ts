import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProviderDispute } from '../../contracts/dispute.ts';
import { alarmsOf, nextOfDispute, outcomeOf, stageOf } from '../../contracts/dispute-words.ts';
import { disputePollMs } from '../../contracts/retry-profiles.ts';
import { disputeLost, fundsMoved } from '../../store/dispute-postings.ts';
import { afterMovement, type Withdrawn } from '../../store/dispute-rules.ts';
import { disputed, inquiry } from '../support/workflow-dispute-twins.ts';

const hour = 3_600_000;
const due = Date.parse('2027-01-20T00:00:00.000Z');
const evidenceDueBy = new Date(due).toISOString();
type Status = ProviderDispute['status'];

describe('a dispute', () => {
  it.each<[Status, number, string | undefined]>([
    ['needs_response', 5_250, undefined],
    ['under_review', 5_250, undefined],
    ['warning_needs_response', 0, undefined],
    ['warning_closed', 0, 'withdrawn'],
    ['warning_closed', 1, undefined],
    ['won', 0, 'won'],
    ['won', 5_250, undefined],
    ['lost', 5_250, 'lost'],
    ['lost', 0, undefined],
  ])('that is %s with %i withdrawn has the outcome %s', (status, withdrawn, outcome) => {
    expect(outcomeOf(disputed({ status }), { withdrawn })).toBe(outcome);
  });

  it.each<[Status, number, string]>([
    ['needs_response', 49, 'respond'],
    ['needs_response', 48, 'evidence due'],
    ['needs_response', 1, 'evidence due'],
    ['warning_needs_response', 49, 'inquiry'],
    ['warning_needs_response', 6, 'evidence due'],
    ['warning_under_review', 1, 'inquiry'],
    ['under_review', 1, 'under review'],
    ['won', 49, 'settling'],
  ])('that is %s, %i hours before its deadline, stands at "%s"', (status, hours, stage) => {
    expect(stageOf(disputed({ status, evidenceDueBy }), due - hours * hour)).toBe(stage);
  });

  it('is watched 48 and 6 hours before the deadline, where evidence is wanted', () => {
    expect(alarmsOf(disputed({ evidenceDueBy }))).toEqual([due - 48 * hour, due - 6 * hour]);
    expect(alarmsOf(disputed({ status: 'under_review', evidenceDueBy }))).toEqual([]);
    expect(alarmsOf(inquiry())).toEqual([]);
  });

  it('is looked at after a minute first, and twice a day in the end', () => {
    expect([0, 1, 5, 50].map(disputePollMs)).toEqual([60_000, 120_000, 1_920_000, 12 * hour]);
  });

  it('says what became of the money', () => {
    const money = { amount: 5_250, currency: 'USD', fee: 1_500 } as const;
    expect(nextOfDispute({ status: 'won', ...money })).toContain('52.50 USD are back');
    expect(nextOfDispute({ status: 'lost', ...money, locked: ['a'] })).toContain('1 ticket(s)');
    expect(nextOfDispute({ status: 'withdrawn' })).toContain('no money has moved');
  });
});

const sum = (postings: readonly { amount: number }[]) => postings.reduce((total, { amount }) => total + amount, 0);

describe('postings of a dispute', () => {
  it("are those of the money model's table", () => {
    const withdrawn = fundsMoved({ withdrawn: 10_000, fee: 1_500, held: 9_500 });
    expect(withdrawn).toEqual([
      { account: 'disputed', amount: 10_000 },
      { account: 'dispute_fees', amount: 1_500 },
      { account: 'stripe_balance', amount: -11_500 },
      { account: 'venue_payable', amount: 9_500 },
      { account: 'venue_hold', amount: -9_500 },
    ]);
    expect(fundsMoved({ withdrawn: -10_000, fee: 0, held: -9_500 })).toEqual([
      { account: 'disputed', amount: -10_000 },
      { account: 'stripe_balance', amount: 10_000 },
      { account: 'venue_payable', amount: -9_500 },
      { account: 'venue_hold', amount: 9_500 },
    ]);
    expect(disputeLost({ withdrawn: 10_000, held: 9_500, feeShare: 500 })).toEqual([
      { account: 'venue_hold', amount: 9_500 },
      { account: 'platform_fees', amount: 500 },
      { account: 'disputed', amount: -10_000 },
    ]);
  });

  it('of a fee alone touch nobody but the platform', () => {
    expect(fundsMoved({ withdrawn: 0, fee: 1_500, held: 0 }).map(({ account }) => account)).toEqual([
      'dispute_fees',
      'stripe_balance',
    ]);
  });
});

describe('shares of a dispute', () => {
  it('never exceed what is withdrawn or the fee, and are all given back with the last of it', () => {
    const courses = fc.record({
      captured: fc.integer({ min: 1, max: 1_000_000_000 }),
      feePart: fc.double({ min: 0, max: 1, noNaN: true }),
      refunded: fc.double({ min: 0, max: 1, noNaN: true }),
      disputed: fc.double({ min: 0, max: 1, noNaN: true }),
      backs: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
    });
    fc.assert(
      fc.property(courses, ({ captured, feePart, refunded, disputed: part, backs }) => {
        const platformFee = Math.floor(captured * feePart);
        const taken = Math.floor(captured * refunded);
        const feeTaken = Math.floor((platformFee * taken) / captured);
        const amount = Math.max(1, Math.floor(captured * part));
        const state = { captured, platformFee, taken, feeTaken };
        let now: Withdrawn = afterMovement({ withdrawn: 0, feeShare: 0 }, -amount, state);
        const check = (before: Withdrawn | undefined) => {
          expect(now.feeShare).toBeGreaterThanOrEqual(0);
          expect(now.feeShare).toBeLessThanOrEqual(Math.min(now.withdrawn, platformFee - feeTaken));
          const held = now.withdrawn - now.feeShare;
          if (before) expect(held).toBeLessThanOrEqual(before.withdrawn - before.feeShare);
          const postings = fundsMoved({ withdrawn: now.withdrawn, fee: 7, held });
          expect(sum(postings)).toBe(0);
          expect(sum(disputeLost({ withdrawn: now.withdrawn, held, feeShare: now.feeShare }))).toBe(0);
        };
        check(undefined);
        for (const back of [...backs, 1]) {
          const before = now;
          now = afterMovement(before, Math.floor(before.withdrawn * back), state);
          check(before);
        }
        expect(now).toEqual({ withdrawn: 0, feeShare: 0 });
      }),
    );
  });
});
