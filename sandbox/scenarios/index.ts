/** The scenarios, in the order in which they are shown. */
import { alert } from './alert.ts';
import { cancelled } from './cancelled.ts';
import { declinedThenPaid } from './declined-then-paid.ts';
import { disputeLost } from './dispute-lost.ts';
import { duplicates } from './duplicates.ts';
import { engineKilled } from './engine-killed.ts';
import { eventCancelled } from './event-cancelled.ts';
import { lostAnswer } from './lost-answer.ts';
import { parkedResolved } from './parked-resolved.ts';
import { payoutApproved } from './payout-approved.ts';
import { purchase } from './purchase.ts';
import { refundPartial } from './refund-partial.ts';
import type { Scenario } from './scenario.ts';
import { threeDSecure } from './three-d-secure.ts';
import { workerKilled } from './worker-killed.ts';

export const scenarios: readonly Scenario[] = [
  purchase,
  duplicates,
  declinedThenPaid,
  lostAnswer,
  cancelled,
  workerKilled,
  engineKilled,
  refundPartial,
  payoutApproved,
  threeDSecure,
  parkedResolved,
  disputeLost,
  eventCancelled,
  alert,
];
