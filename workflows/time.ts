/** Workflow time: inside a workflow `Date` is Temporal's, the same again on every replay. */

/** ISO 8601 UTC; handed to activities as the business time of what they record. */
export const businessNow = (): string => new Date().toISOString();

export const epochNow = (): number => Date.now();
