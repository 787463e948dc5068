/**
 * Running a step until its outcome can be trusted. What can go neither forward nor back parks: visibly, with a dead
 * letter for a person, and it is tried again now and then, each time with one more call allowed.
 */
import { CancelledFailure, CancellationScope, sleep } from '@temporalio/workflow';
import { parkedRetryMs, patienceMs } from '../contracts/retry-profiles.ts';
import { DeadlinePassed, readFailure, type StepFailure } from './outcomes.ts';
import { epochNow } from './time.ts';

export interface Parking {
  /** Called each time that a step comes to rest; must not fail. */
  park(step: string, failure: StepFailure): Promise<void>;
  /** Called once the step needs nobody any more: its outcome is known, or what follows is its undo. Must not fail. */
  unpark(step: string, outcome: 'known' | 'undoing'): Promise<void>;
}

export interface StepRun<T> {
  step: string;
  /** Epoch milliseconds; absent for what must never be given up (captures, compensations). */
  deadline?: number | undefined;
  /** A compensation takes no for no answer: a "no" parks it too, and no time-out ends its activity. */
  mustSucceed?: boolean;
  /** `round` counts the times it was parked; `within` is how long this round may take, as activity options. */
  run: (attempt: { round: number; within: { scheduleToCloseTimeout: number } }) => Promise<T>;
}

/**
 * @throws DeadlinePassed when the deadline passes.
 * @throws CancelledFailure when the surrounding scope is cancelled.
 * @throws ActivityFailure of type Declined: the only business answer that is no success.
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
    const value = await repeated(stepRun, rest);
    await leave('known');
    return value;
  } catch (error) {
    await leave('undoing');
    throw error;
  }
}

async function repeated<T>(
  { step, deadline, mustSucceed, run }: StepRun<T>,
  rest: (failure: StepFailure) => Promise<void>,
): Promise<T> {
  const scope = CancellationScope.current();
  const remaining = (): number | undefined => {
    if (deadline === undefined) return undefined;
    const left = deadline - epochNow();
    if (left <= 0) throw new DeadlinePassed(step);
    return left;
  };

  for (let round = 0; ; round++) {
    try {
      const within = { scheduleToCloseTimeout: Math.min(remaining() ?? Infinity, patienceMs) };
      const attempt = () => run({ round, within });
      return mustSucceed ? await watched(attempt, () => rest(noOutcomeYet)) : await attempt();
    } catch (error) {
      if (scope.consideredCancelled) throw new CancelledFailure(`cancelled at step "${step}"`);
      const failure = readFailure(error);
      if (failure.kind === 'deadline') remaining();
      if (failure.kind === 'declined' && !mustSucceed) throw error;
      // A time-out says nothing of what was sent: the effect may exist.
      await rest(failure.kind === 'deadline' ? { ...noOutcomeYet, sent: Math.max(failure.sent, 1) } : failure);
      await sleep(Math.min(parkedRetryMs(round), remaining() ?? Infinity));
    }
  }
}

const noOutcomeYet: StepFailure = { kind: 'person', code: 'no_outcome_yet', sent: 0 };

/** Calls `impatient` once when `work` takes too long, and goes on waiting for it. */
async function watched<T>(work: () => Promise<T>, impatient: () => Promise<void>): Promise<T> {
  const watch = new CancellationScope();
  const watching = watch.run(() => sleep(patienceMs).then(impatient)).catch(() => undefined);
  try {
    return await work();
  } finally {
    watch.cancel();
    await watching;
  }
}
