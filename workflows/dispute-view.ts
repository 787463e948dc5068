/** What a person sees of a dispute while it runs: stage, attention and deadline, and the runbook in the Web UI. */
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type {
  DisputeRequest,
  DisputeResult,
  DisputeStanding,
  DisputeStatus,
  OpenDisputeStage,
  ProviderDispute,
} from '../contracts/dispute.ts';
import { isAnswerable, nextOfDispute, nextOfOpenDispute, outcomeOf, stageOf } from '../contracts/dispute-words.ts';
import { formatAmount } from '../contracts/money.ts';
import type { MoneyMoved } from '../contracts/payment.ts';
import { searchAttributes, type Attention } from '../contracts/search-attributes.ts';
import type { View } from './frame.ts';
import { businessNow, epochNow } from './time.ts';

interface Standing {
  stage: OpenDisputeStage;
  attention: Attention;
}

const attentionOf = (stage: OpenDisputeStage, answerable: boolean): Attention =>
  answerable || stage === 'in review' ? 'review' : 'provider';

export class DisputeView implements View<DisputeResult> {
  /** What the purchase took; the books say what the bank has of it. */
  readonly moneyMoved: MoneyMoved = 'captured';
  readonly #request: DisputeRequest;
  readonly #happened: string[] = [];
  #standing: Standing = { stage: 'started', attention: 'none' };
  /** Where it stood before it came to rest. */
  #before: Standing = this.#standing;
  #dispute: ProviderDispute | undefined;
  #books: DisputeStanding | undefined;
  #end: DisputeResult | undefined;
  #amountsShown = false;

  constructor(request: DisputeRequest) {
    this.#request = request;
    this.#show('an event of the provider spoke of it');
  }

  /** As it was found and booked. The same again is no news; a deadline that came near is. */
  stands(dispute: ProviderDispute, books: DisputeStanding): void {
    const before = this.#dispute;
    const moved = this.#books?.withdrawn !== books.withdrawn;
    this.#dispute = dispute;
    this.#books = books;
    const stage = stageOf(dispute, epochNow());
    const standing = { stage, attention: attentionOf(stage, isAnswerable(dispute)) };
    const ends = outcomeOf(dispute, books) !== undefined;
    const changed = stage !== this.#standing.stage || standing.attention !== this.#standing.attention;
    // The end is written to the search attributes in a moment.
    if (changed && !ends) this.#upsert(standing);
    if (!changed && !moved && before?.status === dispute.status && before.evidenceDueBy === dispute.evidenceDueBy)
      return;
    this.#show(
      `it is ${dispute.status} at the provider; the bank has ${formatAmount(books.withdrawn, books.currency)}`,
    );
  }

  /** Nothing is ever undone: what the bank did stays booked. */
  undoing(): void {}

  rest(step: string, why: string): void {
    if (this.#standing.stage !== 'in review') this.#before = this.#standing;
    this.#upsert({ stage: 'in review', attention: 'review' });
    this.#show(`step **${step}** waits for a person: \`${why}\``);
  }

  resume(step: string): void {
    this.#upsert(this.#before);
    this.#show(`step **${step}** is resolved`);
  }

  end(result: DisputeResult): void {
    this.#end = result;
    this.#upsert({ ...this.#standing, attention: 'none' });
    this.#show(`ended: **${result.status}**`);
  }

  status(): DisputeStatus {
    const { attention } = this.#standing;
    if (this.#end) return { stage: this.#end.status, attention, next: nextOfDispute(this.#end), result: this.#end };
    const evidenceDueBy = this.#evidenceDueBy();
    return {
      ...this.#standing,
      next: nextOfOpenDispute[this.#standing.stage],
      ...(evidenceDueBy === undefined ? {} : { evidenceDueBy }),
    };
  }

  #evidenceDueBy(): string | undefined {
    return this.#dispute && isAnswerable(this.#dispute) ? this.#dispute.evidenceDueBy : undefined;
  }

  #shown() {
    return [
      { key: searchAttributes.stage, value: this.status().stage },
      { key: searchAttributes.attention, value: this.#standing.attention },
    ];
  }

  /** Amount and currency with the first of them that knows them. */
  #upsert(standing: Standing): void {
    this.#standing = standing;
    const amounts = this.#amounts();
    upsertSearchAttributes([...this.#shown(), ...(this.#amountsShown ? [] : amounts)]);
    this.#amountsShown ||= amounts.length > 0;
  }

  #amounts() {
    if (!this.#dispute || !this.#books) return [];
    return [
      { key: searchAttributes.amountMinor, value: this.#dispute.amount },
      { key: searchAttributes.currency, value: this.#books.currency },
    ];
  }

  #show(happened: string): void {
    this.#happened.push(`\`${businessNow()}\` ${happened}`);
    setCurrentDetails(this.#markdown());
  }

  #markdown(): string {
    const { disputeId, paymentKey } = this.#request;
    const { stage, next } = this.status();
    const due = this.#evidenceDueBy();
    const money = (amount: number | undefined) =>
      amount === undefined || !this.#books ? 'not looked up yet' : formatAmount(amount, this.#books.currency);
    return [
      `**Dispute ${disputeId}** of purchase \`${paymentKey}\`${this.#dispute ? `: ${this.#dispute.reason}` : ''}`,
      '',
      '| | |',
      '|---|---|',
      `| Amount | ${money(this.#dispute?.amount)} |`,
      `| Withdrawn by the bank | ${money(this.#books?.withdrawn)} |`,
      `| Provider's fee | ${money(this.#books?.fee)} |`,
      ...(due === undefined ? [] : [`| Evidence due | **${due}** |`]),
      `| Stage | **${stage}** |`,
      `| Next | ${next} |`,
      '',
      'It cannot be cancelled: it is the bank that ends it.',
      '',
      // It may be looked at for months; the newest lines matter, and current details stay far below 4 kB.
      ...this.#happened.slice(-12).map((line) => `- ${line}`),
    ].join('\n');
  }
}
