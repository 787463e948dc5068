/** Jobs of the background are given up some hours after they were asked for. */
import { workflowInfo } from '@temporalio/workflow';
import { backgroundExpiryMs } from '../contracts/expiry.ts';
import { readFailure } from './outcomes.ts';
import { epochNow } from './time.ts';

/**
 * Runs an activity with the time that is left, which counts from the workflow's start: waiting for a worker is part of it.
 * Undefined: expired. Whatever else fails is a bug and thrown.
 */
export async function beforeExpiry<T>(run: (leftMs: number) => Promise<T>): Promise<T | undefined> {
  const leftMs = workflowInfo().startTime.getTime() + backgroundExpiryMs - epochNow();
  if (leftMs <= 0) return undefined;
  try {
    return await run(leftMs);
  } catch (error) {
    if (readFailure(error).kind === 'deadline') return undefined;
    throw error;
  }
}
