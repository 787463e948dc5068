/** Taking a decision of a person: its proof is verified by a local activity, which records it, accepted or not. */
import { ApplicationFailure, condition, uuid4 } from '@temporalio/workflow';
import type { Operation } from '../activities/ports.ts';
import { type DecisionKind, type DecisionRefusal, refusals } from '../contracts/decisions.ts';
import { failureTypes } from '../contracts/failures.ts';
import { decisions } from './proxies.ts';
import { businessNow } from './time.ts';

export interface Taken {
  kind: DecisionKind;
  choice: string;
  actor: string;
  /** What it rests on. */
  evidence: string;
  proof: string;
  step?: string;
  /** Who must not decide: whoever asked for it, and who did already. */
  requestedBy?: string;
  decidedBy?: readonly string[];
}

/** The "no" that whoever sent the decision reads. A signal has nobody to read it; it is recorded. */
export const refused = (because: DecisionRefusal) =>
  ApplicationFailure.create({
    type: failureTypes.decisionRefused,
    message: refusals[because],
    nonRetryable: true,
    details: [{ because }],
  });

export class Decisions {
  readonly #operation: Operation;
  #underWay = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(operation: Operation) {
    this.#operation = operation;
  }

  /**
   * One after the other: what the first decides, the second has to see. `apply` runs right after the proof was accepted.
   * @throws ApplicationFailure DecisionRefused
   */
  async take<T>(decision: () => Taken, apply: () => T): Promise<T> {
    this.#underWay += 1;
    const before = this.#last;
    const mine = (async () => {
      await before;
      const outcome = await decisions.decide({
        operation: this.#operation,
        messageId: uuid4(),
        now: businessNow(),
        ...decision(),
      });
      if (!outcome.accepted) throw refused(outcome.because);
      return apply();
    })();
    this.#last = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      this.#underWay -= 1;
    }
  }

  /** A decision that was sent in time counts, although its proof is still being verified. */
  async settled(): Promise<void> {
    if (this.#underWay > 0) await condition(() => this.#underWay === 0);
  }
}

/** As a signal: nobody hears the answer, and what was refused is in the table of decisions. */
export const quietly =
  <Request>(refuseUnless: (request: Request) => void, take: (request: Request) => Promise<unknown>) =>
  async (request: Request): Promise<void> => {
    try {
      refuseUnless(request);
      await take(request);
    } catch {
      return;
    }
  };
