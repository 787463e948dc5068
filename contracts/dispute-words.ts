/** What is said of a dispute, and when. Pure. */
import type { DisputeResult, DisputeStanding, OpenDisputeStage, ProviderDispute } from './dispute.ts';
import { formatAmount } from './money.ts';
import { evidenceAlarmsMs } from './retry-profiles.ts';

/** One sentence per stage: what happens next, and what a person can do. */
export const nextOfOpenDispute: Readonly<Record<OpenDisputeStage, string>> = {
  started: 'The dispute is being looked up at the card provider.',
  inquiry:
    "The cardholder's bank asks about the charge; no money has moved. Answer it in the provider's dashboard, or refund the purchase: both prevent a dispute.",
  respond:
    "The bank has taken the money back. Submit evidence in the provider's dashboard before its deadline, or accept the dispute there.",
  'evidence due':
    "The deadline for evidence is near: without evidence the money is lost. Submit it in the provider's dashboard now, or accept the dispute there.",
  'under review': 'The bank decides. That takes weeks, sometimes months; nothing is to be done here.',
  settling: 'The bank has decided, and its money has not moved at the provider yet. It is looked at again.',
  'in review':
    'A step needs a person. It is tried again by itself; compare the provider and the dead letter. Do not terminate: the money would move on unseen.',
};

/** What happened to the money, for a dispute that has ended. */
export function nextOfDispute(result: DisputeResult): string {
  switch (result.status) {
    case 'won':
      return `${formatAmount(result.amount, result.currency)} are back; the venue has its part again.`;
    case 'lost':
      return `${formatAmount(result.amount, result.currency)} are gone; ${result.locked.length} ticket(s) of the purchase are locked.`;
    case 'withdrawn':
      return 'The bank asks no more; no money has moved.';
  }
}

const inquiries = new Set<ProviderDispute['status']>(['warning_needs_response', 'warning_under_review']);
const answerable = new Set<ProviderDispute['status']>(['warning_needs_response', 'needs_response']);

export const isAnswerable = ({ status }: ProviderDispute): boolean => answerable.has(status);

/**
 * How it ended, once its money has moved as well: the provider may say "won" before the money is back. Undefined while it
 * is open.
 */
export function outcomeOf(
  { status }: ProviderDispute,
  { withdrawn }: Pick<DisputeStanding, 'withdrawn'>,
): DisputeResult['status'] | undefined {
  if (status === 'lost') return withdrawn > 0 ? 'lost' : undefined;
  if (withdrawn > 0) return undefined;
  if (status === 'won') return 'won';
  return status === 'warning_closed' ? 'withdrawn' : undefined;
}

/** Where an open dispute stands. `now` and the alarms in epoch milliseconds. */
export function stageOf(dispute: ProviderDispute, now: number): OpenDisputeStage {
  if (isAnswerable(dispute) && alarmsOf(dispute).some((alarm) => alarm <= now)) return 'evidence due';
  if (inquiries.has(dispute.status)) return 'inquiry';
  if (dispute.status === 'needs_response') return 'respond';
  return dispute.status === 'under_review' ? 'under review' : 'settling';
}

/** When the deadline for evidence makes it louder, earliest first. Epoch milliseconds; none where no evidence is wanted. */
export function alarmsOf(dispute: ProviderDispute): number[] {
  const { evidenceDueBy } = dispute;
  if (evidenceDueBy === undefined || !isAnswerable(dispute)) return [];
  return evidenceAlarmsMs.map((before) => Date.parse(evidenceDueBy) - before);
}
