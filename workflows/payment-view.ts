/** What a person sees of a purchase while it runs: stage and attention, and the runbook in the Web UI. */
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { formatAmount } from '../contracts/money.ts';
import type { MoneyMoved, OpenStage, PaymentResult, PaymentStatus, PurchaseOrder } from '../contracts/payment.ts';
import { closedStatus, nextOfOpen } from '../contracts/payment-words.ts';
import { searchAttributes, type Attention } from '../contracts/search-attributes.ts';
import type { View } from './frame.ts';
import { businessNow } from './time.ts';

const moneyWords: Readonly<Record<MoneyMoved, string>> = {
  none: 'nothing',
  held: 'held on the card, not taken',
  captured: 'captured',
  refunded: 'given back',
  unknown: 'not known yet: a call may have had its effect',
};

export class PaymentView implements View<PaymentResult> {
  stage: OpenStage = 'started';
  attention: Attention = 'none';
  moneyMoved: MoneyMoved = 'none';
  readonly #order: PurchaseOrder;
  readonly #happened: string[] = [];
  #end: PaymentResult | undefined;
  #before: { stage: OpenStage; moneyMoved: MoneyMoved; attention: Attention } = {
    stage: 'started',
    moneyMoved: 'none',
    attention: 'none',
  };

  constructor(order: PurchaseOrder) {
    this.#order = order;
    this.enter('started', 'order received');
  }

  /** A new stage. Not written to the search attributes: nobody filters by a stage that lasts a second. */
  enter(stage: OpenStage, happened: string, moneyMoved: MoneyMoved = this.moneyMoved): void {
    // The customer is not waited for any more: said at once, since people filter by that.
    const acted = this.attention === 'customer' && stage !== 'awaiting customer';
    if (acted) this.attention = 'none';
    this.stage = stage;
    this.moneyMoved = moneyMoved;
    this.#show(happened);
    if (acted) this.#upsert();
  }

  undoing(stoppedBy: string, due: readonly string[]): void {
    this.enter('undoing', `stopped (${stoppedBy}); being undone: ${due.join(', ')}`);
  }

  /** Its own upsert: whoever looks after buyers asks who is being waited for. */
  awaitCustomer(until: string): void {
    this.attention = 'customer';
    this.enter('awaiting customer', `the card wants its holder to confirm, until \`${until}\``);
    this.#upsert();
  }

  /** Somebody has to look: this, and the end, is where search attributes change. */
  rest(step: string, why: string, moneyMoved: MoneyMoved): void {
    const { stage, moneyMoved: moved, attention } = this;
    if (attention !== 'review') this.#before = { stage, moneyMoved: moved, attention };
    this.attention = 'review';
    this.enter('in review', `step **${step}** waits for a person: \`${why}\``, moneyMoved);
    this.#upsert();
  }

  resume(step: string): void {
    this.attention = this.#before.attention;
    this.enter(this.#before.stage, `step **${step}** is resolved`, this.#before.moneyMoved);
    this.#upsert();
  }

  end(result: PaymentResult): void {
    this.attention = 'none';
    this.moneyMoved = result.moneyMoved;
    this.#end = result;
    this.#show(`ended: **${result.status}**`);
    this.#upsert();
  }

  status(): PaymentStatus {
    if (this.#end) return closedStatus(this.#end);
    const { stage, attention, moneyMoved } = this;
    return { stage, attention, moneyMoved, next: nextOfOpen[stage] };
  }

  #show(happened: string): void {
    this.#happened.push(`\`${businessNow()}\` ${happened}`);
    setCurrentDetails(this.#markdown());
  }

  #upsert(): void {
    upsertSearchAttributes([
      { key: searchAttributes.stage, value: this.status().stage },
      { key: searchAttributes.attention, value: this.attention },
    ]);
  }

  #markdown(): string {
    const { orderId, amount, currency, tickets } = this.#order;
    const { stage, next } = this.status();
    const count = tickets.length === 1 ? '1 ticket' : `${tickets.length} tickets`;
    return [
      `**Order ${orderId}**: ${count}, ${formatAmount(amount, currency)}`,
      '',
      `- **Stage**: ${stage}`,
      `- **Money**: ${moneyWords[this.moneyMoved]}`,
      `- **Next**: ${next}`,
      '',
      // Parked steps may repeat; the newest lines matter, and current details stay far below 4 kB.
      ...this.#happened.slice(-12).map((line) => `- ${line}`),
    ].join('\n');
  }
}
