/** What a person decides about a step that came to rest: `resolve`, as update and as signal. */
import { condition, setHandler } from '@temporalio/workflow';
import type { Operation } from '../activities/ports.ts';
import type { WaitingFor } from '../contracts/dead-letters.ts';
import type { Resolution, ResolveAnswer, ResolveRequest } from '../contracts/decisions.ts';
import { resolveSignal, resolveUpdate, waitingQuery } from '../contracts/messages.ts';
import { Decisions, quietly, refused } from './decisions.ts';
import { refuseUnlessResolve } from './message-rules.ts';
import { shielded } from './shielded.ts';

const form =
  'Send {"actor": "…", "decision": "retry | mark_succeeded | mark_failed | compensate", "evidence": "…", "proof": "…"}; `boxoffice decide … --print` prints it';

interface Waiting {
  step: string;
  choices: readonly Resolution[];
  choice?: Resolution;
}

export class Resolving {
  readonly #decisions: Decisions;
  readonly #taken: (request: ResolveRequest) => void;
  #waiting: Waiting | undefined;

  /** Sets the handlers, so construct it before the first await. `taken` hears of each decision that stands. */
  constructor(operation: Operation, taken: (request: ResolveRequest) => void) {
    this.#decisions = new Decisions(operation);
    this.#taken = taken;
    const take = (request: ResolveRequest) => this.#take(request);
    setHandler(resolveUpdate, take, {
      validator: (request) => {
        refuseUnlessResolve(request);
        this.#stepOf(request);
      },
      description: `Decides about the step that waits for a person. ${form}`,
    });
    setHandler(waitingQuery, () => this.#waitingFor(), {
      description: 'Which step waits for a person, and what it can be told',
    });
    const quiet = quietly(refuseUnlessResolve, take);
    setHandler(resolveSignal, quiet, { description: `As the update, without an answer. ${form}` });
  }

  /** The decision, or undefined when there is none within so many milliseconds. */
  async wait(step: string, choices: readonly Resolution[], withinMs: number): Promise<Resolution | undefined> {
    const waiting: Waiting = { step, choices };
    this.#waiting = waiting;
    const decided = () => waiting.choice !== undefined;
    try {
      if (Number.isFinite(withinMs)) await condition(decided, withinMs);
      else await condition(decided);
      await this.#decisions.settled();
      return waiting.choice;
    } finally {
      if (this.#waiting === waiting) this.#waiting = undefined;
    }
  }

  #waitingFor(): WaitingFor {
    if (!this.#waiting || this.#waiting.choice) return { choices: [] };
    return { step: this.#waiting.step, choices: [...this.#waiting.choices] };
  }

  /** @throws ApplicationFailure DecisionRefused when nothing waits for this. */
  #stepOf({ decision }: ResolveRequest): string {
    if (!this.#waiting || this.#waiting.choice) throw refused('nothing_waits');
    if (!this.#waiting.choices.includes(decision)) throw refused('not_possible');
    return this.#waiting.step;
  }

  #take(request: ResolveRequest): Promise<ResolveAnswer> {
    const { actor, decision, evidence, proof } = request;
    return shielded(() =>
      this.#decisions.take(
        () => ({ kind: 'resolve', choice: decision, actor, evidence, proof, step: this.#stepOf(request) }),
        () => {
          const step = this.#stepOf(request);
          this.#waiting!.choice = decision;
          this.#taken(request);
          return { taken: decision, step };
        },
      ),
    );
  }
}
