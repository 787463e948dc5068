import { CancelledFailure, condition, setHandler, sleep } from '@temporalio/workflow';
import type { Operation } from '../activities/ports.ts';
import {
  cancelPayoutUpdate,
  payoutStatusQuery,
  providerEventSignal,
  type ProviderEvent,
} from '../contracts/messages.ts';
import type {
  PayoutInput,
  PayoutReservation,
  PayoutResult,
  ProviderPayout,
  ProviderTransfer,
  ReleasedPayout,
  VenueObstacle,
} from '../contracts/payout.ts';
import { payoutPollMs, waitingLookMs } from '../contracts/retry-profiles.ts';
import { Approvals } from './approvals.ts';
import { Frame } from './frame.ts';
import { Hearing } from './hearing.ts';
import { readFailure } from './outcomes.ts';
import { untilKnown } from './parking.ts';
import { NotPaid, payoutEndOf } from './payout-ends.ts';
import { PayoutView } from './payout-view.ts';
import { currentOperation, payoutRecords, payouts } from './proxies.ts';
import { shielded } from './shielded.ts';
import { businessNow } from './time.ts';

/**
 * A payout: reserve, wait until the venue can be paid and people have agreed, transfer to its account what that lacks, pay
 * out to its bank, follow that to its end. Every step is in the books before the next one begins.
 */
export function payout(input: PayoutInput): Promise<PayoutResult> {
  return new Disbursement(input).run();
}

const payoutEvents = ['payout.paid', 'payout.failed', 'payout.canceled', 'payout.updated'];
const comesBack = new Set(['payout.failed', 'payout.canceled']);

/** The balance does not cover it yet. Nothing was made, and it may be asked for again. */
const lacksFunds = (error: unknown): string | undefined => {
  const { kind, code } = readFailure(error);
  return kind === 'declined' && code === 'balance_insufficient' ? code : undefined;
};

class Disbursement {
  readonly #input: PayoutInput;
  readonly #operation: Operation;
  readonly #view: PayoutView;
  readonly #frame: Frame<PayoutResult>;
  readonly #approvals: Approvals;
  readonly #payouts = new Hearing(payoutEvents);
  /** Those that came back, as a webhook said. */
  readonly #cameBack = new Set<string>();
  #venueChanged = false;
  /** Each round that a step parked, or was told that the balance does not cover it, allows it one more call. */
  readonly #rounds = { transfer: 0, payout: 0 };
  #reservation: PayoutReservation | undefined;
  #obstacle: VenueObstacle | undefined;
  #asked = false;

  constructor(input: PayoutInput) {
    const { request } = input;
    this.#input = input;
    this.#operation = currentOperation(request.tenantId);
    this.#view = new PayoutView(request);
    this.#frame = new Frame({
      operation: this.#operation,
      queueName: 'money',
      jobType: 'payout-process',
      view: this.#view,
      cancelUpdate: cancelPayoutUpdate,
    });
    this.#approvals = new Approvals({ operation: this.#operation, requestedBy: request.requestedBy });
    setHandler(providerEventSignal, (event) => this.#hear(event), { description: 'From verified webhooks' });
    setHandler(payoutStatusQuery, () => this.#view.status(), { description: 'Stage, money, what comes next' });
  }

  run(): Promise<PayoutResult> {
    return this.#frame.run<ReleasedPayout>({
      claim: () => this.#reserve(),
      forward: () => this.#forward(),
      stoppedBy: (error, cancelled) =>
        payoutEndOf({ error, cancelled, asked: this.#asked, money: this.#view.moneyMoved }),
      close: (result = { status: 'returned', moneyMoved: 'with_us', code: 'internal_error' }) => {
        this.#view.undoing(result.status);
        return payoutRecords.releasePayout({ operation: this.#operation, result, now: businessNow() });
      },
      afterwards: (result) => this.#lookBack(result),
    });
  }

  #hear(event: Partial<ProviderEvent> | undefined): void {
    if (event?.type === 'account.updated') this.#venueChanged = true;
    this.#payouts.hear(event);
    if (event?.type && event.objectId && comesBack.has(event.type)) this.#cameBack.add(event.objectId);
  }

  /** Once the claim is ours this is repeated until the venue can be paid: only then is an amount reserved. */
  async #reserve() {
    const claim = await payoutRecords.reservePayout({
      operation: this.#operation,
      input: this.#input,
      now: businessNow(),
    });
    if (claim.kind === 'ended') return claim;
    this.#obstacle = claim.obstacle;
    this.#reservation = claim.reservation;
    if (claim.reservation) this.#view.reserved(claim.reservation);
    return { kind: claim.kind } as const;
  }

  async #forward(): Promise<PayoutResult> {
    for (let looks = 0; this.#obstacle; looks++) {
      await this.#untilTold(this.#obstacle, looks);
      const claim = await shielded(() => this.#reserve());
      if (claim.kind === 'ended') return claim.result;
    }
    const reservation = this.#reservation!;
    await this.#approved(reservation);
    const transfer = await this.#transferred(reservation);
    return shielded(() => this.#payOut(reservation, transfer));
  }

  async #untilTold(obstacle: VenueObstacle, looks: number): Promise<void> {
    this.#view.waitForVenue(obstacle);
    await condition(() => this.#venueChanged, waitingLookMs(looks));
    this.#venueChanged = false;
  }

  async #approved({ approvalsNeeded: needed }: PayoutReservation): Promise<void> {
    if (needed === 0) return;
    this.#view.waitForApproval(needed);
    await this.#approvals.wait({
      needed,
      remind: (round) => this.#view.note(`reminder ${round}: it still waits for approval`),
      approved: (by, sofar) => this.#view.note(`approved by \`${by}\` (${sofar} of ${needed})`),
    });
  }

  /** A venue may be frozen while people think. Cancellable. */
  async #unobstructed(): Promise<void> {
    const look = () => payoutRecords.lookAtVenue({ operation: this.#operation, now: businessNow() });
    for (let looks = 0; ; looks++) {
      const { obstacle } = await shielded(look);
      if (!obstacle) return;
      await this.#untilTold(obstacle, looks);
    }
  }

  /** Nothing may come between the look at the cancel and the call: from there on a cancel is too late. */
  #goOn(): void {
    if (this.#frame.main.consideredCancelled) throw new CancelledFailure('cancelled before money moved');
    this.#asked = true;
  }

  /** What the venue's account lacks. Undefined when it lacks nothing. */
  async #transferred(reservation: PayoutReservation): Promise<ProviderTransfer | undefined> {
    for (let refused = 0; ; refused++) {
      await this.#unobstructed();
      this.#goOn();
      if (reservation.transferAmount === 0) return undefined;
      try {
        return await shielded(() => this.#transfer(reservation));
      } catch (error) {
        const code = lacksFunds(error);
        if (code === undefined) throw error;
        // A clear "no" moved nothing: it can be cancelled again.
        this.#asked = false;
        this.#view.waitForFunds(code);
        await sleep(waitingLookMs(refused));
      }
    }
  }

  async #transfer({ account, transferAmount: amount, currency }: PayoutReservation): Promise<ProviderTransfer> {
    const operation = this.#operation;
    const { tenantId, workflowId } = operation;
    const { payoutId } = this.#input.request;
    const { parking } = this.#frame;
    const wanted = { tenantId, workflowId, payoutId, account, amount, currency };
    this.#view.transferring();
    const transfer = await untilKnown(
      {
        step: 'transfer',
        marks: {
          failed: ({ round, within }) =>
            payouts.confirmNoTransfer.executeWithOptions({ ...within, summary: 'make sure that there is none' }, [
              { ...wanted, round },
            ]),
        },
        run: ({ within }) =>
          payouts.transferToVenue.executeWithOptions({ ...within, summary: "to the venue's account" }, [
            { ...wanted, round: this.#rounds.transfer++ },
          ]),
      },
      parking,
    );
    this.#view.transferred(transfer.transferId);
    const book = () => payoutRecords.bookTransfer({ operation, transfer, now: businessNow() });
    await untilKnown({ step: 'book-transfer', mustSucceed: true, run: book }, parking);
    return transfer;
  }

  /** One unit: the money is the venue's by now, at the provider. */
  async #payOut(reservation: PayoutReservation, transfer: ProviderTransfer | undefined): Promise<PayoutResult> {
    const operation = this.#operation;
    const { parking } = this.#frame;
    const created = await this.#create(reservation);
    const book = () => payoutRecords.bookPayout({ operation, payout: created, now: businessNow() });
    await untilKnown({ step: 'book-payout', mustSucceed: true, run: book }, parking);
    const end = await this.#followed(reservation, created);
    if (end.status !== 'paid') throw new NotPaid(end);
    const { amount, currency } = reservation;
    const { providerPayoutId } = end;
    const result = {
      status: 'paid', moneyMoved: 'paid_out', amount, currency, providerPayoutId, ...transfer,
    } as const; // prettier-ignore
    const settle = () => payoutRecords.settlePayout({ operation, result, now: businessNow() });
    return untilKnown({ step: 'settle', mustSucceed: true, run: settle }, parking);
  }

  async #create(reservation: PayoutReservation): Promise<ProviderPayout> {
    for (let refused = 0; ; refused++) {
      try {
        return await this.#payOnce(reservation);
      } catch (error) {
        const code = lacksFunds(error);
        if (code === undefined) throw error;
        this.#view.waitForFunds(code);
        await sleep(waitingLookMs(refused));
      }
    }
  }

  #payOnce({ account, amount, currency }: PayoutReservation): Promise<ProviderPayout> {
    const { tenantId, workflowId } = this.#operation;
    const wanted = { tenantId, workflowId, account, amount, currency };
    this.#view.paying();
    return untilKnown(
      {
        step: 'payout',
        marks: {
          failed: ({ round, within }) =>
            payouts.confirmNoPayout.executeWithOptions({ ...within, summary: 'make sure that there is none' }, [
              { ...wanted, round },
            ]),
        },
        run: ({ within }) =>
          payouts.createPayout.executeWithOptions({ ...within, summary: 'to the bank' }, [
            { ...wanted, round: this.#rounds.payout++ },
          ]),
      },
      this.#frame.parking,
    );
  }

  /** Until the provider has ended it, one way or the other. */
  async #followed({ account }: PayoutReservation, first: ProviderPayout): Promise<ProviderPayout> {
    const { providerPayoutId } = first;
    const look = () =>
      payouts.retrievePayout.executeWithOptions({ summary: 'how the payout stands' }, [{ account, providerPayoutId }]);
    let latest = first;
    for (let looks = 0; latest.status === 'pending' || latest.status === 'in_transit'; looks++) {
      this.#view.inTransit(latest);
      await this.#payouts.of(providerPayoutId, payoutPollMs(looks));
      this.#payouts.answered(providerPayoutId);
      latest = await untilKnown({ step: 'follow', mustSucceed: true, run: look }, this.#frame.parking);
    }
    return latest;
  }

  /** A webhook that came too late to be looked into here: it was paid, and came back at once. */
  async #lookBack(result: PayoutResult): Promise<void> {
    if (result.status !== 'paid' || !this.#cameBack.has(result.providerPayoutId)) return;
    const { tenantId, payoutId } = this.#input.request;
    await payoutRecords.startPayoutReturn({ tenantId, payoutId });
  }
}
