/** Who acts: a workflow and the first run of its execution, which survives a reset. */
export interface Operation {
  tenantId: string;
  workflowId: string;
  runId: string;
}

/** A step of a workflow, named by the workflow's author: `authorize`, `mint`, `capture`. */
export interface Step {
  tenantId: string;
  workflowId: string;
  step: string;
}
