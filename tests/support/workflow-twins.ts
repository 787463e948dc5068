/**
 * Twins of all activities: they keep what would have happened in the world outside, one world per workflow, and behave
 * as a test plans. What they keep is what tests judge a workflow by.
 */
import { Context } from '@temporalio/activity';
import type { AnalyticsActivities } from '../../activities/analytics.ts';
import type { CleanupActivities } from '../../activities/cleanup.ts';
import type { DailyRoundActivities } from '../../activities/daily-round.ts';
import type { ReportActivities } from '../../activities/reports.ts';
import type { EventCancellationActivities } from '../../activities/event-cancellation.ts';
import type { DeadLetterActivities } from '../../activities/dead-letters.ts';
import type { DecisionActivities } from '../../activities/decisions.ts';
import type { AuthorizeInput, CardActivities, LookInput } from '../../activities/card.ts';
import type { DisputeActivities } from '../../activities/dispute.ts';
import type { IncidentActivities } from '../../activities/incidents.ts';
import type { MailActivities } from '../../activities/mail.ts';
import type { PayoutActivities } from '../../activities/payout.ts';
import type { PayoutRecordActivities } from '../../activities/payout-records.ts';
import type { SamplingActivities } from '../../activities/sampling.ts';
import type { Claimed, ParkInput, RecordActivities } from '../../activities/records.ts';
import type { ReconciliationActivities } from '../../activities/reconciliation.ts';
import type { ReconciliationChainActivities } from '../../activities/reconciliation-chain.ts';
import type { ReconciliationRecordActivities } from '../../activities/reconciliation-records.ts';
import type { RefundActivities } from '../../activities/refund.ts';
import type { SmsActivities } from '../../activities/sms.ts';
import type { TicketMoveActivities } from '../../activities/ticket-moves.ts';
import type { TicketActivities } from '../../activities/tickets.ts';
import type { Channel } from '../../contracts/alerts.ts';
import type { DecidedLetter } from '../../contracts/dead-letters.ts';
import type { DisputeResult, RefundReturnResult } from '../../contracts/dispute.ts';
import type { EventCancellationResult } from '../../contracts/event-cancellation.ts';
import type { EmailResult } from '../../contracts/mail.ts';
import type { MintResult } from '../../contracts/mint.ts';
import type { MintOutcome, PaymentResult } from '../../contracts/payment.ts';
import type { PayoutResult } from '../../contracts/payout.ts';
import type { ProviderRefund, RefundReservation, RefundResult } from '../../contracts/refund.ts';
import type { MoveResult } from '../../contracts/ticket-move.ts';
import { BackgroundOutside } from './background-outside.ts';
import { EventOutside } from './cancelled-event-outside.ts';
import { MonitorOutside } from './monitor-outside.ts';
import { answers, decline, fenced, refuse, type Behaviour } from './workflow-behaviours.ts';
import type { PayoutOutside } from './payout-outside.ts';

type Activities = CardActivities &
  RefundActivities &
  DisputeActivities &
  PayoutActivities &
  PayoutRecordActivities &
  TicketActivities &
  TicketMoveActivities &
  MailActivities &
  SmsActivities &
  RecordActivities &
  EventCancellationActivities &
  IncidentActivities &
  SamplingActivities &
  DeadLetterActivities &
  ReconciliationActivities &
  ReconciliationChainActivities &
  ReconciliationRecordActivities &
  AnalyticsActivities &
  ReportActivities &
  CleanupActivities &
  DailyRoundActivities &
  DecisionActivities;
/** A notice's one activity is planned channel by channel. */
export type ActivityName = keyof Activities | `sendAlert-${Channel}`;

/** What a customer who has to act has done so far, as the provider would say it. */
export interface CustomerOutside {
  /** The card asks for its holder. */
  wanted: boolean;
  /** At each look; the last one stays. */
  looks: ('waited for' | 'confirmed' | 'canceled' | { failed: string })[];
  /** The client secret is in our database. */
  asked: boolean;
}

export interface Call {
  activity: ActivityName;
  attempt: number;
  input: unknown;
}

export interface Letter extends ParkInput {
  open: boolean;
}

/** What a refund does to the world. */
export interface RefundOutside {
  books: 'untouched' | 'reserved' | 'refunded' | 'settled' | 'given back';
  /** What the reservation answers, where it differs from every test's. */
  reservation?: Partial<RefundReservation>;
  /** How the refund stands at each look, its creation being the first; the last one stays. */
  statuses: ProviderRefund['status'][];
  /** Once it exists. */
  atProvider?: ProviderRefund;
  burned: string[];
}

export const transactionHash = `0x${'ab'.repeat(32)}`;

/** The world outside of one workflow. */
export class Twin {
  readonly calls: Call[] = [];
  readonly letters = new Map<string, Letter>();
  money: 'untouched' | 'held' | 'captured' | 'voided' = 'untouched';
  tickets: 'none' | 'minted' | 'burned' = 'none';
  claim: {
    owned: boolean;
    result?:
      | PaymentResult
      | MintResult
      | RefundResult
      | PayoutResult
      | MoveResult
      | DisputeResult
      | RefundReturnResult
      | EventCancellationResult;
  } = { owned: false };
  refund: RefundOutside = { books: 'untouched', statuses: ['succeeded'], burned: [] };
  customer: CustomerOutside = { wanted: false, looks: ['waited for'], asked: false };
  event = new EventOutside();
  monitor = new MonitorOutside();
  /** What became of dead letters, by their number; the others are accepted. */
  decided: Readonly<Record<string, Omit<DecidedLetter, 'id'>>> = {};
  background = new BackgroundOutside();
  payout: PayoutOutside = { books: 'untouched', obstacles: [], statuses: ['pending', 'paid'], started: [] };
  receipt: 'none' | 'sent' | 'handed over' = 'none';
  /** How long the provider holds the money. Milliseconds. */
  authorizationMs = 7 * 24 * 3_600_000;
  readonly #fences = new Set<string>();
  readonly #plans = new Map<ActivityName, Behaviour[]>();
  readonly #always = new Map<ActivityName, Behaviour>();
  #changed: (() => void)[] = [];

  /** One behaviour per attempt, then it answers. */
  plan(activity: ActivityName, ...behaviours: Behaviour[]): this {
    this.#plans.set(activity, behaviours);
    return this;
  }

  /** In every attempt that is not planned; undefined heals it. */
  always(activity: ActivityName, behaviour: Behaviour | undefined): this {
    if (behaviour) this.#always.set(activity, behaviour);
    else this.#always.delete(activity);
    return this;
  }

  async perform<T>(activity: ActivityName, input: unknown, effect: () => T): Promise<T> {
    const behaviour = this.#plans.get(activity)?.shift() ?? this.#always.get(activity) ?? answers;
    this.calls.push({ activity, attempt: Context.current().info.attempt, input });
    for (const notify of this.#changed.splice(0)) notify();
    return behaviour(effect);
  }

  count(activity: ActivityName): number {
    return this.calls.filter((call) => call.activity === activity).length;
  }

  /** Resolves once the activity has begun that many attempts. */
  begun(activity: ActivityName, times = 1): Promise<void> {
    return this.#until(() => this.count(activity) >= times);
  }

  /** Resolves once that many attempts have begun, of whatever activity. */
  anyBegun(times: number): Promise<void> {
    return this.#until(() => this.calls.length >= times);
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#changed.push(resolve));
  }

  /** The steps that had any attempt, in the order of their first one. */
  get order(): ActivityName[] {
    return [...new Set(this.calls.map(({ activity }) => activity))];
  }

  inputsOf(activity: ActivityName): unknown[] {
    return this.calls.filter((call) => call.activity === activity).map(({ input }) => input);
  }

  fence(step: string): void {
    this.#fences.add(step);
  }

  refuseFenced(step: string): void {
    if (this.#fences.has(step)) throw fenced();
  }
}

/** Twins by workflow id. */
export class Twins {
  readonly #byWorkflow = new Map<string, Twin>();

  of(workflowId: string): Twin {
    const known = this.#byWorkflow.get(workflowId);
    if (known) return known;
    const twin = new Twin();
    this.#byWorkflow.set(workflowId, twin);
    return twin;
  }

  get current(): Twin {
    return this.of(Context.current().info.workflowExecution!.workflowId);
  }
}

const intentOf = ({ workflowId }: { workflowId: string }) => `pi_${workflowId.replaceAll(':', '_')}`;

function authorize(twin: Twin, input: AuthorizeInput) {
  twin.refuseFenced('authorize');
  if (!twin.customer.wanted) return hold(twin, input);
  twin.customer.asked = true;
  return { status: 'requires_action' as const, intentId: intentOf(input) };
}

function look(twin: Twin, input: LookInput) {
  const { looks } = twin.customer;
  const [now = 'waited for'] = looks.length > 1 ? looks.splice(0, 1) : looks;
  if (now === 'waited for') return { status: 'requires_action' as const, intentId: input.intentId };
  twin.customer.asked = false;
  if (now === 'confirmed') return hold(twin, input);
  throw decline(now === 'canceled' ? 'authorization_ended' : now.failed);
}

function hold(twin: Twin, input: { workflowId: string }) {
  if (twin.money === 'untouched') twin.money = 'held';
  const until = Context.current().info.currentAttemptScheduledTimestampMs + twin.authorizationMs;
  return { intentId: intentOf(input), chargeId: 'ch_1', captureBefore: new Date(until).toISOString() };
}

export function createCardTwins(twins: Twins): CardActivities {
  return {
    authorizePayment: (input) => {
      const twin = twins.current;
      return twin.perform('authorizePayment', input, () => authorize(twin, input));
    },
    retrieveAuthorization: (input) => {
      const twin = twins.current;
      return twin.perform('retrieveAuthorization', input, () => look(twin, input));
    },
    capturePayment: (input) => {
      const twin = twins.current;
      return twin.perform('capturePayment', input, () => {
        if (twin.money === 'voided') throw decline('authorization_ended');
        twin.money = 'captured';
        return {
          intentId: input.intentId,
          chargeId: 'ch_1',
          amount: 5_250,
          balanceTransactionId: 'txn_1',
          providerFee: 182,
          availableOn: '2027-01-03T00:00:00.000Z',
        };
      });
    },
    voidPayment: (input) => {
      const twin = twins.current;
      return twin.perform('voidPayment', input, () => {
        twin.fence('authorize');
        twin.customer.asked = false;
        if (twin.money === 'captured') throw refuse('captured_elsewhere');
        if (twin.money === 'held') twin.money = 'voided';
      });
    },
  };
}

export function createTicketTwins(twins: Twins): Omit<TicketActivities, 'burnRefunded'> {
  return {
    mintTickets: (input) => {
      const twin = twins.current;
      return twin.perform('mintTickets', input, () => {
        twin.refuseFenced('mint');
        twin.tickets = 'minted';
        const outcome: MintOutcome = {
          transactionHash,
          tickets: input.tickets.map(({ ticketId }, index) => ({ ticketId, tokenId: String(index + 1) })),
        };
        const [ticket] = outcome.tickets;
        if (input.settles && ticket) twin.claim.result ??= { status: 'minted', ticket, transactionHash };
        return outcome;
      });
    },
    burnTickets: (input) => {
      const twin = twins.current;
      return twin.perform('burnTickets', input, () => {
        twin.fence('mint');
        if (input.unlessSettled && twin.claim.result) return;
        if (twin.tickets === 'minted') twin.tickets = 'burned';
      });
    },
  };
}

const sent: EmailResult = { status: 'sent', messageId: '<receipt@boxoffice.test>' };

export function createMailTwins(twins: Twins): MailActivities {
  const send = (activity: 'sendMail' | 'sendReceipt', input: unknown) => {
    const twin = twins.current;
    return twin.perform(activity, input, () => {
      twin.receipt = 'sent';
      return sent;
    });
  };
  return { sendMail: (input) => send('sendMail', input), sendReceipt: (input) => send('sendReceipt', input) };
}

export type RefundRecords = Pick<RecordActivities, 'reserveRefund' | 'bookRefund' | 'settleRefund' | 'giveBackRefund'>;

export type DisputeRecords = Pick<RecordActivities, 'claimDispute' | 'bookDispute' | 'settleDispute' | 'returnRefund'>;

export function createRecordTwins(
  twins: Twins,
): Omit<RecordActivities, keyof RefundRecords | keyof DisputeRecords | 'claimMove' | 'closeMove'> {
  const take = <Result extends PaymentResult | MintResult>(activity: ActivityName, input: unknown) => {
    const twin = twins.current;
    return twin.perform(activity, input, (): Claimed<Result> => {
      const { result } = twin.claim;
      if (result) return { kind: 'ended', result: result as Result };
      twin.claim.owned = true;
      return { kind: 'owned' };
    });
  };
  const settle = <Result extends PaymentResult | MintResult>(activity: ActivityName, input: { result: Result }) => {
    const twin = twins.current;
    return twin.perform(activity, input, () => (twin.claim.result ??= input.result) as Result);
  };
  return {
    claimPayment: (input) => take<PaymentResult>('claimPayment', input),
    settlePayment: (input) => settle<PaymentResult>('settlePayment', input),
    closePayment: (input) => settle<PaymentResult>('closePayment', input),
    claimMint: (input) => take<MintResult>('claimMint', input),
    closeMint: (input) => settle<MintResult>('closeMint', input),
    park: (input) => {
      const twin = twins.current;
      return twin.perform('park', input, () => void twin.letters.set(input.step, { ...input, open: true }));
    },
    unpark: (input) => {
      const twin = twins.current;
      return twin.perform('unpark', input, () => {
        const letter = twin.letters.get(input.step);
        if (letter) letter.open = false;
      });
    },
    handOverReceipt: (input) => {
      const twin = twins.current;
      return twin.perform('handOverReceipt', input, () => {
        twin.receipt = 'handed over';
      });
    },
  };
}

export const createDeadLetterTwins = (twins: Twins): DeadLetterActivities => ({
  decideWave: (input) => {
    const twin = twins.current;
    return twin.perform('decideWave', input, () =>
      input.letters.map(({ id }) => ({ id, ...(twin.decided[id] ?? { outcome: 'accepted' }) })),
    );
  },
});

/** What a person shows whose proof is good. */
export const proofOf = (actor: string) => `proof of ${actor}`;

/** Verifies as the real one does, by other means. */
export const createDecisionTwins = (twins: Twins): DecisionActivities => ({
  decide: (input) => {
    const twin = twins.current;
    return twin.perform('decide', input, () => {
      const { actor, proof, requestedBy, decidedBy = [] } = input;
      if (proof !== proofOf(actor)) return { accepted: false, because: 'bad_signature' };
      if (actor === requestedBy) return { accepted: false, because: 'own_request' };
      if (decidedBy.includes(actor)) return { accepted: false, because: 'decided_before' };
      return { accepted: true, subject: actor };
    });
  },
});
