/** The count of calls that left for a step, kept where a killed worker cannot forget it (Postgres, for money). */

/** What is counted together: the calls of one step of one workflow. */
export interface StepRef {
  tenantId: string;
  workflowId: string;
  step: string;
}

/**
 * A counted call leaves within this time or not at all. Who waits until a step's last call can have no effect any more
 * counts from when it was counted, so a process that stood still in between must not send it after all. Milliseconds.
 */
export const leavesWithinMs = 3_000;

export interface SentCall {
  /** Including the one that is about to be made. */
  sent: number;
  /** Part of the provider key; rises only when a generation is proven to have had no effect. */
  generation: number;
}

export interface SentCalls {
  /**
   * Counts a call *before* it is made.
   * Throws StepFencedError once the step was fenced, BudgetExhaustedError when `budget` calls were sent.
   */
  begin(ref: StepRef & { budget: number }): Promise<SentCall>;
  /** The counted call certainly never reached the provider. */
  giveBack(ref: StepRef): Promise<void>;
}
