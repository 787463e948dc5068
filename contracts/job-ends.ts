/**
 * How a job ended, as it is counted. A job is a root workflow of a queue that holds jobs; its end is told by whichever
 * worker runs its last task, through a sink, which is not called during replay. Pure.
 */
import type { Sinks } from '@temporalio/workflow';
import type { JobType } from './job-types.ts';
import { workflowTypes } from './messages.ts';

export interface JobEnd {
  jobType: string;
  /** From the start of the job, waits for people and banks included. */
  seconds: number;
  /**
   * `completed`: what it was for is done · `repeated`: it had been done before, under the same key · `failed`: a bug, or
   * nobody could do it · any other end by its own name, e.g. `declined`.
   */
  result: string;
  /** What a completed purchase took or a completed refund gave back. Minor units. */
  money?: { amount: number; currency: string };
  /** Tickets that exist because of it. */
  tickets?: number;
  /** Of a purchase: what became of its receipt, where the purchase sent it itself. */
  receipt?: string;
}

/** A type and not an interface: the SDK's `Sinks` has an index. */
export type JobSinks = Sinks & { jobs: { ended(end: JobEnd): void } };

/** The contract's names; the others are the workflow's, in kebab-case. */
const contractNames: Readonly<Record<string, JobType | 'ticket-transfer' | 'ticket-burn'>> = {
  [workflowTypes.payment]: 'payment-process',
  [workflowTypes.refund]: 'refund-process',
  [workflowTypes.payout]: 'payout-process',
  [workflowTypes.mint]: 'nft-mint',
  [workflowTypes.transfer]: 'ticket-transfer',
  [workflowTypes.burn]: 'ticket-burn',
  [workflowTypes.cleanup]: 'cleanup-old-data',
};

/** `payment` → `payment-process`, `sendEmail` → `send-email`, `refundReturn` → `refund-return`. */
export const jobTypeOf = (workflowType: string): string =>
  contractNames[workflowType] ?? workflowType.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`);

/** Ends that mean that the job did what it was for. */
const done = new Set(['completed', 'minted', 'transferred', 'burned', 'paid', 'sent', 'delivered', 'started']);

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields => (value !== null && typeof value === 'object' ? (value as Fields) : {});

/** What a run saw on its way that its result does not say. */
export interface Seen {
  /** The claim had a result already, or refused. */
  claimEnded: boolean;
  receipt: string | undefined;
}

/** The end of a workflow that returned `value`. A value without `status` is one that only ever says what was done. */
export function endOfJob(workflowType: string, value: unknown, { claimEnded, receipt }: Seen): Omit<JobEnd, 'seconds'> {
  const jobType = jobTypeOf(workflowType);
  const { status = 'completed', amount, currency, tickets } = fieldsOf(value);
  if (!done.has(String(status))) return { jobType, result: String(status).replaceAll(' ', '_') };
  // A claim by itself completes nothing, so another run did.
  if (claimEnded) return { jobType, result: 'repeated' };
  const moved = workflowType === workflowTypes.payment || workflowType === workflowTypes.refund;
  const minted = status === 'minted' ? 1 : Array.isArray(tickets) ? tickets.length : undefined;
  return {
    jobType,
    result: 'completed',
    ...(moved && typeof amount === 'number' && typeof currency === 'string' ? { money: { amount, currency } } : {}),
    ...(minted === undefined ? {} : { tickets: minted }),
    ...(receipt === undefined ? {} : { receipt }),
  };
}

/** Whether an answer of an activity says that a claim was there before, or refused. */
export const saysClaimEnded = (activityType: string, answer: unknown): boolean =>
  /^(?:claim|reserve)/u.test(activityType) && fieldsOf(answer)['kind'] === 'ended';

/** What an activity's answer says of a purchase's receipt. */
export function receiptIn(activityType: string, answer: unknown): string | undefined {
  const { status } = fieldsOf(answer);
  return activityType === 'sendReceipt' && typeof status === 'string' ? status : undefined;
}
