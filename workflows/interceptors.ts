/**
 * Tells how a job ended, for the metrics. Only looks on: it awaits nothing and issues no command, so a workflow has the
 * same history with and without it. The bundler takes it in (workers/bundle.ts), not the worker.
 */
import {
  CancellationScope,
  isCancellation,
  proxySinks,
  TemporalFailure,
  workflowInfo,
  type WorkflowInterceptorsFactory,
} from '@temporalio/workflow';
import {
  endOfJob,
  type JobEnd,
  jobTypeOf,
  type JobSinks,
  receiptIn,
  saysClaimEnded,
  type Seen,
} from '../contracts/job-ends.ts';

const { jobs } = proxySinks<JobSinks>();

/** Hears of it before whoever awaits the promise, and never makes a rejection an unhandled one. */
const onAnswer = (promise: Promise<unknown>, heard: (answer: unknown) => void) =>
  void promise.then(heard, () => undefined);

/** The SDK's own rule of what a thrown error means. Undefined: no end, but the next run, or a task that is tried again. */
function thrownEnd(error: unknown, cancelled: boolean): 'cancelled' | 'failed' | undefined {
  if (cancelled && isCancellation(error)) return 'cancelled';
  return error instanceof TemporalFailure ? 'failed' : undefined;
}

export const interceptors: WorkflowInterceptorsFactory = () => {
  const seen: Seen = { claimEnded: false, receipt: undefined };
  return {
    inbound: [
      {
        execute(input, next) {
          const { workflowType, startTime, taskQueue, parent } = workflowInfo();
          const running = next(input);
          if (parent !== undefined || taskQueue === 'monitoring') return running;
          const root = CancellationScope.current();
          const tell = (end: Omit<JobEnd, 'seconds'>) =>
            jobs.ended({ ...end, seconds: Math.max(0, Date.now() - startTime.getTime()) / 1_000 });
          running.then(
            (value) => tell(endOfJob(workflowType, value, seen)),
            (error: unknown) => {
              const result = thrownEnd(error, root.consideredCancelled);
              if (result !== undefined) tell({ jobType: jobTypeOf(workflowType), result });
            },
          );
          return running;
        },
      },
    ],
    outbound: [
      {
        scheduleActivity(input, next) {
          const answer = next(input);
          onAnswer(answer, (value) => {
            seen.receipt ??= receiptIn(input.activityType, value);
          });
          return answer;
        },
        scheduleLocalActivity(input, next) {
          const answer = next(input);
          onAnswer(answer, (value) => {
            seen.claimEnded ||= saysClaimEnded(input.activityType, value);
          });
          return answer;
        },
      },
    ],
  };
};
