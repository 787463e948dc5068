/** What happens once a day, started by fixed ids: what was started before counts as done. */
import { Context } from '@temporalio/activity';
import type { VenueCursor } from '../contracts/daily-round.ts';
import type { Store } from '../store/index.ts';
import { tellingProgress } from './background-job.ts';

export interface StartReportsInput {
  /** To report, in UTC. */
  day: string;
  /** `next` of the call before; absent for the first one. */
  after?: VenueCursor | undefined;
}

export interface StartReconciliationsInput {
  day: string;
  after?: string | undefined;
}

export interface Wave<Cursor> {
  /** Those that had been started before are not counted. */
  started: number;
  /** There may be more, after this one. */
  next?: Cursor;
}

export interface DailyRoundPorts {
  rounds: Store['dailyRounds'];
  /** Each: false when it was started before. */
  startCleanup(day: string): Promise<boolean>;
  startReport(of: VenueCursor & { day: string }): Promise<boolean>;
  startReconciliation(of: { tenantId: string; day: string }): Promise<boolean>;
}

/** What an attempt that died had reached. */
interface Progress<Cursor> {
  after: Cursor | undefined;
  started: number;
}

/** One call ends after so many, and the workflow goes on from there. */
const perWave = 500;
const atOnce = 10;

/** A few at a time, in their order, so that a cursor says what is done. */
async function wave<Cursor>(
  given: Cursor | undefined,
  list: (after: Cursor | undefined) => Promise<Cursor[]>,
  start: (one: Cursor) => Promise<boolean>,
): Promise<Wave<Cursor>> {
  const { info, cancellationSignal } = Context.current();
  const progress: Progress<Cursor> = {
    after: given,
    started: 0,
    ...(info.heartbeatDetails as Progress<Cursor> | undefined),
  };
  const due = await list(progress.after);
  await tellingProgress(progress, async () => {
    for (let done = 0; done < due.length; done += atOnce) {
      cancellationSignal.throwIfAborted();
      const slice = due.slice(done, done + atOnce);
      const news = await Promise.all(slice.map(start));
      progress.started += news.filter(Boolean).length;
      progress.after = slice.at(-1);
    }
  });
  const { after, started } = progress;
  return { started, ...(due.length === perWave && after !== undefined ? { next: after } : {}) };
}

export type DailyRoundActivities = ReturnType<typeof createDailyRoundActivities>;

export function createDailyRoundActivities(ports: DailyRoundPorts) {
  return {
    startCleanup: async ({ day }: { day: string }): Promise<void> =>
      void (await tellingProgress({}, () => ports.startCleanup(day))),
    startReports: ({ day, after }: StartReportsInput): Promise<Wave<VenueCursor>> =>
      wave(
        after,
        (cursor) => ports.rounds.venuesWithoutReport(day, { after: cursor, limit: perWave }),
        (venue) => ports.startReport({ ...venue, day }),
      ),
    startReconciliations: async ({ day, after }: StartReconciliationsInput): Promise<Wave<string>> =>
      wave(
        after,
        (cursor) => ports.rounds.tenants({ after: cursor, limit: perWave }),
        (tenantId) => ports.startReconciliation({ tenantId, day }),
      ),
  };
}
