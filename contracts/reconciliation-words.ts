/** What is said of a reconciliation. Pure. */
import type {
  DifferenceKind,
  OpenReconciliationStage,
  ReconciliationCounts,
  ReconciliationResult,
  ReconciliationStatus,
} from './reconciliation.ts';

export const noCounts: ReconciliationCounts = {
  payments: 0, endings: 0, refunds: 0, disputes: 0, transfers: 0, payouts: 0, movements: 0, tickets: 0, tokens: 0,
  ledger: 0, told: 0,
}; // prettier-ignore

export const nextOfOpenReconciliation: Readonly<Record<OpenReconciliationStage, string>> = {
  started: 'It compares the day, page by page.',
  comparing: 'It goes on page by page, behind all other work. `cancel` stops it; what it found stays.',
  'looking again': 'What other days left open is looked up again; what is gone is closed.',
  healing: 'Workflows were told what lost webhooks would have said; it looks whether that has healed the differences.',
  'in review': 'A step needs a person. It is tried again by itself; look at the provider and at the dead letter.',
};

export function nextOfReconciliation(result: ReconciliationResult): string {
  switch (result.status) {
    case 'clean':
      return 'Books, card provider and chain agree.';
    case 'differs':
      return result.open === 0
        ? 'All that differed was healed.'
        : `${result.open} difference(s) wait for a person: correct them at their cause and run it again, or close them with a reason.`;
    case 'cancelled':
      return 'The rest of the day was not compared. Run it again.';
  }
}

export const closedReconciliationStatus = (result: ReconciliationResult): ReconciliationStatus => ({
  stage: result.status,
  attention: 'none',
  moneyMoved: 'none',
  next: nextOfReconciliation(result),
  result,
});

/** What each kind means, and what to do about it. For people. */
export const meaningOf: Readonly<Record<DifferenceKind, string>> = {
  capture_unknown: 'the provider took money that no completed purchase has: find its purchase, or refund it there',
  capture_missing: 'a purchase counts on money that the provider did not take: look at the payment there',
  capture_differs: 'the provider took another amount or currency than the books say',
  fee_differs: "the provider's fee is not the one that was booked",
  hold_left: 'money is held on a card whose purchase has ended: cancel the authorization at the provider',
  refund_unknown: 'the provider gave money back that the books know nothing of, perhaps from its dashboard',
  refund_missing: 'the books have a refund that the provider does not know',
  refund_differs: 'a refund has another amount or currency than the books say',
  refund_status: 'the books and the provider disagree on whether a refund is done',
  dispute_unknown: 'the books know nothing of a dispute',
  dispute_missing: 'the books have a dispute that the provider does not know',
  dispute_status: 'a dispute is decided otherwise than it was closed here, or open again',
  dispute_funds: "a dispute's money moved and was not booked: an appeal, after it was closed here",
  transfer_unknown: 'money went to a connected account that no payout of ours sent',
  transfer_missing: 'the books have a transfer that the provider does not know',
  transfer_differs: 'a transfer has another amount, currency or account than the books say, or was reversed',
  payout_unknown: 'a connected account was paid out by nobody here: look whether its payouts are manual',
  payout_missing: 'the books have a payout that the provider does not know',
  payout_differs: 'a payout has another amount or currency than the books say',
  payout_status: 'the books and the provider disagree on whether a payout arrived',
  movement_unknown:
    "the provider's balance moved by something of its own: a fee, a payout of the platform, a correction",
  ledger_differs: 'the ledger posted something else for it than the provider moved',
  ledger_unbalanced: 'a transaction of the ledger does not sum to zero: somebody wrote around its rules',
  token_unknown: 'a token is on the chain and in no book: look who used the key of the issuer',
  ticket_missing: 'a ticket of the books is not on the chain',
  ticket_owned: 'a ticket is burned by the books, or was never made, and somebody owns it on the chain',
};
