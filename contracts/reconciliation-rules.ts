/**
 * What a difference is: one object at a time, ours against theirs, so that neither lists nor days have to have the same
 * borders. What is under way is no difference: unknown is not failed. Pure.
 */
import { platform } from './ids.ts';
import type {
  Difference,
  DifferenceKind,
  Facts,
  Labels,
  News,
  ObjectKind,
  OurDispute,
  OurPayment,
  OurPayout,
  OurRefund,
  OurTicket,
  Pair,
  TheirDispute,
  TheirMovement,
  TheirPayment,
  TheirPayout,
  TheirRefund,
  TheirToken,
  TheirTransfer,
} from './reconciliation.ts';

/** `reconciliation` closes what is gone under its own name. */
export const closedByItself = 'reconciliation';

/** What the books know of tenants, and of whom charges and accounts are. */
export interface Owners {
  tenants: ReadonlySet<string>;
  charges: ReadonlyMap<string, string>;
  intents: ReadonlyMap<string, string>;
  accounts: ReadonlyMap<string, string>;
}

/** A tenant of ours that it names; else whose purchase or account it hangs on; else nobody's, which is the platform's. */
export function ownerOf({ tenant, chargeId, intentId, account }: Labels, owners: Owners): string {
  if (tenant !== undefined && owners.tenants.has(tenant)) return tenant;
  return (
    owners.charges.get(chargeId ?? '') ??
    owners.intents.get(intentId ?? '') ??
    owners.accounts.get(account ?? '') ??
    platform
  );
}

/** None while a workflow of ours follows it. */
export function differencesOf(pair: Pair): Difference[] {
  if (pair.ours?.live) return [];
  switch (pair.kind) {
    case 'payment':
      return ofPayment(pair.ours, pair.theirs);
    case 'refund':
      return ofRefund(pair.ours, pair.theirs);
    case 'dispute':
      return ofDispute(pair.ours, pair.theirs, pair.paymentKey);
    case 'transfer':
      return ofTransfer(pair.ours, pair.theirs);
    case 'payout':
      return ofPayout(pair.ours, pair.theirs);
    case 'ticket':
      return ofTicket(pair.ours, pair.theirs);
    case 'movement':
      return ofMovement(pair.theirs);
  }
}

type Fact = Facts[string];

const factsOf = (facts: Readonly<Record<string, Fact | undefined>>): Facts =>
  Object.fromEntries(Object.entries(facts).filter((entry): entry is [string, Fact] => entry[1] !== undefined));

const one = (kind: DifferenceKind, objectId: string, rest: Omit<Difference, 'kind' | 'objectId'>): Difference[] => [
  { kind, objectId, ...rest },
];

const money = (amount: number, currency: string) => ({ amount: Math.abs(amount), currency });

type Sides = Pick<Difference, 'ours' | 'theirs'>;

/** What a difference shows of both sides, of which one may be missing. */
const showing =
  <Ours, Theirs>(of: { ours: (ours: Ours) => Facts; theirs: (theirs: Theirs) => Facts }) =>
  (ours: Ours | undefined, theirs: Theirs | undefined): Sides => ({
    ours: ours ? of.ours(ours) : null,
    theirs: theirs ? of.theirs(theirs) : null,
  });

// --- purchases

const paymentSides = showing({
  ours: ({ paymentKey, completed, amount, currency, intentId, fee, posted }: OurPayment) =>
    factsOf({ paymentKey, completed, amount, currency, intentId, fee, posted }),
  theirs: ({ state, amount, currency, fee, labels }: TheirPayment) =>
    factsOf({ state, amount, currency, fee, workflow: labels.workflow }),
});

/** Money of the customer's that no completed purchase of ours stands for. */
function strayMoney(sides: Sides, { id, state, amount, currency }: TheirPayment): Difference[] {
  if (state === 'none') return [];
  return one(state === 'captured' ? 'capture_unknown' : 'hold_left', id, { ...sides, ...money(amount, currency) });
}

function ofPayment(ours: OurPayment | undefined, theirs: TheirPayment | undefined): Difference[] {
  const sides = paymentSides(ours, theirs);
  const paid = ours?.completed && ours.intentId !== undefined ? ours : undefined;
  if (!paid || (theirs && paid.intentId !== theirs.id)) return theirs ? strayMoney(sides, theirs) : [];
  const objectId = paid.intentId!;
  const { amount, currency } = paid;
  if (theirs?.state !== 'captured') return one('capture_missing', objectId, { ...sides, ...money(amount, currency) });
  if (theirs.currency !== currency) return one('capture_differs', objectId, { ...sides, ...money(amount, currency) });
  if (theirs.amount !== amount)
    return one('capture_differs', objectId, { ...sides, ...money(theirs.amount - amount, currency) });
  if (theirs.fee === undefined) return [];
  if (theirs.fee !== paid.fee)
    return one('fee_differs', objectId, { ...sides, ...money(theirs.fee - (paid.fee ?? 0), currency) });
  return posted(objectId, sides, { expected: amount - theirs.fee, posted: paid.posted, currency });
}

/** The rows agree: so must the ledger. */
function posted(
  objectId: string,
  sides: Sides,
  { expected, ...booked }: { expected: number; posted: number; currency: string },
): Difference[] {
  if (booked.posted === expected) return [];
  return one('ledger_differs', objectId, { ...sides, ...money(expected - booked.posted, booked.currency) });
}

// --- refunds

const lostRefund = new Set<TheirRefund['status']>(['failed', 'canceled']);
const doneByUs = new Set<OurRefund['status']>(['refunded', 'completed']);

const refundSides = showing({
  ours: ({ refundId, status, amount, currency, providerRefundId, posted: booked }: OurRefund) =>
    factsOf({ refundId, status, amount, currency, providerRefundId, posted: booked }),
  theirs: ({ status, amount, currency, labels }: TheirRefund) =>
    factsOf({ status, amount, currency, workflow: labels.workflow, charge: labels.chargeId }),
});

function ofRefund(ours: OurRefund | undefined, theirs: TheirRefund | undefined): Difference[] {
  const sides = refundSides(ours, theirs);
  if (!theirs) return ours ? missingRefund(sides, ours) : [];
  const stands = !lostRefund.has(theirs.status);
  const known = ours?.providerRefundId ?? theirs.id;
  if (!ours || known !== theirs.id)
    return stands ? one('refund_unknown', theirs.id, { ...sides, ...money(theirs.amount, theirs.currency) }) : [];
  const { amount, currency } = ours;
  const done = doneByUs.has(ours.status);
  if (done !== (theirs.status === 'succeeded') && (done || stands)) {
    const heard = done && !stands;
    return one('refund_status', theirs.id, {
      ...sides,
      ...money(amount, currency),
      ...(heard
        ? { remedy: { tell: 'refund-return' as const, refundId: ours.refundId, providerRefundId: theirs.id } }
        : {}),
    });
  }
  if (!done) return posted(theirs.id, sides, { expected: 0, posted: ours.posted, currency });
  if (theirs.currency !== currency) return one('refund_differs', theirs.id, { ...sides, ...money(amount, currency) });
  if (theirs.amount !== amount)
    return one('refund_differs', theirs.id, { ...sides, ...money(theirs.amount - amount, currency) });
  return posted(theirs.id, sides, { expected: -amount, posted: ours.posted, currency });
}

function missingRefund(sides: Sides, { providerRefundId, status, amount, currency }: OurRefund): Difference[] {
  if (providerRefundId === undefined || !doneByUs.has(status)) return [];
  return one('refund_missing', providerRefundId, { ...sides, ...money(amount, currency) });
}

// --- disputes

const disputeSides = showing({
  ours: ({ paymentKey, outcome, withdrawn, fee, posted: booked }: OurDispute) =>
    factsOf({ paymentKey, outcome, withdrawn, fee, posted: booked }),
  theirs: ({ status, amount, currency, withdrawn, fee, labels }: TheirDispute) =>
    factsOf({ status, amount, currency, withdrawn, fee, charge: labels.chargeId }),
});

const endOf: Partial<Record<TheirDispute['status'], OurDispute['outcome']>> = {
  won: 'won',
  lost: 'lost',
  warning_closed: 'withdrawn',
};

function ofDispute(
  ours: OurDispute | undefined,
  theirs: TheirDispute | undefined,
  paymentKey: string | undefined,
): Difference[] {
  const sides = disputeSides(ours, theirs);
  if (!theirs)
    return ours ? one('dispute_missing', ours.disputeId, { ...sides, ...money(ours.withdrawn, ours.currency) }) : [];
  if (!ours) {
    return one('dispute_unknown', theirs.id, {
      ...sides,
      ...money(theirs.amount, theirs.currency),
      ...(paymentKey === undefined ? {} : { remedy: { tell: 'dispute', disputeId: theirs.id, paymentKey } }),
    });
  }
  const atStake = theirs.withdrawn + theirs.fee - (ours.withdrawn + ours.fee);
  if (theirs.withdrawn !== ours.withdrawn || theirs.fee !== ours.fee)
    return one('dispute_funds', theirs.id, { ...sides, ...money(atStake, theirs.currency) });
  if (endOf[theirs.status] !== ours.outcome)
    return one('dispute_status', theirs.id, { ...sides, ...money(theirs.amount, theirs.currency) });
  const expected = -(theirs.withdrawn + theirs.fee);
  return posted(theirs.id, sides, { expected, posted: ours.posted, currency: ours.currency });
}

// --- money to venues

const transferSides = showing({
  ours: ({ payoutId, account, transferAmount, currency, transferId, posted: booked }: OurPayout) =>
    factsOf({ payoutId, account, amount: transferAmount, currency, transferId, posted: booked }),
  theirs: ({ amount, reversed, currency, labels }: TheirTransfer) =>
    factsOf({ amount, reversed, currency, account: labels.account, workflow: labels.workflow }),
});

function ofTransfer(ours: OurPayout | undefined, theirs: TheirTransfer | undefined): Difference[] {
  const sides = transferSides(ours, theirs);
  if (!theirs) {
    if (ours?.transferId === undefined) return [];
    return one('transfer_missing', ours.transferId, { ...sides, ...money(ours.transferAmount, ours.currency) });
  }
  const left = theirs.amount - theirs.reversed;
  if (!ours || ours.transferId !== theirs.id) {
    if (left === 0) return [];
    return one('transfer_unknown', theirs.id, { ...sides, ...money(left, theirs.currency) });
  }
  const same =
    theirs.amount === ours.transferAmount &&
    theirs.currency === ours.currency &&
    theirs.labels.account === ours.account &&
    left === -ours.posted;
  if (same) return [];
  return one('transfer_differs', theirs.id, { ...sides, ...money(left + ours.posted, ours.currency) });
}

const lostPayout = new Set<TheirPayout['status']>(['failed', 'canceled']);

const payoutSides = showing({
  ours: ({ payoutId, account, status, amount, currency, providerPayoutId }: OurPayout) =>
    factsOf({ payoutId, account, status, amount, currency, providerPayoutId }),
  theirs: ({ status, amount, currency, labels }: TheirPayout) =>
    factsOf({ status, amount, currency, account: labels.account, workflow: labels.workflow }),
});

function ofPayout(ours: OurPayout | undefined, theirs: TheirPayout | undefined): Difference[] {
  const sides = payoutSides(ours, theirs);
  if (!theirs) {
    if (ours?.providerPayoutId === undefined) return [];
    return one('payout_missing', ours.providerPayoutId, { ...sides, ...money(ours.amount, ours.currency) });
  }
  const stands = !lostPayout.has(theirs.status);
  if (!ours || ours.providerPayoutId !== theirs.id)
    return stands ? one('payout_unknown', theirs.id, { ...sides, ...money(theirs.amount, theirs.currency) }) : [];
  const paid = ours.status === 'paid';
  if (paid !== (theirs.status === 'paid') && (paid || stands)) {
    const heard = paid && !stands;
    return one('payout_status', theirs.id, {
      ...sides,
      ...money(ours.amount, ours.currency),
      ...(heard
        ? { remedy: { tell: 'payout-return' as const, payoutId: ours.payoutId, providerPayoutId: theirs.id } }
        : {}),
    });
  }
  if (theirs.amount === ours.amount && theirs.currency === ours.currency) return [];
  return one('payout_differs', theirs.id, { ...sides, ...money(theirs.amount - ours.amount, ours.currency) });
}

function ofMovement({ id, type, net, currency }: TheirMovement): Difference[] {
  if (net === 0) return [];
  return one('movement_unknown', id, { ours: null, theirs: factsOf({ type, net, currency }), ...money(net, currency) });
}

// --- tickets

const ticketSides = showing({
  ours: ({ ticketId, status, workflowId: workflow }: OurTicket) => factsOf({ ticketId, status, workflow }),
  theirs: ({ owned, everMinted }: TheirToken) => factsOf({ owned, everMinted }),
});

function ofTicket(ours: OurTicket | undefined, theirs: TheirToken): Difference[] {
  const sides = ticketSides(ours, theirs);
  const { tokenId, owned, everMinted } = theirs;
  if (!ours) return everMinted ? one('token_unknown', tokenId, sides) : [];
  if (ours.status === 'minted') return owned ? [] : one('ticket_missing', tokenId, sides);
  return owned ? one('ticket_owned', tokenId, sides) : [];
}

/**
 * What a webhook would have told a workflow that still runs, where the provider is further than it. Not purchases: they look
 * for themselves every few minutes at most, and most of those that are seen here are just on their way.
 */
export function newsOf(pair: Pair): News | undefined {
  if (!pair.ours?.live || !pair.theirs) return undefined;
  const tell = (type: string) => ({ workflowId: pair.ours!.workflowId, type, objectId: pair.id });
  switch (pair.kind) {
    case 'refund':
      return pair.theirs.status === 'pending' || pair.theirs.status === 'requires_action'
        ? undefined
        : tell(lostRefund.has(pair.theirs.status) ? 'refund.failed' : 'refund.updated');
    case 'payout':
      if (lostPayout.has(pair.theirs.status)) return tell('payout.failed');
      return pair.theirs.status === 'paid' ? tell('payout.paid') : undefined;
    case 'dispute': {
      const { withdrawn, fee, outcome } = pair.ours;
      const same = withdrawn === pair.theirs.withdrawn && fee === pair.theirs.fee;
      return same && endOf[pair.theirs.status] === outcome ? undefined : tell('charge.dispute.updated');
    }
    case 'payment':
    case 'transfer':
    case 'ticket':
      return undefined;
  }
}

/** What a difference is about, and where it is looked up. The ledger's own are for good. */
export function subjectOf({ kind, ours, theirs }: Pick<Difference, 'kind' | 'ours' | 'theirs'>): Subject {
  const account = (ours ?? theirs)?.['account'];
  if (kind === 'ledger_unbalanced') return { of: 'ledger' };
  if (kind.startsWith('ticket') || kind.startsWith('token')) return { of: 'ticket' };
  if (kind === 'ledger_differs') return { of: ours && 'refundId' in ours ? 'refund' : ours && 'withdrawn' in ours ? 'dispute' : 'payment' }; // prettier-ignore
  const of = (['refund', 'dispute', 'transfer', 'payout', 'movement'] as const).find((one) => kind.startsWith(one));
  return { of: of ?? 'payment', ...(of === 'payout' && typeof account === 'string' ? { account } : {}) };
}

export interface Subject {
  of: ObjectKind | 'ticket' | 'ledger';
  /** Of a payout: the connected account. */
  account?: string;
}
