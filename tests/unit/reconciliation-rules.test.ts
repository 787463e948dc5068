import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  type DifferenceKind,
  differenceKinds,
  type OurDispute,
  type OurPayout,
  type OurRefund,
  type OurTicket,
  type Pair,
  type TheirDispute,
  type TheirMovement,
  type TheirPayout,
  type TheirRefund,
} from '../../contracts/reconciliation.ts';
import { differencesOf, newsOf, type Owners, ownerOf, subjectOf } from '../../contracts/reconciliation-rules.ts';
import { meaningOf } from '../../contracts/reconciliation-words.ts';
import { seedOf } from '../support/property-seed.ts';

const follows = (id: string) => ({ workflowId: `w:acme:${id}`, runId: 'run-1', live: false, currency: 'USD' });
const theirs = (id: string) => ({ id, labels: {}, createdAt: '2027-01-15T10:00:00.000Z', currency: 'USD' });

type Of<Kind extends Pair['kind']> = Extract<Pair, { kind: Kind }> & {
  ours: NonNullable<Extract<Pair, { kind: Kind }>['ours']>;
  theirs: NonNullable<Extract<Pair, { kind: Kind }>['theirs']>;
};

const payment = (amount: number, fee: number): Of<'payment'> => ({
  kind: 'payment',
  id: 'pi_1',
  ours: { ...follows('k1'), paymentKey: 'k1', completed: true, amount, intentId: 'pi_1', fee, posted: amount - fee },
  theirs: { ...theirs('pi_1'), kind: 'payment', state: 'captured', amount, fee },
});
const refund = (amount: number): Of<'refund'> => ({
  kind: 'refund',
  id: 're_1',
  ours: { ...follows('r1'), refundId: 'r1', status: 'completed', amount, providerRefundId: 're_1', posted: -amount },
  theirs: { ...theirs('re_1'), kind: 'refund', status: 'succeeded', amount },
});
const dispute = (amount: number, fee: number): Of<'dispute'> => ({
  kind: 'dispute',
  id: 'dp_1',
  paymentKey: 'k1',
  ours: { ...follows('dp_1'), disputeId: 'dp_1', paymentKey: 'k1', outcome: 'lost', withdrawn: amount, fee, posted: -amount - fee },
  theirs: { ...theirs('dp_1'), kind: 'dispute', status: 'lost', amount, withdrawn: amount, fee },
}); // prettier-ignore
const paidOut = (amount: number): OurPayout => ({
  ...follows('p1'), payoutId: 'p1', account: 'acct_1', status: 'paid', amount, transferAmount: amount, transferId: 'tr_1',
  providerPayoutId: 'po_1', posted: -amount,
}); // prettier-ignore
const toAccount = (id: string) => ({ ...theirs(id), labels: { account: 'acct_1' } });
const transfer = (amount: number): Of<'transfer'> => ({
  kind: 'transfer',
  id: 'tr_1',
  ours: paidOut(amount),
  theirs: { ...toAccount('tr_1'), kind: 'transfer', amount, reversed: 0 },
});
const payout = (amount: number): Of<'payout'> => ({
  kind: 'payout',
  id: 'po_1',
  ours: paidOut(amount),
  theirs: { ...toAccount('po_1'), kind: 'payout', status: 'paid', amount },
});
const ticket = (status: OurTicket['status']): Of<'ticket'> => ({
  kind: 'ticket',
  id: '7',
  ours: { ...follows('k1'), ticketId: 't1', tokenId: '7', status },
  theirs: { tokenId: '7', owned: status === 'minted', everMinted: status === 'minted' || status === 'burned' },
});

/** What is left of a pair whose other side has nothing. */
const withoutOurs = (pair: Pair): Pair => ({ ...pair, ours: undefined });
const withoutTheirs = (pair: Pair): Pair => ({ ...pair, theirs: undefined }) as Pair;
const change = <P extends { ours: object; theirs: object }>(
  pair: P,
  { ours = {}, theirs: their = {} }: { ours?: Partial<P['ours']>; theirs?: Partial<P['theirs']> },
): Pair => ({ ...pair, ours: { ...pair.ours, ...ours }, theirs: { ...pair.theirs, ...their } }) as unknown as Pair;

const anAmount = fc.integer({ min: 1, max: 10_000_000 });
const aFee = fc.integer({ min: 0, max: 5_000 });
const apart = fc.integer({ min: 1, max: 1_000 });

/** Two sides that agree, of every kind and in every standing that they can agree in. */
const agreeing: fc.Arbitrary<Pair> = fc.oneof(
  fc.tuple(anAmount, aFee).map(([amount, fee]) => payment(amount, fee)),
  // Ended without money, however the intent ended; and a purchase for nothing, which the provider never saw.
  anAmount.map((amount) => change(payment(amount, 0), { ours: { completed: false }, theirs: { state: 'none' } })),
  fc.constant<Pair>({ kind: 'payment', id: 'pi_0', theirs: { ...theirs('pi_0'), kind: 'payment', state: 'none', amount: 0 } }),
  anAmount.map((amount) => change(payment(amount, 9), { theirs: { fee: undefined } })),
  anAmount.map(refund),
  fc
    .tuple(anAmount, fc.constantFrom('failed', 'canceled'), fc.constantFrom('failed', 'returned', 'cancelled', 'rejected'))
    .map(([amount, theirStatus, status]) =>
      change(refund(amount), { ours: { status, posted: 0 }, theirs: { status: theirStatus } })),
  anAmount.map((amount) => withoutOurs(change(refund(amount), { theirs: { status: 'failed' } }))),
  fc.tuple(anAmount, aFee).map(([amount, fee]) => dispute(amount, fee)),
  aFee.map((fee) => change(dispute(0, fee), { ours: { outcome: 'won' }, theirs: { status: 'won' } })),
  fc.constant(change(dispute(0, 0), { ours: { outcome: 'withdrawn' }, theirs: { status: 'warning_closed' } })),
  anAmount.map(transfer),
  anAmount.map((amount) => withoutOurs(change(transfer(amount), { theirs: { reversed: amount } }))),
  anAmount.map(payout),
  fc.tuple(anAmount, fc.constantFrom('returned', 'cancelled')).map(([amount, status]) =>
    change(payout(amount), { ours: { status }, theirs: { status: 'failed' } })),
  anAmount.map((amount) => withoutOurs(change(payout(amount), { theirs: { status: 'canceled' } }))),
  fc.constantFrom<OurTicket['status']>('minted', 'burned', 'released').map(ticket),
); // prettier-ignore

/** Each kind, planted into sides that agree. */
const planted: Record<DifferenceKind, fc.Arbitrary<Pair>> = {
  capture_unknown: fc.oneof(
    anAmount.map((amount) => withoutOurs(payment(amount, 9))),
    anAmount.map((amount) => change(payment(amount, 9), { ours: { completed: false } })),
    // The purchase has its money from another intent: this one was taken twice.
    anAmount.map((amount) => change(payment(amount, 9), { ours: { intentId: 'pi_2' } })),
  ),
  capture_missing: fc.oneof(
    anAmount.map((amount) => withoutTheirs(payment(amount, 9))),
    anAmount.map((amount) => change(payment(amount, 9), { theirs: { state: 'held' } })),
    anAmount.map((amount) => change(payment(amount, 9), { theirs: { state: 'none' } })),
  ),
  capture_differs: fc.oneof(
    fc.tuple(anAmount, apart).map(([amount, more]) => change(payment(amount, 9), { theirs: { amount: amount + more } })),
    anAmount.map((amount) => change(payment(amount, 9), { theirs: { currency: 'EUR' } })),
  ),
  fee_differs: fc.tuple(anAmount, aFee, apart).map(([amount, fee, more]) => change(payment(amount, fee), { theirs: { fee: fee + more } })),
  hold_left: fc.oneof(
    anAmount.map((amount) => change(payment(amount, 0), { ours: { completed: false }, theirs: { state: 'held' } })),
    anAmount.map((amount) => withoutOurs(change(payment(amount, 0), { theirs: { state: 'held' } }))),
  ),
  refund_unknown: fc.tuple(anAmount, fc.constantFrom<TheirRefund['status']>('pending', 'requires_action', 'succeeded')).map(
    ([amount, status]) => withoutOurs(change(refund(amount), { theirs: { status } })),
  ),
  refund_missing: anAmount.map((amount) => withoutTheirs(refund(amount))),
  refund_differs: fc.tuple(anAmount, apart).map(([amount, more]) => change(refund(amount), { theirs: { amount: amount + more } })),
  refund_status: fc.oneof(
    fc.tuple(anAmount, fc.constantFrom<TheirRefund['status']>('pending', 'failed', 'canceled')).map(
      ([amount, status]) => change(refund(amount), { theirs: { status } }),
    ),
    fc.tuple(anAmount, fc.constantFrom<OurRefund['status']>('failed', 'returned')).map(
      ([amount, status]) => change(refund(amount), { ours: { status } }),
    ),
  ),
  dispute_unknown: anAmount.map((amount) => withoutOurs(dispute(amount, 1_500))),
  dispute_missing: anAmount.map((amount) => withoutTheirs(dispute(amount, 1_500))),
  dispute_status: fc.constantFrom<TheirDispute['status']>('won', 'needs_response', 'under_review').map(
    (status) => change(dispute(5_000, 1_500), { theirs: { status } }),
  ),
  dispute_funds: fc.oneof(
    fc.tuple(anAmount, apart).map(([amount, more]) => change(dispute(amount, 1_500), { theirs: { withdrawn: amount + more } })),
    fc.tuple(anAmount, apart).map(([amount, less]) => change(dispute(amount, 1_500), { theirs: { fee: 1_500 - less } })),
  ),
  transfer_unknown: anAmount.map((amount) => withoutOurs(transfer(amount))),
  transfer_missing: anAmount.map((amount) => withoutTheirs(transfer(amount))),
  transfer_differs: fc.oneof(
    fc.tuple(anAmount, apart).map(([amount, more]) => change(transfer(amount), { theirs: { amount: amount + more } })),
    anAmount.map((amount) => change(transfer(amount), { theirs: { reversed: amount } })),
    anAmount.map((amount) => change(transfer(amount), { theirs: { labels: { account: 'acct_2' } } })),
    anAmount.map((amount) => change(transfer(amount), { ours: { posted: 0 } })),
  ),
  payout_unknown: fc.tuple(anAmount, fc.constantFrom<TheirPayout['status']>('pending', 'in_transit', 'paid')).map(
    ([amount, status]) => withoutOurs(change(payout(amount), { theirs: { status } })),
  ),
  payout_missing: anAmount.map((amount) => withoutTheirs(payout(amount))),
  payout_differs: fc.tuple(anAmount, apart).map(([amount, more]) => change(payout(amount), { theirs: { amount: amount + more } })),
  payout_status: fc.oneof(
    fc.tuple(anAmount, fc.constantFrom<TheirPayout['status']>('failed', 'canceled', 'in_transit')).map(
      ([amount, status]) => change(payout(amount), { theirs: { status } }),
    ),
    anAmount.map((amount) => change(payout(amount), { ours: { status: 'returned' } })),
  ),
  movement_unknown: fc.integer({ min: -9_999, max: -1 }).map((net): Pair => ({
    kind: 'movement', id: 'txn_1', theirs: { ...theirs('txn_1'), kind: 'movement', type: 'stripe_fee', net } satisfies TheirMovement,
  })),
  ledger_differs: fc.oneof(
    fc.tuple(anAmount, apart).map(([amount, more]) => change(payment(amount, 9), { ours: { posted: amount - 9 + more } })),
    fc.tuple(anAmount, apart).map(([amount, more]) => change(refund(amount), { ours: { posted: -amount - more } })),
    fc.tuple(anAmount, apart).map(([amount, more]) => change(dispute(amount, 9), { ours: { posted: more - amount - 9 } })),
    anAmount.map((amount) => change(refund(amount), { ours: { status: 'failed' }, theirs: { status: 'failed' } })),
  ),
  // The database is asked for these.
  ledger_unbalanced: fc.constant(ticket('minted')),
  token_unknown: fc.constant(withoutOurs(ticket('minted'))),
  ticket_missing: fc.constantFrom(true, false).map((everMinted) => change(ticket('minted'), { theirs: { owned: false, everMinted } })),
  ticket_owned: fc.constantFrom<OurTicket['status']>('burned', 'released').map(
    (status) => change(ticket(status), { theirs: { owned: true, everMinted: true } }),
  ),
}; // prettier-ignore

const comparedKinds = differenceKinds.filter((kind) => kind !== 'ledger_unbalanced');
const alive = (pair: Pair): Pair => (pair.ours ? ({ ...pair, ours: { ...pair.ours, live: true } } as Pair) : pair);

describe('the two sides of an object', () => {
  test('that agree do not differ, in whatever standing', () => {
    fc.assert(
      fc.property(agreeing, (pair) => {
        expect(differencesOf(pair)).toEqual([]);
      }),
      seedOf(500),
    );
  });

  test.each(comparedKinds)('differ by exactly one %s where one is planted', (kind) => {
    fc.assert(
      fc.property(planted[kind], (pair) => {
        const found = differencesOf(pair);
        expect(found.map((one) => [one.kind, one.objectId])).toEqual([[kind, pair.id]]);
        expect(found[0]?.amount ?? 0).toBeGreaterThanOrEqual(0);
        expect((found[0]?.amount === undefined) === (found[0]?.currency === undefined)).toBe(true);
      }),
      seedOf(50),
    );
  });

  test('do not differ yet while a workflow of ours follows them', () => {
    fc.assert(
      fc.property(fc.oneof(...comparedKinds.map((kind) => planted[kind])), (pair) => {
        fc.pre(pair.ours !== undefined);
        expect(differencesOf(alive(pair))).toEqual([]);
      }),
      seedOf(300),
    );
  });

  test('are looked up again as what they are', () => {
    const prefixes = { payment: 'pi', refund: 're', dispute: 'dp', transfer: 'tr', payout: 'po', movement: 'txn' };
    fc.assert(
      fc.property(fc.oneof(...comparedKinds.map((kind) => planted[kind])), (pair) => {
        const [found] = differencesOf(pair);
        const { of, account } = subjectOf(found!);
        expect(of).toBe(pair.kind);
        if (of === 'payout') expect(account).toBe('acct_1');
        if (of !== 'ticket' && of !== 'ledger') expect(found!.objectId.startsWith(`${prefixes[of]}_`)).toBe(true);
      }),
      seedOf(300),
    );
    expect(subjectOf({ kind: 'ledger_unbalanced', ours: {}, theirs: null })).toEqual({ of: 'ledger' });
  });
});

const remedies = (pair: Pair) => differencesOf(pair).map(({ remedy }) => remedy);
const typeOf = (pair: Pair) => newsOf(pair)?.type;

describe('what a lost webhook would have said', () => {
  it('is a remedy only where a workflow can still be told', () => {
    expect(remedies(withoutOurs(dispute(5, 1)))).toEqual([{ tell: 'dispute', disputeId: 'dp_1', paymentKey: 'k1' }]);
    expect(remedies({ ...withoutOurs(dispute(5, 1)), paymentKey: undefined } as Pair)).toEqual([undefined]);
    expect(remedies(change(refund(5), { theirs: { status: 'failed' } }))).toEqual([
      { tell: 'refund-return', refundId: 'r1', providerRefundId: 're_1' },
    ]);
    expect(remedies(change(refund(5), { theirs: { status: 'pending' } }))).toEqual([undefined]);
    expect(remedies(change(payout(5), { theirs: { status: 'failed' } }))).toEqual([
      { tell: 'payout-return', payoutId: 'p1', providerPayoutId: 'po_1' },
    ]);
    expect(remedies(change(payout(5), { ours: { status: 'returned' } }))).toEqual([undefined]);
    expect(remedies(change(dispute(5, 1), { theirs: { withdrawn: 0 } }))).toEqual([undefined]);
  });

  it('is news for a workflow that runs, where the provider is further', () => {
    const reserved: Partial<OurRefund> = { live: true, status: 'reserved' };
    const created: Partial<OurPayout> = { live: true, status: 'created' };
    const open: Partial<OurDispute> = { live: true, withdrawn: 0, fee: 0 };
    expect(newsOf(change(refund(5), { ours: reserved }))).toEqual({
      workflowId: 'w:acme:r1', type: 'refund.updated', objectId: 're_1',
    }); // prettier-ignore
    expect(typeOf(change(refund(5), { ours: reserved, theirs: { status: 'failed' } }))).toBe('refund.failed');
    expect(typeOf(change(refund(5), { ours: reserved, theirs: { status: 'pending' } }))).toBeUndefined();
    expect(typeOf(change(payout(5), { ours: created }))).toBe('payout.paid');
    expect(typeOf(change(payout(5), { ours: created, theirs: { status: 'canceled' } }))).toBe('payout.failed');
    expect(typeOf(change(payout(5), { ours: created, theirs: { status: 'in_transit' } }))).toBeUndefined();
    expect(typeOf(change(dispute(5, 1), { ours: open }))).toBe('charge.dispute.updated');
    expect(typeOf(alive(dispute(5, 1)))).toBeUndefined();
    expect(typeOf(change(payment(5, 1), { ours: { live: true } }))).toBeUndefined();
    expect(typeOf(refund(5))).toBeUndefined();
  });
});

describe('an object of the provider', () => {
  const owners: Owners = {
    tenants: new Set(['acme']),
    charges: new Map([['ch_1', 'globex']]),
    intents: new Map([['pi_1', 'initech']]),
    accounts: new Map([['acct_1', 'hooli']]),
  };

  it.each([
    [{ tenant: 'acme', chargeId: 'ch_1' }, 'acme'],
    [{ tenant: 'stranger', chargeId: 'ch_1', intentId: 'pi_1' }, 'globex'],
    [{ intentId: 'pi_1', account: 'acct_1' }, 'initech'],
    [{ chargeId: 'ch_2', account: 'acct_1' }, 'hooli'],
    [{ tenant: 'stranger' }, 'platform'],
    [{}, 'platform'],
  ])('with %j is %s’s', (labels, owner) => expect(ownerOf(labels, owners)).toBe(owner));
});

it('every kind says what it means', () => {
  expect(Object.keys(meaningOf).toSorted()).toEqual([...differenceKinds].toSorted());
});
