/** Why a step may not send a call: said by the store, which counts, and read by the lanes, which send. */

/** The step was fenced off by its own compensation: nothing may be sent for it any more. */
export class StepFencedError extends Error {
  constructor(workflowId: string, step: string) {
    super(`step ${step} of ${workflowId} is fenced: its compensation has begun`);
    this.name = 'StepFencedError';
  }
}

/** Every call that the step may send was sent. */
export class BudgetExhaustedError extends Error {
  readonly sent: number;
  constructor(workflowId: string, step: string, sent: number, budget: number) {
    super(`step ${step} of ${workflowId} sent ${sent} calls; its budget is ${budget}`);
    this.name = 'BudgetExhaustedError';
    this.sent = sent;
  }
}
