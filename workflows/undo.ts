/** What is due to be undone, last step first. A compensation is registered *before* its step is scheduled. */
import { type Attempt, type Parking, untilKnown } from './parking.ts';

interface Compensation {
  step: string;
  run: (round: number) => Promise<void>;
}

export class Undo {
  readonly #due: Compensation[] = [];

  register(step: string, run: Compensation['run']): void {
    this.#due.push({ step, run });
  }

  /** The step is known to have had no effect. */
  drop(step: string): void {
    const index = this.#due.findIndex((compensation) => compensation.step === step);
    if (index >= 0) this.#due.splice(index, 1);
  }

  get due(): readonly string[] {
    return this.#due.map(({ step }) => step).toReversed();
  }

  /** Call in a non-cancellable scope. Ends only when everything is undone: a step that cannot be undone now parks. */
  async runAll(parking: Parking): Promise<void> {
    for (let next = this.#due.at(-1); next; next = this.#due.at(-1)) {
      const { step, run } = next;
      const compensation = { step, mustSucceed: true, run: ({ round }: Attempt) => run(round) };
      await untilKnown({ ...compensation, marks: { succeeded: () => undefined } }, parking);
      this.#due.pop();
    }
  }
}
