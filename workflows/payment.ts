import { CancelledFailure, condition, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Operation } from '../activities/ports.ts';
import {
  authorizedUpdate,
  cancelUpdate,
  providerEventSignal,
  statusQuery,
  type AuthorizedRequest,
  type CancelRequest,
  type ProviderEvent,
} from '../contracts/messages.ts';
import type {
  ActionRequired,
  Authorization,
  EarlyAnswer,
  MintOutcome,
  PaymentInput,
  PaymentResult,
  UndonePayment,
} from '../contracts/payment.ts';
import { authorizationWindowMs, captureMarginMs } from '../contracts/retry-profiles.ts';
import { CustomerWait } from './customer-wait.ts';
import { Frame } from './frame.ts';
import { refuseOtherBody } from './message-rules.ts';
import { MarkedFailed } from './outcomes.ts';
import { untilKnown } from './parking.ts';
import { captureDeadline, endOf, type ForwardStep } from './payment-ends.ts';
import { PaymentView } from './payment-view.ts';
import { card, currentOperation, receipts, records, tickets } from './proxies.ts';
import { shielded } from './shielded.ts';
import { businessNow, epochNow } from './time.ts';

/**
 * A purchase: claim, authorize, mint, capture and settle, confirm. Money is taken only once the tickets exist; whatever
 * stops it before that is undone, last step first. Every business end is a result; only a bug fails this workflow.
 */
export function payment(input: PaymentInput): Promise<PaymentResult> {
  return new Purchase(input).run();
}

/** What a person may say of a step: its undo looks for what it did, so that nothing has to be known before. */
const undoFinds = { failed: () => Promise.resolve(), undone: true } as const;

class Purchase {
  readonly #input: PaymentInput;
  readonly #operation: Operation;
  readonly #view: PaymentView;
  readonly #frame: Frame<PaymentResult>;
  #early: EarlyAnswer | undefined;
  readonly #customer = new CustomerWait();
  #intentId: string | undefined;
  #authorization: Authorization | undefined;
  #authorizationEnded = false;
  #step: ForwardStep = 'authorize';

  constructor(input: PaymentInput) {
    const { order, fingerprint } = input;
    this.#input = input;
    this.#operation = currentOperation(order.tenantId);
    this.#view = new PaymentView(order);
    this.#frame = new Frame({
      operation: this.#operation,
      queueName: 'money',
      jobType: 'payment-process',
      view: this.#view,
      cancelUpdate,
    });
    setHandler(
      authorizedUpdate,
      (request) =>
        shielded(async () => {
          await condition(() => this.#answerTo(request) !== undefined);
          return this.#answerTo(request)!;
        }),
      {
        validator: (request) => refuseOtherBody(request, fingerprint),
        description: 'Answers as soon as the money is authorized, the customer has to act, or there is no sale',
      },
    );
    setHandler(providerEventSignal, (event) => this.#hear(event), { description: 'From verified webhooks' });
    setHandler(statusQuery, () => this.#view.status(), { description: 'Stage, money, what comes next' });
  }

  run(): Promise<PaymentResult> {
    const key = this.#input.order.idempotencyKey;
    const operation = this.#operation;
    return this.#frame.run<UndonePayment>({
      claim: () => records.claimPayment({ operation, input: this.#input, now: businessNow() }),
      forward: () => this.#forward(),
      stoppedBy: (error, cancelled) => this.#stoppedBy(error, cancelled),
      close: (result = { status: 'unfulfilled', moneyMoved: 'none', reason: 'internal_error' }) =>
        records.closePayment({ operation, key, result, now: businessNow() }),
      afterwards: (result) => (result.status === 'completed' ? this.#confirm() : Promise.resolve()),
    });
  }

  /** Undone since it was promised? Then the end is the truth. */
  #answerTo({ afterCustomer }: AuthorizedRequest): EarlyAnswer | undefined {
    const { end } = this.#frame;
    if (end && end.status !== 'completed') return end;
    if (afterCustomer && this.#early?.status === 'requires_action') return undefined;
    return this.#early ?? end;
  }

  /** Before the authorization is known, a canceled intent is its activity's own doing, and its answer says more. */
  #hear(event: Partial<ProviderEvent> | undefined): void {
    this.#customer.hear(event);
    if (event?.type !== 'payment_intent.canceled' || this.#frame.end) return;
    if (!this.#authorization || event.objectId !== this.#authorization.intentId) return;
    this.#authorizationEnded = true;
    this.#frame.main.cancel();
  }

  async #forward(): Promise<PaymentResult> {
    const { amount, currency } = this.#input.order;
    const authorization = amount > 0 ? await this.#authorize() : undefined;
    this.#refuseIfCancelled();
    this.#early = {
      status: 'authorized',
      moneyMoved: authorization ? 'held' : 'none',
      amount,
      currency,
      ...(authorization ? { intentId: authorization.intentId, captureBefore: authorization.captureBefore } : {}),
    };
    this.#view.enter('minting', authorization ? 'money authorized' : 'nothing to pay', this.#early.moneyMoved);
    const minted = await this.#mint();
    // No await between this look and the scheduling of the capture: from there on a cancel is too late.
    this.#refuseIfCancelled();
    this.#view.enter('capturing', 'tickets minted');
    return shielded(() => this.#captureAndSettle(minted));
  }

  /** A step may answer although it was cancelled: from then on nothing is promised, and nothing new begun. */
  #refuseIfCancelled(): void {
    if (this.#frame.main.consideredCancelled) throw new CancelledFailure('cancelled between two steps');
  }

  async #authorize(): Promise<Authorization> {
    const { tenantId, orderId, amount, currency, paymentMethod } = this.#input.order;
    const identity = this.#identity;
    const deadline = workflowInfo().startTime.getTime() + authorizationWindowMs;
    this.#view.enter('authorizing', 'order and tickets claimed');
    this.#frame.undo.register('void', (round) =>
      card.voidPayment({
        ...identity,
        round,
        ...(this.#intentId === undefined ? {} : { intentId: this.#intentId }),
      }),
    );
    const answer = await untilKnown(
      {
        step: 'authorize',
        deadline,
        marks: undoFinds,
        run: ({ round, within }) => {
          const customerUntil = this.#customer.mayTake(deadline);
          return card.authorizePayment.executeWithOptions({ ...within, summary: 'hold the money' }, [
            { ...identity, tenantId, orderId, amount, currency, paymentMethod, round, customerUntil },
          ]);
        },
      },
      this.#frame.parking,
    );
    this.#intentId = answer.intentId;
    this.#authorization = 'status' in answer ? await this.#confirmed(answer) : answer;
    return this.#authorization;
  }

  /** 3-D Secure: the buyer hears that they are waited for, and has until then. */
  #confirmed({ status, intentId }: ActionRequired): Promise<Authorization> {
    this.#refuseIfCancelled();
    this.#step = 'customer';
    const { amount, currency } = this.#input.order;
    const { until: expiresAt } = this.#customer;
    this.#early = { status, moneyMoved: 'none', amount, currency, intentId, expiresAt };
    this.#view.awaitCustomer(expiresAt);
    const look = { ...this.#identity, intentId };
    return this.#customer.acted(
      intentId,
      {
        marks: undoFinds,
        run: ({ within }) =>
          card.retrieveAuthorization.executeWithOptions({ ...within, summary: 'what the customer did' }, [look]),
      },
      this.#frame.parking,
    );
  }

  #mint(): Promise<MintOutcome> {
    this.#step = 'mint';
    const { order } = this.#input;
    const operation = this.#operation;
    const { venueId, eventId, buyer } = order;
    const ticketIds = order.tickets.map(({ ticketId }) => ({ ticketId }));
    const captureBefore = this.#authorization?.captureBefore;
    this.#frame.undo.register('burn', (round) => tickets.burnTickets({ operation, round }));
    return untilKnown(
      {
        step: 'mint',
        deadline: captureBefore ? captureDeadline(captureBefore, epochNow(), captureMarginMs) : undefined,
        marks: undoFinds,
        run: ({ round, within }) =>
          tickets.mintTickets.executeWithOptions({ ...within, summary: `mint ${ticketIds.length}` }, [
            { operation, wallet: buyer.wallet, venueId, eventId, tickets: ticketIds, round },
          ]),
      },
      this.#frame.parking,
    );
  }

  /** One unit: between taking the money and the books saying so, nothing may come. */
  async #captureAndSettle(mint: MintOutcome): Promise<PaymentResult> {
    this.#step = 'capture';
    const intentId = this.#authorization?.intentId;
    const identity = this.#identity;
    const capture = intentId
      ? await untilKnown(
          {
            step: 'capture',
            marks: { failed: undoFinds.failed },
            run: ({ round, within }) =>
              card.capturePayment.executeWithOptions({ ...within, summary: 'take the money' }, [
                { ...identity, intentId, round },
              ]),
          },
          this.#frame.parking,
        )
      : null;
    const { amount, currency, idempotencyKey: key } = this.#input.order;
    const result: PaymentResult = {
      status: 'completed',
      moneyMoved: capture ? 'captured' : 'none',
      amount,
      currency,
      ...(intentId ? { intentId } : {}),
      ...mint,
      nextAction: 'refund',
    };
    if (capture) this.#view.enter('capturing', 'money captured', 'captured');
    // The money is taken: whatever the books say no to waits for a person, and is never undone.
    return untilKnown(
      {
        step: 'settle',
        mustSucceed: true,
        run: () =>
          records.settlePayment({ operation: this.#operation, key, capture, mint, result, now: businessNow() }),
      },
      this.#frame.parking,
    );
  }

  #stoppedBy(error: unknown, cancelled: CancelRequest | undefined): UndonePayment | undefined {
    // What was promised is being taken back: who asks from now on waits for the end.
    this.#early = undefined;
    const end = endOf({ error, step: this.#step, cancelled, authorizationEnded: this.#authorizationEnded });
    // A refused card holds nothing, so there is nothing to void; a person's word for it is no card's.
    const refused = end?.status === 'declined' && this.#step === 'authorize';
    if (refused && !(error instanceof MarkedFailed)) this.#frame.undo.drop('void');
    return end;
  }

  async #confirm(): Promise<void> {
    const { tenantId, idempotencyKey: paymentKey, buyer } = this.#input.order;
    const receipt = { tenantId, paymentWorkflowId: this.#operation.workflowId, paymentKey, emailRef: buyer.emailRef };
    try {
      await receipts.sendReceipt.executeWithOptions({ summary: 'receipt' }, [{ ...receipt, now: businessNow() }]);
    } catch {
      // Mail never holds the end of money: `sendEmail` goes on under the receipt's own id.
      await records.handOverReceipt(receipt);
    }
  }

  get #identity() {
    const { tenantId, workflowId } = this.#operation;
    return { tenantId, workflowId };
  }
}
