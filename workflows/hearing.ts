/** What verified webhooks spoke of. It is not believed but looked up: events come in any order, or never. */
import { condition } from '@temporalio/workflow';
import type { ProviderEvent } from '../contracts/messages.ts';

export class Hearing {
  readonly #types: ReadonlySet<string>;
  /** An event may come before the answer that tells which object is ours. */
  readonly #heardOf = new Set<string>();

  constructor(types: readonly string[]) {
    this.#types = new Set(types);
  }

  /** A signal may say anything: what is not one of these is no news. */
  hear(event: Partial<ProviderEvent> | undefined): void {
    if (event?.type && event.objectId && this.#types.has(event.type)) this.#heardOf.add(event.objectId);
  }

  /** Until an event spoke of the object, or so many milliseconds have passed. @throws CancelledFailure */
  async of(objectId: string, withinMs: number): Promise<void> {
    await condition(() => this.#heardOf.has(objectId), withinMs);
  }

  /** What is looked up now answers all that was said of it so far. */
  answered(objectId: string): void {
    this.#heardOf.delete(objectId);
  }
}
