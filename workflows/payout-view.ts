/** What a person sees of a payout while it runs: stage and attention, and the runbook in the Web UI. */
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { formatAmount } from '../contracts/money.ts';
import type {
  OpenPayoutStage,
  PayoutMoney,
  PayoutRequest,
  PayoutReservation,
  PayoutResult,
  PayoutStatus,
  ProviderPayout,
  VenueObstacle,
} from '../contracts/payout.ts';
import { closedPayoutStatus, nextOfOpenPayout } from '../contracts/payout-words.ts';
import { searchAttributes, type Attention } from '../contracts/search-attributes.ts';
import type { View } from './frame.ts';
import { businessNow } from './time.ts';

const moneyWords: Readonly<Record<PayoutMoney, string>> = {
  with_us: 'with us',
  with_provider: "in the venue's account at the provider",
  in_transit: "on its way to the venue's bank",
  paid_out: "at the venue's bank",
  unknown: 'not known yet: a call may have had its effect',
};

const obstacleWords: Readonly<Record<VenueObstacle, string>> = {
  frozen: 'the venue is frozen',
  payouts_disabled: "payouts of the venue's account are not enabled",
  no_account: 'the venue has no account at the provider',
};

interface Standing {
  stage: OpenPayoutStage;
  attention: Attention;
  moneyMoved: PayoutMoney;
}

export class PayoutView implements View<PayoutResult> {
  readonly #request: PayoutRequest;
  readonly #happened: string[] = [];
  #reservation: PayoutReservation | undefined;
  #standing: Standing = { stage: 'started', attention: 'none', moneyMoved: 'with_us' };
  /** Where it stood before it came to rest. */
  #before: Standing = this.#standing;
  #end: PayoutResult | undefined;
  /** What the search attributes say. */
  #listed: Attention = 'none';

  constructor(request: PayoutRequest) {
    this.#request = request;
    this.#show(`asked for by \`${request.requestedBy}\``);
  }

  get moneyMoved(): PayoutMoney {
    return this.#standing.moneyMoved;
  }

  /** Amount and currency are known from here on; what is waited for next is written to the search attributes with them. */
  reserved(reservation: PayoutReservation): void {
    this.#reservation = reservation;
    this.#go('started', `${formatAmount(reservation.amount, reservation.currency)} reserved`);
  }

  waitForVenue(obstacle: VenueObstacle): void {
    this.#wait('waiting', 'provider', obstacleWords[obstacle]);
  }

  waitForFunds(code: string): void {
    this.#wait('waiting', 'provider', `the provider does not have the money available yet: \`${code}\``);
  }

  waitForApproval(needed: number): void {
    this.#wait(
      'awaiting approval',
      'approval',
      `${needed} ${needed === 1 ? 'person has' : 'people have'} to approve it`,
    );
  }

  note(happened: string): void {
    this.#show(happened);
  }

  transferring(): void {
    this.#go('transferring', "transfer to the venue's account scheduled");
  }

  transferred(transferId: string): void {
    this.#go('transferring', `transfer \`${transferId}\` is made`, 'with_provider');
  }

  paying(): void {
    this.#go('paying', 'payout to the bank scheduled', 'with_provider');
  }

  /** It takes days, so it is shown in the lists; the same again is no news. */
  inTransit({ providerPayoutId, status }: ProviderPayout): void {
    this.#standing = { ...this.#standing, moneyMoved: 'in_transit' };
    this.#wait('in transit', 'provider', `payout \`${providerPayoutId}\` is ${status} at the provider`);
  }

  undoing(stoppedBy: string): void {
    this.#standing = { ...this.#standing, stage: 'undoing', attention: 'none' };
    this.#show(`stopped (${stoppedBy}); what was reserved is released`);
  }

  rest(step: string, why: string, moneyMoved: PayoutMoney): void {
    if (this.#standing.attention !== 'review') this.#before = this.#standing;
    this.#upsert({ stage: 'in review', attention: 'review', moneyMoved });
    this.#show(`step **${step}** waits for a person: \`${why}\``);
  }

  resume(step: string): void {
    this.#upsert(this.#before);
    this.#show(`step **${step}** is resolved`);
  }

  end(result: PayoutResult): void {
    this.#end = result;
    this.#standing = { ...this.#standing, attention: 'none', moneyMoved: result.moneyMoved };
    this.#show(`ended: **${result.status}**`);
    upsertSearchAttributes(this.#shown());
  }

  status(): PayoutStatus {
    if (this.#end) return closedPayoutStatus(this.#end);
    return { ...this.#standing, next: nextOfOpenPayout[this.#standing.stage] };
  }

  /** A stage that lasts a second: nobody filters by it, but for whom it waited before. */
  #go(stage: OpenPayoutStage, happened: string, moneyMoved = this.moneyMoved): void {
    const standing = { stage, attention: 'none', moneyMoved } as const;
    if (this.#listed === 'none') this.#standing = standing;
    else this.#upsert(standing);
    this.#show(happened);
  }

  #wait(stage: OpenPayoutStage, attention: Attention, happened: string): void {
    if (this.#standing.stage !== stage || this.#standing.attention !== attention)
      this.#upsert({ ...this.#standing, stage, attention });
    this.#show(happened);
  }

  #shown() {
    return [
      { key: searchAttributes.stage, value: this.status().stage },
      { key: searchAttributes.attention, value: this.#standing.attention },
      ...(this.#reservation
        ? [
            { key: searchAttributes.amountMinor, value: this.#reservation.amount },
            { key: searchAttributes.currency, value: this.#reservation.currency },
          ]
        : []),
    ];
  }

  #upsert(standing: Standing): void {
    this.#standing = standing;
    this.#listed = standing.attention;
    upsertSearchAttributes(this.#shown());
  }

  #show(happened: string): void {
    this.#happened.push(`\`${businessNow()}\` ${happened}`);
    setCurrentDetails(this.#markdown());
  }

  #markdown(): string {
    const { payoutId, venueId, amount: wanted } = this.#request;
    const { stage, next } = this.status();
    const amount = this.#reservation
      ? formatAmount(this.#reservation.amount, this.#reservation.currency)
      : wanted === undefined
        ? 'all that is available'
        : `${wanted} (minor units), not reserved yet`;
    return [
      `**Payout ${payoutId}** of venue \`${venueId}\``,
      '',
      '| | |',
      '|---|---|',
      `| Amount | ${amount} |`,
      `| Stage | **${stage}** |`,
      `| Money | ${moneyWords[this.moneyMoved]} |`,
      `| Next | ${next} |`,
      '',
      // It may be looked at for weeks; the newest lines matter, and current details stay far below 4 kB.
      ...this.#happened.slice(-12).map((line) => `- ${line}`),
    ].join('\n');
  }
}
