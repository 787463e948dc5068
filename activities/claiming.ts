/** Claims as every recording activity takes them: repeated until they are ours or answered. */
import { log } from '@temporalio/activity';

/** What goes with a claim that is ours: for a refund, what it reserved. */
export type Owned = { kind: 'owned' };

interface Owner {
  workflowId: string;
  /** The first run's id. */
  runId: string;
}

export type StoreClaim<Result, Mine extends Owned = Owned> =
  Mine | { kind: 'settled'; result: Result } | { kind: 'refused'; result: Result } | ({ kind: 'foreign' } & Owner);

export type Claiming = ReturnType<typeof createClaiming>;

export function createClaiming(isRunning: (workflowId: string, firstRunId: string) => Promise<boolean>) {
  /**
   * Repeats a claim that belongs to another run until it is ours or answered: an owner that Temporal no longer runs
   * cannot finish, so its claim is taken over, with whatever it had begun.
   */
  return async function claimed<Result, Mine extends Owned = Owned>(
    claim: () => Promise<StoreClaim<Result, Mine>>,
    takeOver: (from: Owner) => Promise<boolean>,
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
}
