/** Deletes what has expired, batch by batch. Each batch is gone for good, so an attempt that dies loses nothing. */
import { Context } from '@temporalio/activity';
import type { Deleted } from '../contracts/cleanup.ts';
import { type CleanedTable, rowsPerBatch, type Store } from '../store/index.ts';
import { attempt, tellingProgress } from './background-job.ts';

export interface CleanUpInput {
  /** Where the call before stopped; absent for the first one. */
  from?: string | undefined;
}

export interface CleanUpAnswer {
  deleted: Deleted;
  /** There is more, from this table on. */
  next?: string;
}

/** How far it is, for the attempt after this one. */
interface Progress {
  table?: string | undefined;
  deleted: Record<string, number>;
}

/** After so long it answers, so that people see how far it is. Milliseconds. */
const enoughMs = 20_000;

export type CleanupActivities = ReturnType<typeof createCleanupActivities>;

export function createCleanupActivities(deps: {
  cleanup: Store['cleanup'];
  tables: readonly CleanedTable[];
  /** Rows. */
  batch?: number;
  /** Milliseconds. */
  enough?: number;
}) {
  const { cleanup, tables, batch = rowsPerBatch, enough = enoughMs } = deps;
  /** A table that is not known any more was taken off the list since: then everything is looked at again. */
  const indexOf = (table: string | undefined) =>
    Math.max(
      0,
      tables.findIndex((one) => one.table === table),
    );

  async function run({ from }: CleanUpInput): Promise<CleanUpAnswer> {
    const { info, cancellationSignal } = Context.current();
    const progress: Progress = { table: from, deleted: {}, ...(info.heartbeatDetails as Progress | undefined) };
    const { deleted } = progress;
    const until = Date.now() + enough;
    return tellingProgress(progress, async () => {
      for (const target of tables.slice(indexOf(progress.table))) {
        progress.table = target.table;
        for (let rows = batch; rows >= batch;) {
          if (Date.now() >= until) return { deleted, next: target.table };
          cancellationSignal.throwIfAborted();
          rows = await cleanup.deleteBatch(target, batch);
          if (rows > 0) deleted[target.table] = (deleted[target.table] ?? 0) + rows;
        }
      }
      return { deleted };
    });
  }

  return { cleanUp: (input: CleanUpInput): Promise<CleanUpAnswer> => attempt('cleanup-old-data', () => run(input)) };
}
