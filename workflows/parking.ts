/**
 * Running a step until its outcome can be trusted. What can go neither forward nor back parks: visibly, with a dead
 * letter for a person, and it is tried again now and then, each time with one more call allowed.
 */
import { CancelledFailure, CancellationScope, sleep } from '@temporalio/workflow';
import { parkedRetryMs } from '../contracts/retry-profiles.ts';
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
  /** A compensation takes no for no answer: a "no" parks it too. */
  mustSucceed?: boolean;
  /** `round` counts the times it was parked; `within` is what the deadline leaves, as activity options. */
  run: (attempt: { round: number; within: { scheduleToCloseTimeout?: number } }) => Promise<T>;
}

/**
 * @throws DeadlinePassed when the deadline passes.
 * @throws CancelledFailure when the surrounding scope is cancelled.
 * @throws ActivityFailure of type Declined: the only business answer that is no success.
 */
export async function untilKnown<T>(stepRun: StepRun<T>, parking: Parking): Promise<T> {
  const { step } = stepRun;
  let parked = false;
  const leave = async (outcome: 'known' | 'undoing') => {
    if (parked) await parking.unpark(step, outcome);
  };
  const rest = async (failure: StepFailure) => {
    parked = true;
    await parking.park(step, failure);
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
      const left = remaining();
      return await run({ round, within: left === undefined ? {} : { scheduleToCloseTimeout: left } });
    } catch (error) {
      if (scope.consideredCancelled) throw new CancelledFailure(`cancelled at step "${step}"`);
      const failure = readFailure(error);
      if (failure.kind === 'deadline' && deadline !== undefined) throw new DeadlinePassed(step);
      if (failure.kind === 'declined' && !mustSucceed) throw error;
      await rest(failure);
      await sleep(Math.min(parkedRetryMs(round), remaining() ?? Infinity));
    }
  }
}
