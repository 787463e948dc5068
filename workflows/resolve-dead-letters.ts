import { allHandlersFinished, CancellationScope, condition, setHandler, sleep } from '@temporalio/workflow';
import {
  type BatchLetter,
  batchPauseMs,
  batchTries,
  batchWave,
  type DeadLetterBatchInput,
  type DeadLetterBatchResult,
  type DecidedLetter,
} from '../contracts/dead-letters.ts';
import {
  cancelDeadLettersUpdate,
  cancelSignal,
  type CancelRequest,
  deadLettersStatusQuery,
} from '../contracts/messages.ts';
import { DeadLettersView } from './dead-letters-view.ts';
import { cancelledThroughTemporal, cancelRequestOf, refuseUnlessCancelRequest } from './message-rules.ts';
import { deadLetters } from './proxies.ts';
import { shielded } from './shielded.ts';

/**
 * One decision about many dead letters, a few at a time. It moves no money: each letter's own workflow verifies the proof
 * that comes with it and does what was decided. A cancel stops before the next letters; what was sent stands.
 */
export function resolveDeadLetters(input: DeadLetterBatchInput): Promise<DeadLetterBatchResult> {
  return new Batch(input).run();
}

class Batch {
  readonly #input: DeadLetterBatchInput;
  readonly #view: DeadLettersView;
  readonly #decided = new Map<string, DecidedLetter>();
  readonly #main = new CancellationScope();
  #cancelledBy: CancelRequest | undefined;
  #end: DeadLetterBatchResult | undefined;

  constructor(input: DeadLetterBatchInput) {
    this.#input = input;
    this.#view = new DeadLettersView(input, this.#decided);
    setHandler(deadLettersStatusQuery, () => this.#view.status(), {
      description: 'Stage, counts, and what became of each letter',
    });
    setHandler(cancelSignal, (asked) => this.#cancel(cancelRequestOf(asked, cancelledThroughTemporal)), {
      description: 'As the update, without an answer. Send {"actor": "…", "reason": "…"}',
    });
    setHandler(
      cancelDeadLettersUpdate,
      (asked) =>
        shielded(async () => {
          this.#cancel(asked);
          await condition(() => this.#end !== undefined);
          return this.#end!;
        }),
      {
        validator: (asked) => refuseUnlessCancelRequest(asked, this.#end),
        description: 'Stops before the next letters; what was sent stands. Send {"actor": "…", "reason": "…"}',
      },
    );
  }

  async run(): Promise<DeadLetterBatchResult> {
    await this.#main
      .run(() => this.#decideAll())
      .catch((error: unknown) => {
        if (!this.#main.consideredCancelled) throw error;
      });
    // A cancel that came after the last letter stopped nothing.
    const stopped = this.#main.consideredCancelled && this.#open.length > 0;
    this.#end = this.#view.end(stopped ? (this.#cancelledBy ?? cancelledThroughTemporal) : undefined);
    await shielded(() => condition(allHandlersFinished));
    return this.#end;
  }

  get #open(): BatchLetter[] {
    return this.#input.letters.filter(({ id }) => (this.#decided.get(id)?.outcome ?? 'unanswered') === 'unanswered');
  }

  #cancel(asked: CancelRequest): void {
    this.#cancelledBy ??= asked;
    this.#main.cancel();
  }

  /** Those that gave no answer are tried again, after all others. */
  async #decideAll(): Promise<void> {
    for (let tries = 1; tries <= batchTries; tries += 1) {
      const open = this.#open;
      if (open.length === 0) return;
      if (tries > 1) await sleep(batchPauseMs);
      for (let from = 0; from < open.length; from += batchWave) await this.#wave(open.slice(from, from + batchWave));
    }
  }

  /** A wave that has begun is heard to its end: what a person reads afterwards is what was sent. */
  async #wave(letters: BatchLetter[]): Promise<void> {
    if (this.#main.consideredCancelled) return;
    const { tenantId, actor, decision, evidence, dryRun } = this.#input.batch;
    const batch = { tenantId, actor, decision, evidence, dryRun };
    const summary = `${letters.length} of ${this.#input.letters.length}`;
    const answers = await shielded(() => deadLetters.decideWave.executeWithOptions({ summary }, [{ batch, letters }]));
    for (const answer of answers) this.#decided.set(answer.id, answer);
    this.#view.look();
  }
}
