import { CancellationScope } from '@temporalio/workflow';

/** Runs what a cancellation must not reach: handlers, claims, what cannot be undone, and the undoing itself. */
export const shielded = <T>(run: () => Promise<T>): Promise<T> => CancellationScope.nonCancellable(run);
