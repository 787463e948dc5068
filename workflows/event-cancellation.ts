import {
  allHandlersFinished,
  CancelledFailure,
  condition,
  makeContinueAsNewFunc,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Operation } from '../activities/ports.ts';
import type { WaveAnswer } from '../activities/event-cancellation.ts';
import {
  type EventCancellationEnd,
  type EventCancellationInput,
  type EventCancellationResult,
  type EventCancellationStatus,
  isSettled,
  nothingYet,
  pauseMs,
} from '../contracts/event-cancellation.ts';
import {
  cancelEventCancellationUpdate,
  type CancelRequest,
  eventCancellationStatusQuery,
  pauseSignal,
  pauseUpdate,
  resumeSignal,
  resumeUpdate,
} from '../contracts/messages.ts';
import { EventCancellationView } from './event-cancellation-view.ts';
import { Frame } from './frame.ts';
import { cancelRequestOf, refuseUnlessCancelRequest } from './message-rules.ts';
import { untilKnown } from './parking.ts';
import { cancellations, currentOperation } from './proxies.ts';
import { shielded } from './shielded.ts';
import { businessNow } from './time.ts';

/**
 * Everything of an event given back: close its sales, cancel purchases in flight, refund the others in waves, look again
 * until nothing is left. It moves no money itself, so it has nothing to undo: each refund is a workflow of its own.
 */
export function eventCancellation(input: EventCancellationInput): Promise<EventCancellationResult> {
  return new Cancellation(input).run();
}

type Undone = Extract<EventCancellationResult, { status: 'cancelled' }>;

/** Looks of one run; the next run goes on where it stopped. About five events each, far from the server's limit. */
const looksPerRun = 100;

const goOn = makeContinueAsNewFunc<typeof eventCancellation>();

const someone: CancelRequest = { actor: 'temporal', reason: 'asked for through Temporal' };

class Cancellation {
  readonly #input: EventCancellationInput;
  readonly #operation: Operation;
  readonly #view: EventCancellationView;
  readonly #frame: Frame<EventCancellationResult>;
  #paused: boolean;
  #told: boolean;
  #cursor: number;

  constructor(input: EventCancellationInput) {
    const { request, course } = input;
    this.#input = input;
    this.#paused = course?.paused ?? false;
    this.#told = course?.told ?? false;
    this.#cursor = course?.cursor ?? 0;
    this.#operation = currentOperation(request.tenantId);
    this.#view = new EventCancellationView(request, course?.report ?? nothingYet);
    this.#frame = new Frame({
      operation: this.#operation,
      queueName: 'money',
      jobType: 'event-cancellation',
      view: this.#view,
      cancelUpdate: cancelEventCancellationUpdate,
    });
    setHandler(eventCancellationStatusQuery, () => this.#view.status(), { description: 'Stage, counts, what is next' });
    const validator = (asked: CancelRequest) => refuseUnlessCancelRequest(asked, this.#frame.end);
    setHandler(pauseUpdate, (asked) => this.#hold(true, asked), {
      validator,
      description: 'Starts no further refund until resume. Send {"actor": "…", "reason": "…"}',
    });
    setHandler(resumeUpdate, (asked) => this.#hold(false, asked), {
      validator,
      description: 'Goes on starting refunds. Send {"actor": "…", "reason": "…"}',
    });
    setHandler(pauseSignal, (asked) => void this.#hold(true, cancelRequestOf(asked, someone)));
    setHandler(resumeSignal, (asked) => void this.#hold(false, cancelRequestOf(asked, someone)));
  }

  run(): Promise<EventCancellationResult> {
    const { request, fingerprint } = this.#input;
    return this.#frame.run<Undone>({
      // Again in every run: the owner is the first one, so it is this one's too.
      claim: () =>
        cancellations.claimEventCancellation({
          operation: this.#operation,
          input: { request, fingerprint },
          now: businessNow(),
        }),
      forward: () => this.#forward(),
      stoppedBy: (_, cancelled) =>
        cancelled && { status: 'cancelled', moneyMoved: 'none', ...cancelled, report: nothingYet },
      close: ({ actor, reason } = { actor: 'boxoffice', reason: 'internal_error' } as Undone) =>
        this.#stop(actor, reason),
    });
  }

  #hold(paused: boolean, { actor, reason }: CancelRequest): EventCancellationStatus {
    if (this.#paused !== paused) {
      this.#paused = paused;
      this.#view.note(`${paused ? 'paused' : 'resumed'} by \`${actor}\`: ${reason}`);
      this.#view.look(this.#view.report, paused);
    }
    return this.#view.status();
  }

  async #forward(): Promise<EventCancellationResult> {
    await this.#tell();
    let quiet = 0;
    for (let looks = 1; ; looks += 1) {
      const before = JSON.stringify(this.#view.report);
      const paused = this.#paused;
      const { report, left } = await this.#wave(!paused);
      if (isSettled(report)) return this.#end({ status: 'completed' });
      quiet = left > 0 || JSON.stringify(report) !== before ? 0 : quiet + 1;
      // A pause or a resume does not wait for the next look; a cancel throws here.
      if (left === 0) await condition(() => this.#paused !== paused, pauseMs(quiet, report));
      if (looks >= looksPerRun || workflowInfo().continueAsNewSuggested) await this.#continue();
    }
  }

  /** Once, because no purchase is let in any more. */
  async #tell(): Promise<void> {
    const { request } = this.#input;
    for (let cursor = 0; !this.#told;) {
      const run = () => cancellations.tellPurchases({ request, cursor });
      const told = await this.#known('tell purchases', run);
      cursor = told.cursor;
      this.#told = told.done;
    }
  }

  async #wave(begins: boolean): Promise<WaveAnswer> {
    const { request } = this.#input;
    const run = () =>
      cancellations.runWave({ operation: this.#operation, request, cursor: this.#cursor, begins, now: businessNow() });
    const wave = await this.#known('wave', run);
    this.#cursor = wave.cursor;
    this.#view.look(wave.report, this.#paused);
    return wave;
  }

  async #continue(): Promise<never> {
    await condition(allHandlersFinished);
    if (this.#frame.main.consideredCancelled) throw new CancelledFailure('cancelled before it went on');
    const { request, fingerprint } = this.#input;
    const course = { cursor: this.#cursor, told: this.#told, paused: this.#paused, report: this.#view.report };
    return goOn({ request, fingerprint, course });
  }

  /** Refunds that were written down before are started: nobody else would, and the report counts them as under way. */
  async #stop(actor: string, reason: string): Promise<EventCancellationResult> {
    for (let left = 1; left > 0;) ({ left } = await this.#wave(false));
    return this.#end({ status: 'cancelled', actor, reason });
  }

  #end(end: EventCancellationEnd): Promise<EventCancellationResult> {
    const { eventId } = this.#input.request;
    const run = () =>
      cancellations.endEventCancellation({ operation: this.#operation, eventId, end, now: businessNow() });
    return this.#known('end', run);
  }

  /** Each step is whole or not at all, so a cancel waits for it and is seen after it. */
  #known<T>(step: string, run: () => Promise<T>): Promise<T> {
    return shielded(() => untilKnown({ step, mustSucceed: true, run }, this.#frame.parking));
  }
}
