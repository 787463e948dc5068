/**
 * The error catalogue: every "no" that a caller can meet, by code. The API answers with it (RFC 9457), the client throws
 * it, the command line prints it. `nextAction` is written for the person who has to act.
 */
import type { DecisionRefusal } from './decisions.ts';
import type { MoneyMoved, RefusedReason } from './payment.ts';
import type { PayoutRejection } from './payout.ts';
import type { RefundRejection } from './refund.ts';
import type { MoveRejection } from './ticket-move.ts';

export interface Problem {
  /** HTTP status of the API's answer. */
  status: number;
  title: string;
  /** What is known about the money when this is said. */
  moneyMoved: MoneyMoved;
  nextAction: string;
  /** Whether the very same request can succeed later. */
  retryable: boolean;
}

const newKey = 'then start again with a new idempotency key: this one is used up';
const refusal = (title: string, remedy: string): Problem => ({
  status: 409,
  title,
  moneyMoved: 'none',
  nextAction: `${remedy}, ${newKey}`,
  retryable: false,
});

/** Why a refund is rejected. What is known about its money is in its result, which outranks this. */
const rejection = (status: 404 | 409, title: string, moneyMoved: MoneyMoved, remedy: string): Problem => ({
  status,
  title,
  moneyMoved,
  nextAction: `${remedy}, under a new refund id: this one is used up`,
  retryable: false,
});

/** Why a ticket's transfer or burn is rejected. */
const unmoved = (status: 404 | 409, title: string, remedy: string): Problem => ({
  status,
  title,
  moneyMoved: 'none',
  nextAction: `${remedy} and ask again under a new key: this one is used up`,
  retryable: false,
});

/** Why a payout is rejected: nothing has moved. */
const noPayout = (title: string, remedy: string): Problem => ({
  status: 409,
  title,
  moneyMoved: 'none',
  nextAction: `${remedy}, under a new payout id: this one is used up`,
  retryable: false,
});

export const problems = {
  invalid_request: {
    status: 400,
    title: 'The request is not valid',
    moneyMoved: 'none',
    nextAction: 'Correct the named fields and send it again; nothing was started',
    retryable: false,
  },
  invalid_signature: {
    status: 400,
    title: 'The signature does not match the body',
    moneyMoved: 'none',
    nextAction:
      "Check STRIPE_WEBHOOK_SECRET (for connected accounts STRIPE_CONNECT_WEBHOOK_SECRET) against the endpoint's signing secret, and the sender's clock",
    retryable: false,
  },
  livemode_mismatch: {
    status: 400,
    title: 'The event belongs to the other mode',
    moneyMoved: 'none',
    nextAction: 'Point live events at the live deployment and test events at the test deployment',
    retryable: false,
  },
  unauthenticated: {
    status: 401,
    title: 'There is no valid token',
    moneyMoved: 'none',
    nextAction: 'Send "Authorization: Bearer …" with a token that is valid for an hour at most',
    retryable: false,
  },
  forbidden: {
    status: 403,
    title: 'The token does not allow this',
    moneyMoved: 'none',
    nextAction: 'Use a token with one of the named roles',
    retryable: false,
  },
  not_found: {
    status: 404,
    title: 'There is no such thing for this tenant',
    moneyMoved: 'none',
    nextAction: 'Check the id and the tenant of the token',
    retryable: false,
  },
  order_live: refusal('The order has another purchase that is live or paid', 'Wait for the other payment or cancel it'),
  ticket_live: refusal('A ticket is in another purchase that is live or paid', 'Choose other tickets'),
  sales_closed: refusal('The event does not sell tickets now', 'Open its sales'),
  currency: refusal('The venue settles in another currency', "Price the order in the venue's currency"),
  venue_frozen: refusal('The venue is frozen', 'Have the venue released'),
  no_venue: refusal('The venue is not known', 'Put the venue (PUT /venues/:id)'),
  no_event: refusal('The event is not known at this venue', 'Put the event (PUT /events/:id)'),
  no_payment: rejection(404, 'There is no such purchase', 'none', "Check the purchase's key and ask"),
  not_captured: rejection(
    409,
    'The purchase has taken no money',
    'none',
    'Cancel it if it is still running, or wait for its end and ask',
  ),
  exceeds: rejection(409, 'It is more than what is left of the purchase', 'captured', 'Ask for less'),
  ticket_unknown: rejection(409, 'A ticket is not of this purchase', 'captured', 'Check ticketIds and ask'),
  ticket_refunded: rejection(409, 'A ticket was refunded before', 'captured', 'Leave it out and ask'),
  disputed: rejection(
    409,
    'The card holder disputes the charge, which takes the money already',
    'captured',
    'Wait for the end of the dispute and ask',
  ),
  payout_exceeds: noPayout("It is more than what is available of the venue's money", 'Ask for less'),
  nothing_available: noPayout(
    "Nothing is available of the venue's money",
    'Wait until money becomes available and ask',
  ),
  payout_not_approved: noPayout('A person said no to it', 'Talk to whoever rejected it and ask'),
  not_approved: rejection(409, 'A person said no to it', 'captured', 'Talk to whoever rejected it and ask'),
  approval_expired: rejection(409, 'Nobody approved it in time', 'captured', 'Find an approver and ask'),
  decision_refused: {
    status: 409,
    title: 'The decision was not taken',
    moneyMoved: 'unknown',
    nextAction: 'Remedy what is named and decide again: it has changed nothing',
    retryable: false,
  },
  already_ended: {
    status: 409,
    title: 'It has ended, so there is nothing left to decide',
    moneyMoved: 'unknown',
    nextAction: 'Look at how it ended',
    retryable: false,
  },
  letter_waits: {
    status: 409,
    title: 'The workflow of this dead letter still runs',
    moneyMoved: 'unknown',
    nextAction:
      'Resolve it instead (POST /dead-letters/:id/resolve, or boxoffice dead-letters resolve): its workflow closes it then. Closing it would hide what is still open',
    retryable: false,
  },
  no_ticket: unmoved(404, 'There is no such ticket', 'Check the ticket, which may be burned'),
  not_minted: unmoved(409, "The ticket's sale has not ended", 'Wait for its end'),
  locked: unmoved(409, 'The ticket is locked: its payment was disputed', 'Have the dispute settled'),
  moving: unmoved(409, 'The ticket is being moved or burned already', 'Wait for the end of that'),
  not_held: unmoved(
    409,
    'The owner of the ticket has moved it without us',
    'Have it sent back to the wallet that it was given to',
  ),
  same_wallet: unmoved(409, 'The ticket is in that wallet', 'Name another wallet'),
  day_open: {
    status: 409,
    title: 'The books of the day are still open',
    moneyMoved: 'none',
    nextAction: 'Ask again once they are closed: two hours after the end of the day, in UTC',
    retryable: true,
  },
  key_reused: {
    status: 422,
    title: 'The idempotency key or id belongs to another request',
    moneyMoved: 'none',
    nextAction: 'Send the first request unchanged, or use a new key for the new one; nothing was started',
    retryable: false,
  },
  too_many_requests: {
    status: 429,
    title: 'Too many requests with this token',
    moneyMoved: 'none',
    nextAction: 'Wait for the time in Retry-After, then send the same request with the same key',
    retryable: true,
  },
  still_running: {
    status: 202,
    title: 'It has not ended yet',
    moneyMoved: 'unknown',
    nextAction: 'Nothing is lost: ask for its status later, or wait for its result',
    retryable: true,
  },
  operation_failed: {
    status: 500,
    title: 'The workflow did not end as it should',
    moneyMoved: 'unknown',
    nextAction: 'Have an operator look at the workflow in the Web UI before anything else is tried',
    retryable: false,
  },
  internal: {
    status: 500,
    title: 'The service has a fault',
    moneyMoved: 'unknown',
    nextAction: 'Ask for the status first; the same request with the same key never moves money twice',
    retryable: true,
  },
  overloaded: {
    status: 503,
    title: 'The service is too busy',
    moneyMoved: 'none',
    nextAction: 'Send the same request with the same key after the time in Retry-After',
    retryable: true,
  },
  limiter_away: {
    status: 503,
    title: 'The limiter does not answer, so nothing is sent to providers',
    moneyMoved: 'none',
    nextAction:
      'Bring Redis back: work waits meanwhile, nothing is lost, and stopping and resuming lanes is recorded all the same',
    retryable: true,
  },
  unavailable: {
    status: 503,
    title: 'The service cannot be reached',
    moneyMoved: 'unknown',
    nextAction: 'Send the same request with the same key again: it never moves money twice',
    retryable: true,
  },
} as const satisfies Record<string, Problem> &
  Record<RefusedReason | RefundRejection | Exclude<MoveRejection, 'internal_error'>, Problem>;

/** By which problem a caller hears of a payout's rejection. */
export const payoutProblems = {
  key_reused: 'key_reused',
  no_venue: 'no_venue',
  exceeds: 'payout_exceeds',
  nothing_available: 'nothing_available',
  not_approved: 'payout_not_approved',
} as const satisfies Record<PayoutRejection, ProblemCode>;

export type ProblemCode = keyof typeof problems;

export function isProblemCode(code: unknown): code is ProblemCode {
  return typeof code === 'string' && Object.hasOwn(problems, code);
}

/** The body of an answer with content type `application/problem+json`. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  moneyMoved: MoneyMoved;
  nextAction: string;
  /** Each field that is wrong, with what came and what is accepted. */
  errors?: { field: string; value?: string; accepted: string }[];
  /** What stands in the way, or is meant. */
  workflowId?: string;
  otherPayment?: string;
  /** Minor units that a refund could still give back. */
  refundable?: number;
  /** Minor units of a venue that could be paid out. */
  available?: number;
  /** Why a decision was not taken. */
  because?: DecisionRefusal;
}
