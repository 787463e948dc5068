/**
 * Running a step until its outcome can be trusted. What can go neither forward nor back parks: visibly, with a dead
 * letter for a person, who may decide about it; until then it is tried again now and then, each time with one more call
 * allowed.
 */
import { CancelledFailure, CancellationScope, sleep } from '@temporalio/workflow';
import type { Resolution } from '../contracts/decisions.ts';
import { parkedRetryMs, patienceMs } from '../contracts/retry-profiles.ts';
import { DeadlinePassed, MarkedFailed, readFailure, type StepFailure } from './outcomes.ts';
import { epochNow } from './time.ts';

export interface Parking {
  /** Called each time that a step comes to rest; must not fail. */
  park(step: string, failure: StepFailure): Promise<void>;
  /** Called once the step needs nobody any more: its outcome is known, or what follows is its undo. Must not fail. */
  unpark(step: string, outcome: 'known' | 'undoing'): Promise<void>;
  /**
   * What a person decides about the step that came to rest; undefined when nobody has within so many milliseconds.
   * @throws CancelledFailure when the surrounding scope is cancelled, as `compensate` does.
   */
  decided(step: string, choices: readonly Resolution[], withinMs: number): Promise<Resolution | undefined>;
}

/** What a person may decide about a step besides `retry`, which is always possible. */
export interface Marks<T> {
  /** `mark_succeeded`: what the step then answers. Only where nothing has to be known of what was done. */
  succeeded?: () => T;
  /** `mark_failed`: called first, to make sure that there is no effect and will be none; may fail as a step does. */
  failed?: (attempt: Attempt) => Promise<void>;
  /** `compensate`: what happened so far can be undone. */
  undone?: boolean;
}

export interface Attempt {
  /** Counts the times that the step was parked. */
  round: number;
  /** How long this round may take, as activity options. */
  within: { scheduleToCloseTimeout: number };
}

export interface StepRun<T> {
  step: string;
  /** Epoch milliseconds; absent for what must never be given up (captures, compensations). */
  deadline?: number | undefined;
  /** A compensation takes no for no answer: a "no" parks it too, and no time-out ends its activity. */
  mustSucceed?: boolean;
  marks?: Marks<T>;
  run: (attempt: Attempt) => Promise<T>;
}

/**
 * @throws DeadlinePassed when the deadline passes.
 * @throws CancelledFailure when the surrounding scope is cancelled.
 * @throws ActivityFailure of type Declined: the only business answer that is no success.
 * @throws MarkedFailed when a person has said so.
 */
export async function untilKnown<T>(stepRun: StepRun<T>, parking: Parking): Promise<T> {
  const { step } = stepRun;
  let parked: StepFailure | undefined;
  const leave = async (outcome: 'known' | 'undoing') => {
    if (parked) await parking.unpark(step, outcome);
  };
  const rest = async (failure: StepFailure) => {
    // Said once is enough: a step may rest for days, and each time would cost a row and an event.
    const said = parked?.code === failure.code && parked.sent === failure.sent;
    parked = failure;
    if (!said) await parking.park(step, failure);
  };
  try {
    const value = await repeated(stepRun, rest, parking);
    await leave('known');
    return value;
  } catch (error) {
    await leave('undoing');
    throw error;
  }
}

async function repeated<T>(
  { step, deadline, mustSucceed, marks = {}, run }: StepRun<T>,
  rest: (failure: StepFailure) => Promise<void>,
  parking: Parking,
): Promise<T> {
  const scope = CancellationScope.current();
  const remaining = (): number | undefined => {
    if (deadline === undefined) return undefined;
    const left = deadline - epochNow();
    if (left <= 0) throw new DeadlinePassed(step);
    return left;
  };
  const { succeeded, failed } = marks;
  const attempt = (decision: Resolution | undefined, now: Attempt): Promise<T> => {
    if (decision === 'mark_failed' && failed) return failed(now).then(() => Promise.reject(new MarkedFailed(step)));
    if (!mustSucceed) return run(now);
    return watched(() => run(now), {
      impatient: () => rest(noOutcomeYet),
      marked: succeeded && (() => parking.decided(step, ['mark_succeeded'], Infinity).then(succeeded)),
    });
  };

  let decision: Resolution | undefined;
  for (let round = 0; ; round++) {
    try {
      const within = { scheduleToCloseTimeout: Math.min(remaining() ?? Infinity, patienceMs) };
      return await attempt(decision, { round, within });
    } catch (error) {
      if (scope.consideredCancelled) throw new CancelledFailure(`cancelled at step "${step}"`);
      if (error instanceof MarkedFailed) throw error;
      const failure = readFailure(error);
      if (failure.kind === 'deadline') remaining();
      if (failure.kind === 'declined' && !mustSucceed) throw error;
      // A time-out says nothing of what was sent: the effect may exist.
      await rest(failure.kind === 'deadline' ? { ...noOutcomeYet, sent: Math.max(failure.sent, 1) } : failure);
      const pause = Math.min(parkedRetryMs(round), remaining() ?? Infinity);
      decision = await parking.decided(step, choicesOf(marks), pause);
      if (decision === 'mark_succeeded' && succeeded) return succeeded();
    }
  }
}

const choicesOf = ({ succeeded, failed, undone }: Marks<unknown>): Resolution[] => [
  'retry',
  ...(succeeded ? (['mark_succeeded'] as const) : []),
  ...(failed ? (['mark_failed'] as const) : []),
  ...(undone ? (['compensate'] as const) : []),
];

const noOutcomeYet: StepFailure = { kind: 'person', code: 'no_outcome_yet', sent: 0 };

/**
 * Calls `impatient` once when `work` takes too long, and goes on waiting for it; or for a person, who may say that it was
 * done elsewhere.
 */
async function watched<T>(
  work: () => Promise<T>,
  { impatient, marked }: { impatient: () => Promise<void>; marked: (() => Promise<T>) | undefined },
): Promise<T> {
  const watch = new CancellationScope();
  const working = new CancellationScope();
  let done: { value: T } | undefined;
  const watching = watch
    .run(async () => {
      await sleep(patienceMs);
      await impatient();
      if (!marked) return;
      done = { value: await marked() };
      working.cancel();
    })
    .catch(() => undefined);
  try {
    return await working.run(work);
  } catch (error) {
    if (done) return done.value;
    throw error;
  } finally {
    watch.cancel();
    await watching;
  }
}
