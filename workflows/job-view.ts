/** What a person sees of a job that is not a purchase. */
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { JobStatus } from '../contracts/messages.ts';
import type { MoneyMoved } from '../contracts/payment.ts';
import { searchAttributes, type Attention } from '../contracts/search-attributes.ts';
import type { View } from './frame.ts';
import { businessNow } from './time.ts';

export class JobView implements View<{ status: string }> {
  readonly moneyMoved: MoneyMoved = 'none';
  readonly #title: string;
  readonly #happened: string[] = [];
  #status: JobStatus;

  constructor(title: string, stage: string) {
    this.#title = title;
    this.#status = { stage, attention: 'none', next: 'It goes on by itself.' };
    this.#show('started');
  }

  status(): JobStatus {
    return this.#status;
  }

  note(happened: string): void {
    this.#show(happened);
  }

  undoing(stoppedBy: string, due: readonly string[]): void {
    this.#status = { ...this.#status, stage: 'undoing' };
    this.#show(`stopped (${stoppedBy}); being undone: ${due.join(', ')}`);
  }

  rest(step: string, why: string): void {
    this.#upsert({
      stage: 'in review',
      attention: 'review',
      next: 'It is tried again by itself; look at the provider and at the dead letter. Do not terminate: that skips the undo.',
    });
    this.#show(`step **${step}** waits for a person: \`${why}\``);
  }

  resume(step: string): void {
    this.#upsert({ stage: 'resumed', attention: 'none', next: 'It goes on by itself.' });
    this.#show(`step **${step}** is resolved`);
  }

  /** No upsert: the list shows that it is closed, and an event costs as much as a step. */
  end(result: { status: string }): void {
    const attention: Attention = 'none';
    if (this.#status.attention === attention) this.#status = { stage: result.status, attention, next: 'Done.' };
    else this.#upsert({ stage: result.status, attention, next: 'Done.' });
    this.#show(`ended: **${result.status}**`);
  }

  #upsert(status: JobStatus): void {
    this.#status = status;
    upsertSearchAttributes([
      { key: searchAttributes.stage, value: status.stage },
      { key: searchAttributes.attention, value: status.attention },
    ]);
  }

  #show(happened: string): void {
    this.#happened.push(`- \`${businessNow()}\` ${happened}`);
    setCurrentDetails(
      [`**${this.#title}**`, '', `Next: ${this.#status.next}`, '', ...this.#happened.slice(-12)].join('\n'),
    );
  }
}
