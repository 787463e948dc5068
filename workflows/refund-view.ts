/** What a person sees of a refund while it runs: stage and attention, and the runbook in the Web UI. */
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { formatAmount } from '../contracts/money.ts';
import type { MoneyMoved } from '../contracts/payment.ts';
import type {
  OpenRefundStage,
  ProviderRefund,
  RefundRequest,
  RefundReservation,
  RefundResult,
  RefundStatus,
} from '../contracts/refund.ts';
import { closedRefundStatus, nextOfOpenRefund } from '../contracts/refund-words.ts';
import { searchAttributes, type Attention } from '../contracts/search-attributes.ts';
import type { View } from './frame.ts';
import { businessNow } from './time.ts';

const moneyWords: Readonly<Record<MoneyMoved, string>> = {
  none: 'nothing was taken',
  held: 'held on the card, not taken',
  captured: 'still ours, not given back',
  refunded: 'given back',
  unknown: 'not known yet: a call may have had its effect',
};

interface Standing {
  stage: OpenRefundStage;
  attention: Attention;
  moneyMoved: MoneyMoved;
}

export class RefundView implements View<RefundResult> {
  readonly #request: RefundRequest;
  readonly #happened: string[] = [];
  #reservation: RefundReservation | undefined;
  #standing: Standing = { stage: 'started', attention: 'none', moneyMoved: 'captured' };
  /** Where it stood before it came to rest. */
  #before: Standing = this.#standing;
  #end: RefundResult | undefined;

  constructor(request: RefundRequest) {
    this.#request = request;
    this.#show(`asked for by \`${request.requestedBy}\``);
  }

  get moneyMoved(): MoneyMoved {
    return this.#standing.moneyMoved;
  }

  /** A new stage. Not written to the search attributes: nobody filters by a stage that lasts a second. */
  enter(stage: OpenRefundStage, happened: string, moneyMoved: MoneyMoved = this.moneyMoved): void {
    this.#standing = { ...this.#standing, stage, moneyMoved };
    this.#show(happened);
  }

  /** It may take days, so it is shown in the lists. */
  waitForApproval(reservation: RefundReservation, needed: number): void {
    this.#reservation = reservation;
    this.#upsert({ ...this.#standing, stage: 'awaiting approval', attention: 'approval' });
    this.#show(`${needed} of other people than the requester have to approve it`);
  }

  approved(by: string, sofar: number, needed: number): void {
    if (sofar >= needed) this.#upsert({ ...this.#standing, attention: 'none' });
    this.#show(`approved by \`${by}\` (${sofar} of ${needed})`);
  }

  remind(round: number): void {
    this.#show(`still waiting for approval (reminder ${round})`);
  }

  reserved(reservation: RefundReservation): void {
    this.#reservation = reservation;
    this.enter('refunding', `${formatAmount(reservation.amount, reservation.currency)} reserved`);
  }

  /** It may take days, so it is shown in the lists; the same again is no news. */
  waitForProvider({ providerRefundId, status }: ProviderRefund): void {
    if (this.#standing.attention !== 'provider')
      this.#upsert({ ...this.#standing, stage: 'pending', attention: 'provider' });
    this.#show(`refund \`${providerRefundId}\` is ${status} at the provider`);
  }

  refunded({ providerRefundId }: ProviderRefund): void {
    this.#standing = { ...this.#standing, attention: 'none' };
    this.enter(this.#standing.stage, `refund \`${providerRefundId}\` succeeded and is booked`, 'refunded');
  }

  undoing(stoppedBy: string): void {
    this.#standing = { ...this.#standing, attention: 'none' };
    this.enter('undoing', `stopped (${stoppedBy}); the reservation is given back`);
  }

  rest(step: string, why: string, moneyMoved: MoneyMoved): void {
    if (this.#standing.attention !== 'review') this.#before = this.#standing;
    this.#upsert({ stage: 'in review', attention: 'review', moneyMoved });
    this.#show(`step **${step}** waits for a person: \`${why}\``);
  }

  resume(step: string): void {
    this.#upsert(this.#before);
    this.#show(`step **${step}** is resolved`);
  }

  /** Only now are amount and currency written to the search attributes, with the rest: an upsert costs as much as a step. */
  end(result: RefundResult): void {
    this.#end = result;
    this.#standing = { ...this.#standing, attention: 'none', moneyMoved: result.moneyMoved };
    this.#show(`ended: **${result.status}**`);
    upsertSearchAttributes([
      ...this.#shown(),
      ...(this.#reservation
        ? [
            { key: searchAttributes.amountMinor, value: this.#reservation.amount },
            { key: searchAttributes.currency, value: this.#reservation.currency },
          ]
        : []),
    ]);
  }

  status(): RefundStatus {
    if (this.#end) return closedRefundStatus(this.#end);
    return { ...this.#standing, next: nextOfOpenRefund[this.#standing.stage] };
  }

  #shown() {
    return [
      { key: searchAttributes.stage, value: this.status().stage },
      { key: searchAttributes.attention, value: this.#standing.attention },
    ];
  }

  #upsert(standing: Standing): void {
    this.#standing = standing;
    upsertSearchAttributes(this.#shown());
  }

  #show(happened: string): void {
    this.#happened.push(`\`${businessNow()}\` ${happened}`);
    setCurrentDetails(this.#markdown());
  }

  #markdown(): string {
    const { refundId, paymentKey, tickets } = this.#request;
    const { stage, next } = this.status();
    const amount = this.#reservation
      ? formatAmount(this.#reservation.amount, this.#reservation.currency)
      : 'not reserved yet';
    return [
      `**Refund ${refundId}** of purchase \`${paymentKey}\``,
      '',
      '| | |',
      '|---|---|',
      `| Amount | ${amount} |`,
      `| Tickets | ${tickets} |`,
      `| Stage | **${stage}** |`,
      `| Money | ${moneyWords[this.moneyMoved]} |`,
      `| Next | ${next} |`,
      '',
      // A refund may be looked at for weeks; the newest lines matter, and current details stay far below 4 kB.
      ...this.#happened.slice(-12).map((line) => `- ${line}`),
    ].join('\n');
  }
}
