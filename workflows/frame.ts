/**
 * The frame of every workflow that moves money or tickets: claim, go forward in a scope that can be cancelled, undo what
 * is due in one that cannot, end with a result. The cancel pattern is written here once; docs/architecture.md says why
 * it looks like this.
 */
import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  ContinueAsNew,
  setHandler,
} from '@temporalio/workflow';
import type { UpdateDefinition } from '@temporalio/common';
import type { Claimed, ParkInput } from '../activities/records.ts';
import type { Operation } from '../activities/ports.ts';
import type { ResolveRequest } from '../contracts/decisions.ts';
import { cancelSignal, type CancelRequest } from '../contracts/messages.ts';
import { cancelledThroughTemporal, cancelRequestOf, refuseUnlessCancelRequest } from './message-rules.ts';
import type { StepFailure } from './outcomes.ts';
import type { Parking } from './parking.ts';
import { records } from './proxies.ts';
import { Resolving } from './resolving.ts';
import { shielded } from './shielded.ts';
import { Undo } from './undo.ts';

export interface View<Result> {
  moneyMoved: ParkInput['moneyMoved'];
  undoing(stoppedBy: string, due: readonly string[]): void;
  rest(step: string, why: string, moneyMoved: ParkInput['moneyMoved']): void;
  resume(step: string): void;
  end(result: Result): void;
}

export interface Course<Result, Undone extends Result = Result> {
  claim(): Promise<Claimed<Result>>;
  forward(): Promise<Result>;
  /**
   * How this ends, given what stopped it; undefined for what only a bug explains. May drop compensations of steps that
   * are known to have had no effect.
   */
  stoppedBy(error: unknown, cancelled: CancelRequest | undefined): Undone | undefined;
  /** Keeps the end in the claim. Undefined: a bug. */
  close(result: Undone | undefined): Promise<Result>;
  /** What follows a good end and may fail without touching it. */
  afterwards?(result: Result): Promise<void>;
}

export class Frame<Result extends { status: string }> {
  readonly main = new CancellationScope();
  readonly undo = new Undo();
  readonly parking: Parking;
  end: Result | undefined;
  readonly #view: View<Result>;
  #cancelledBy: CancelRequest | undefined;

  /** Sets the handlers, so construct it before the first await. */
  constructor(options: {
    operation: Operation;
    queueName: string;
    jobType: string;
    view: View<Result>;
    cancelUpdate: UpdateDefinition<Result, [CancelRequest]>;
  }) {
    const { view, operation, queueName, jobType } = options;
    this.#view = view;
    setHandler(
      options.cancelUpdate,
      (request) =>
        shielded(async () => {
          this.cancel(request);
          await condition(() => this.end !== undefined);
          return this.end!;
        }),
      {
        validator: (request) => refuseUnlessCancelRequest(request, this.end),
        description: 'Undoes what has happened, while that is possible. Send {"actor": "…", "reason": "…"}',
      },
    );
    setHandler(cancelSignal, (request) => this.cancel(cancelRequestOf(request, cancelledThroughTemporal)), {
      description: 'As the update, without an answer. Send {"actor": "…", "reason": "…"}',
    });
    const resolving = new Resolving(operation, (request) => this.#resolve(request));
    const letterOf = (step: string, failure: StepFailure): ParkInput => ({
      operation,
      queueName,
      jobType,
      step,
      error: failure.code,
      attempts: failure.sent,
      // Money that is back stays back, whatever a later step leaves open.
      moneyMoved: failure.sent > 0 && view.moneyMoved !== 'refunded' ? 'unknown' : view.moneyMoved,
    });
    this.parking = {
      park: async (step, failure) => {
        const letter = letterOf(step, failure);
        view.rest(step, failure.code, letter.moneyMoved);
        await shielded(() => records.park(letter));
      },
      unpark: async (step, outcome) => {
        view.resume(step);
        await shielded(() => records.unpark({ operation, step, outcome }));
      },
      decided: (step, choices, withinMs) => resolving.wait(step, choices, withinMs),
    };
  }

  cancel(request: CancelRequest): void {
    this.#cancelledBy ??= request;
    this.main.cancel();
  }

  /** What a person decided, in so far as it is the frame's to carry out. */
  #resolve({ actor, decision, evidence }: ResolveRequest): void {
    if (decision === 'compensate') this.cancel({ actor, reason: evidence.slice(0, 500) });
  }

  async run<Undone extends Result>(course: Course<Result, Undone>): Promise<Result> {
    const claim = await shielded(() => course.claim());
    if (claim.kind === 'ended') {
      this.#finish(claim.result);
    } else {
      try {
        this.#finish(await this.main.run(() => course.forward()));
      } catch (error) {
        // No end: the next run goes on with it.
        if (error instanceof ContinueAsNew) throw error;
        this.#finish(await shielded(() => this.#unwind(course, error)));
      }
      const { end } = this;
      if (course.afterwards && end) await shielded(() => course.afterwards!(end));
    }
    await shielded(() => condition(allHandlersFinished));
    return this.end!;
  }

  #finish(result: Result): void {
    this.end = result;
    this.#view.end(result);
  }

  async #unwind<Undone extends Result>(course: Course<Result, Undone>, error: unknown): Promise<Result> {
    // Asked is the scope, never the error: a step cancelled in its retry pause comes back as an ordinary failure.
    const cancelled = this.main.consideredCancelled ? (this.#cancelledBy ?? cancelledThroughTemporal) : undefined;
    const result = course.stoppedBy(error, cancelled);
    if (this.undo.due.length > 0) {
      this.#view.undoing(result?.status ?? 'a bug', this.undo.due);
      await this.undo.runAll(this.parking);
    }
    const closed = await course.close(result);
    if (result !== undefined) return closed;
    // Whoever waits for an answer hears what became of it; only then does the bug fail the workflow.
    this.#finish(closed);
    await condition(allHandlersFinished);
    throw asBug(error);
  }
}

/** Only now, with nothing left of it, may a bug fail the workflow. */
const asBug = (error: unknown) =>
  ApplicationFailure.create({
    type: 'Bug',
    message: 'stopped by an unexpected error; everything was undone',
    nonRetryable: true,
    ...(error instanceof Error ? { cause: error } : {}),
  });
