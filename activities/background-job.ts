/** Attempts of jobs that meet the database only: counted as the contract counts them. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import { backoffMs, type JobType, jobTypes } from '../contracts/job-types.ts';
import { sqlStateOf } from '../infrastructure/postgres.ts';
import { createFailures } from './failure.ts';

const { refuse, retryIn } = createFailures('postgres');

/** Data and integrity exceptions: it is the row. */
export const isOfRow = (error: unknown) => /^2[23]/u.test(sqlStateOf(error) ?? '');

/**
 * It said no, as it would say again: to the row, to the statement, or because that took too long. Connections that break, and
 * servers that are away or full, have said nothing.
 */
const isAnswer = (error: unknown) =>
  /^(2[0-9A-F]|42|0A|57014)/u.test(sqlStateOf(error) ?? '') ||
  error instanceof TypeError ||
  error instanceof RangeError;

/**
 * Runs one attempt. What was answered with no is tried as often as the contract says, and then fails the workflow: that is a
 * bug. What was not answered is tried again until the job expires. @throws ApplicationFailure
 */
export async function attempt<T>(type: JobType, run: () => Promise<T>): Promise<T> {
  const policy = jobTypes[type];
  try {
    return await run();
  } catch (error) {
    if (error instanceof ApplicationFailure || Context.current().cancellationSignal.aborted) throw error;
    const code = sqlStateOf(error) ?? (error instanceof Error ? error.name : 'error');
    if (isAnswer(error) && Context.current().info.attempt >= policy.attempts) throw refuse(code);
    throw retryIn(backoffMs(policy, 1), code);
  }
}

const tellEveryMs = 1_000;

/**
 * Says every second how far it is, by heartbeat: a worker that died is noticed, and the next attempt goes on from there.
 * `progress` is kept up to date by `run`.
 */
export async function tellingProgress<T>(progress: object, run: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const tell = () => context.heartbeat(progress);
  tell();
  const timer = setInterval(tell, tellEveryMs);
  try {
    return await run();
  } finally {
    clearInterval(timer);
    tell();
  }
}
