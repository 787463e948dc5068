/** Taking a claim that may belong to a run which is gone. */
import { log } from '@temporalio/activity';
import type { Operation } from './ports.ts';

export type Claimed<Result> = { kind: 'owned' } | { kind: 'ended'; result: Result };

/** What goes with a claim that is ours: for a refund, what it reserved. */
export type Owned = { kind: 'owned' };

export type StoreClaim<Result, Mine extends Owned = Owned> =
  | Mine
  | { kind: 'settled'; result: Result }
  | { kind: 'refused'; result: Result }
  | { kind: 'foreign'; workflowId: string; runId: string };

export type TakeOver = { operation: Operation; key: string; from: { workflowId: string; runId: string } };

/** Does Temporal still run this? */
export type IsRunning = (workflowId: string, firstRunId: string) => Promise<boolean>;

/**
 * Repeats a claim that belongs to another run until it is ours or answered: an owner that Temporal no longer runs
 * cannot finish, so its claim is taken over, with whatever it had begun.
 */
export const createClaimer = (isRunning: IsRunning) =>
  async function claimed<Result, Mine extends Owned = Owned>(
    claim: () => Promise<StoreClaim<Result, Mine>>,
    takeOver: (from: TakeOver['from']) => Promise<boolean>,
  ): Promise<Mine | { kind: 'ended'; result: Result }> {
    for (;;) {
      const answer = await claim();
      if (answer.kind === 'owned') return answer;
      if (answer.kind !== 'foreign') return { kind: 'ended', result: answer.result };
      const { workflowId, runId } = answer;
      if (await isRunning(workflowId, runId)) {
        throw new Error(`the claim belongs to ${workflowId} (first run ${runId}), which is still running`);
      }
      log.warn('taking over the claim of a run that is gone', { workflowId, runId });
      await takeOver({ workflowId, runId });
    }
  };

export type Claimer = ReturnType<typeof createClaimer>;
