import { CancelledFailure, setHandler } from '@temporalio/workflow';
import type { Operation } from '../activities/ports.ts';
import { cancelRefundUpdate, providerEventSignal, refundStatusQuery } from '../contracts/messages.ts';
import type { ProviderRefund, RefundInput, RefundReservation, RefundResult } from '../contracts/refund.ts';
import { refundPollMs } from '../contracts/retry-profiles.ts';
import { Approvals } from './approvals.ts';
import { Frame } from './frame.ts';
import { Hearing } from './hearing.ts';
import { untilKnown } from './parking.ts';
import { currentOperation, records, refunds, tickets } from './proxies.ts';
import { NotRefunded, refundEndOf, type UndoneRefund } from './refund-ends.ts';
import { RefundView } from './refund-view.ts';
import { shielded } from './shielded.ts';
import { businessNow } from './time.ts';

/**
 * A refund: reserve, ask the provider, follow it to its end, book, burn, settle. Nothing is called refunded before the
 * provider says so, and nothing is given back to the books while it may still happen.
 */
export function refund(input: RefundInput): Promise<RefundResult> {
  return new Repayment(input).run();
}

const refundEvents = ['refund.updated', 'refund.failed', 'charge.refund.updated'];

class Repayment {
  readonly #input: RefundInput;
  readonly #operation: Operation;
  readonly #view: RefundView;
  readonly #frame: Frame<RefundResult>;
  readonly #approvals: Approvals;
  readonly #refunds = new Hearing(refundEvents);
  #reservation: RefundReservation | undefined;
  #asked = false;

  constructor(input: RefundInput) {
    const { request } = input;
    this.#input = input;
    this.#operation = currentOperation(request.tenantId);
    this.#view = new RefundView(request);
    this.#frame = new Frame({
      operation: this.#operation,
      queueName: 'money',
      jobType: 'refund-process',
      view: this.#view,
      cancelUpdate: cancelRefundUpdate,
    });
    this.#approvals = new Approvals({ operation: this.#operation, requestedBy: request.requestedBy });
    setHandler(providerEventSignal, (event) => this.#refunds.hear(event), { description: 'From verified webhooks' });
    setHandler(refundStatusQuery, () => this.#view.status(), { description: 'Stage, money, what comes next' });
  }

  run(): Promise<RefundResult> {
    return this.#frame.run<UndoneRefund>({
      claim: () => this.#reserve(),
      forward: () => this.#forward(),
      stoppedBy: (error, cancelled) => refundEndOf({ error, cancelled, asked: this.#asked }),
      close: (result = { status: 'failed', moneyMoved: 'captured', code: 'internal_error' }) => {
        this.#view.undoing(result.status);
        return records.giveBackRefund({ operation: this.#operation, result, now: businessNow() });
      },
    });
  }

  async #reserve() {
    const claim = await records.reserveRefund({ operation: this.#operation, input: this.#input, now: businessNow() });
    if (claim.kind === 'owned') this.#reservation = claim.reservation;
    return claim;
  }

  /** Above the venue's limit money goes back only when other people say so. */
  async #approved({ approvalsNeeded: needed = 0 }: RefundReservation): Promise<void> {
    if (needed === 0) return;
    this.#view.waitForApproval(this.#reservation!, needed);
    await this.#approvals.wait({
      needed,
      remind: (round) => this.#view.remind(round),
      approved: (by, sofar) => this.#view.approved(by, sofar, needed),
    });
  }

  async #forward(): Promise<RefundResult> {
    await this.#approved(this.#reservation!);
    // No await between this look and the scheduling of the call: from there on a cancel is too late.
    if (this.#frame.main.consideredCancelled) throw new CancelledFailure('cancelled before the provider was asked');
    this.#asked = true;
    return shielded(() => this.#repay(this.#reservation!));
  }

  /** One unit: between the provider's answer and the books saying so, nothing may come. */
  async #repay(reservation: RefundReservation): Promise<RefundResult> {
    const { amount, currency } = reservation;
    const operation = this.#operation;
    const { parking } = this.#frame;
    this.#view.reserved(reservation);
    const refund = await this.#followed(await this.#ask(reservation));
    if (refund.status !== 'succeeded') throw new NotRefunded(refund);
    const book = () => records.bookRefund({ operation, refund, now: businessNow() });
    await untilKnown({ step: 'book', mustSucceed: true, run: book }, parking);
    this.#view.refunded(refund);
    const burned = await this.#burn(reservation);
    const { providerRefundId } = refund;
    const end = { status: 'completed', moneyMoved: 'refunded', amount, currency, providerRefundId, burned } as const;
    const settle = () => records.settleRefund({ operation, result: end, now: businessNow() });
    return untilKnown({ step: 'settle', mustSucceed: true, run: settle }, parking);
  }

  #ask({ chargeId, amount }: RefundReservation): Promise<ProviderRefund> {
    const { tenantId, workflowId } = this.#operation;
    const wanted = { tenantId, workflowId, chargeId, amount };
    return untilKnown(
      {
        step: 'refund',
        marks: {
          failed: ({ round, within }) =>
            refunds.confirmNoRefund.executeWithOptions({ ...within, summary: 'make sure that there is none' }, [
              { ...wanted, round },
            ]),
        },
        run: ({ round, within }) =>
          refunds.createRefund.executeWithOptions({ ...within, summary: 'give the money back' }, [
            { ...wanted, operation: this.#operation, now: businessNow(), round },
          ]),
      },
      this.#frame.parking,
    );
  }

  /** Until the provider has ended it, one way or the other. Days, for some banks. */
  async #followed(first: ProviderRefund): Promise<ProviderRefund> {
    const { providerRefundId } = first;
    const look = () =>
      refunds.retrieveRefund.executeWithOptions({ summary: 'how the refund stands' }, [{ providerRefundId }]);
    let refund = first;
    for (let looks = 0; refund.status === 'pending' || refund.status === 'requires_action'; looks++) {
      this.#view.waitForProvider(refund);
      await this.#refunds.of(providerRefundId, refundPollMs(looks));
      this.#refunds.answered(providerRefundId);
      refund = await untilKnown({ step: 'follow', mustSucceed: true, run: look }, this.#frame.parking);
    }
    return refund;
  }

  /** The money stays refunded, whatever becomes of this: a ticket that its buyer gave away waits for a person. */
  async #burn({ ticketIds }: RefundReservation): Promise<string[]> {
    if (ticketIds.length === 0) return [];
    const operation = this.#operation;
    const { paymentKey } = this.#input.request;
    this.#view.enter('burning', `${ticketIds.length} ticket(s) to burn`);
    const burn = ({ round }: { round: number }) =>
      tickets.burnRefunded.executeWithOptions({ summary: `burn ${ticketIds.length}` }, [
        { operation, paymentKey, ticketIds, round },
      ]);
    // A person may leave the tickets where they are.
    const marks = { succeeded: () => [] };
    return untilKnown({ step: 'burn', mustSucceed: true, marks, run: burn }, this.#frame.parking);
  }
}
