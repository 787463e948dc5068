/** What a person sees of a purchase while it runs: stage and attention, and the runbook in the Web UI. */
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { formatAmount } from '../contracts/money.ts';
import type { MoneyMoved, PaymentResult, PaymentStage, PaymentStatus, PurchaseOrder } from '../contracts/payment.ts';
import { searchAttributes, type Attention } from '../contracts/search-attributes.ts';
import type { View } from './frame.ts';
import { businessNow } from './time.ts';

/** One sentence per stage: what happens next, and what a person can do. */
const nextOf: Readonly<Record<PaymentStage, string>> = {
  started: 'The order and its tickets are being claimed. Nothing has been sent to the card provider.',
  authorizing: 'The card is being authorized. Cancel still costs nothing.',
  minting: 'The money is held. The tickets are being minted, then the money is captured. Cancel voids and burns.',
  capturing: 'The tickets exist; the money is being captured. It is too late to cancel: a refund is the next action.',
  undoing: 'What had happened is being undone, last step first. Nothing is for you to do.',
  'in review':
    'A step has used up its calls and its outcome is open. It is tried again by itself; look at the provider and at the dead letter. Do not terminate: that skips the undo.',
  completed: 'Done. A refund is the next action.',
  declined: 'Done. The buyer may try another card with a new key.',
  expired: 'Done. Nothing is held or taken.',
  cancelled: 'Done. Nothing is held or taken.',
  unfulfilled: 'Done. The tickets could not be made, and everything was undone.',
  refused: 'Done. The order was not accepted, and nothing was started.',
};

const moneyWords: Readonly<Record<MoneyMoved, string>> = {
  none: 'nothing',
  held: 'held on the card, not taken',
  captured: 'captured',
  unknown: 'not known yet: a call may have had its effect',
};

export class PaymentView implements View<PaymentResult> {
  stage: PaymentStage = 'started';
  attention: Attention = 'none';
  moneyMoved: MoneyMoved = 'none';
  readonly #order: PurchaseOrder;
  readonly #happened: string[] = [];
  #before: PaymentStage = 'started';

  constructor(order: PurchaseOrder) {
    this.#order = order;
    this.enter('started', 'order received');
  }

  /** A new stage. Not written to the search attributes: nobody filters by a stage that lasts a second. */
  enter(stage: PaymentStage, happened: string, moneyMoved: MoneyMoved = this.moneyMoved): void {
    this.stage = stage;
    this.moneyMoved = moneyMoved;
    this.#happened.push(`\`${businessNow()}\` ${happened}`);
    setCurrentDetails(this.#markdown());
  }

  undoing(stoppedBy: string, due: readonly string[]): void {
    this.enter('undoing', `stopped (${stoppedBy}); being undone: ${due.join(', ')}`);
  }

  /** Somebody has to look: this, and the end, is where search attributes change. */
  rest(step: string, why: string): void {
    if (this.attention === 'none') this.#before = this.stage;
    this.attention = 'review';
    this.enter('in review', `step **${step}** waits for a person: \`${why}\``);
    this.#upsert();
  }

  resume(step: string): void {
    this.attention = 'none';
    this.enter(this.#before, `step **${step}** is resolved`);
    this.#upsert();
  }

  end(result: PaymentResult): void {
    this.attention = 'none';
    this.enter(result.status, `ended: **${result.status}**`, result.moneyMoved);
    this.#upsert();
  }

  status(result: PaymentResult | undefined): PaymentStatus {
    const { stage, attention, moneyMoved } = this;
    return { stage, attention, moneyMoved, next: nextOf[stage], ...(result ? { result } : {}) };
  }

  #upsert(): void {
    upsertSearchAttributes([
      { key: searchAttributes.stage, value: this.stage },
      { key: searchAttributes.attention, value: this.attention },
    ]);
  }

  #markdown(): string {
    const { orderId, amount, currency, tickets } = this.#order;
    const count = tickets.length === 1 ? '1 ticket' : `${tickets.length} tickets`;
    return [
      `**Order ${orderId}**: ${count}, ${formatAmount(amount, currency)}`,
      '',
      '| | |',
      '|---|---|',
      `| Stage | **${this.stage}** |`,
      `| Money | ${moneyWords[this.moneyMoved]} |`,
      `| Next | ${nextOf[this.stage]} |`,
      '',
      // Parked steps may repeat; the newest lines matter, and current details stay far below 4 kB.
      ...this.#happened.slice(-12).map((line) => `- ${line}`),
    ].join('\n');
  }
}
