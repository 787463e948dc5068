/** Dead letters as people see them, and the deciding of many at once. Shared by workflow, store, client, API and CLI. */
import type { DecisionRefusal, Resolution } from './decisions.ts';
import type { MoneyMoved } from './payment.ts';
import type { PayoutMoney } from './payout.ts';
import type { DeadLetterChoice } from './schema/dead-letters.ts';
import type { Attention } from './search-attributes.ts';

export type { DeadLetterChoice, DeadLetterFilter, DeadLetterWish } from './schema/dead-letters.ts';

/** A message that a person had sent again. */
export interface MessageRetry {
  by: string;
  evidence: string;
  /** ISO 8601 UTC. */
  at: string;
  /** Sent calls until then. */
  attempts: number;
}

/** What waits for a person or was given up. */
export interface DeadLetter {
  /** A number, as text. */
  id: string;
  queueName: string;
  jobType: string;
  workflowId: string;
  /** Of the first run of its workflow; a message's is its workflow id. */
  runId: string;
  step: string;
  error: string;
  /** Sent calls when it was written. */
  attempts: number;
  moneyMoved: MoneyMoved | PayoutMoney;
  /** Opaque ids and amounts. */
  data: Readonly<Record<string, unknown>>;
  /** ISO 8601 UTC. */
  failedAt: string;
  retries: MessageRetry[];
  /** Absent while it is open. */
  resolvedAt?: string;
  outcome?: string;
  /** Where a person closed it. */
  closedBy?: string;
  closeReason?: string;
}

/** Open letters, or those that a filter finds, that say the same. */
export interface DeadLetterGroup {
  queueName: string;
  jobType: string;
  step: string;
  error: string;
  count: number;
  /** ISO 8601 UTC. */
  oldest: string;
  newest: string;
  /** How many of them say what of the money. */
  moneyMoved: Readonly<Partial<Record<DeadLetter['moneyMoved'], number>>>;
}

export interface DeadLetterStatistics {
  open: number;
  /** Open ones. */
  byQueue: Readonly<Record<string, number>>;
  byJobType: Readonly<Record<string, number>>;
  byMoneyMoved: Readonly<Partial<Record<DeadLetter['moneyMoved'], number>>>;
  /** Of the open ones: ISO 8601 UTC and seconds; absent where there is none. */
  oldest?: { failedAt: string; seconds: number };
  /** UTC days as 2027-01-31, oldest first, those without any as well. */
  days: { day: string; opened: number; resolved: number }[];
}

/** What a step that came to rest can be told now. */
export interface WaitingFor {
  /** Absent where nothing waits. */
  step?: string;
  choices: Resolution[];
}

/** How many letters one batch decides about, and how many are decided at once. */
export const largestBatch = 200;
export const batchWave = 10;
/** Times that a letter is tried whose workflow does not answer, and the pause before that. Milliseconds. */
export const batchTries = 3;
export const batchPauseMs = 5_000;

/** The same decision about many letters, asked for by one person. */
export interface DeadLetterBatch extends DeadLetterChoice {
  tenantId: string;
  batchKey: string;
  /** Who decides: the subject of the proofs. */
  actor: string;
  dryRun: boolean;
}

/** One letter of a batch. */
export interface BatchLetter {
  id: string;
  workflowId: string;
  step: string;
  /** For this workflow, run and decision. Absent in a dry run, and where a message is sent again, which moves no money. */
  proof?: string;
}

export interface DeadLetterBatchInput {
  batch: DeadLetterBatch;
  fingerprint: string;
  letters: BatchLetter[];
  /** There were more letters than one batch takes; these are the oldest. */
  more: boolean;
}

/**
 * accepted: the workflow took the decision (in a dry run: would take it) · refused: it did not, and nothing changed · gone:
 * the letter is closed, or its workflow has ended · unanswered: it is unknown whether the decision arrived; deciding again
 * is safe.
 */
export const letterOutcomes = ['accepted', 'refused', 'gone', 'unanswered'] as const;
export type LetterOutcome = (typeof letterOutcomes)[number];

export interface DecidedLetter {
  id: string;
  outcome: LetterOutcome;
  /** Of a refusal. */
  because?: DecisionRefusal;
}

export interface BatchReport extends Readonly<Record<LetterOutcome, number>> {
  dryRun: boolean;
  total: number;
  /** Nothing was sent to these yet. */
  left: number;
  /** More letters fit than one batch takes: decide about them under another key. */
  more: boolean;
  /** In the order of the batch. Without an outcome: left. */
  letters: (Pick<BatchLetter, 'id' | 'workflowId' | 'step'> & Partial<Omit<DecidedLetter, 'id'>>)[];
}

/** A batch moves no money itself: the workflows do. */
export type DeadLetterBatchResult =
  | { status: 'completed'; moneyMoved: 'none'; report: BatchReport }
  /** No wave was begun from then on; what was sent before stands. */
  | { status: 'cancelled'; moneyMoved: 'none'; actor: string; reason: string; report: BatchReport };

export const openBatchStages = ['started', 'deciding'] as const;
export type OpenBatchStage = (typeof openBatchStages)[number];

export interface DeadLetterBatchStatus {
  stage: OpenBatchStage | DeadLetterBatchResult['status'];
  attention: Attention;
  moneyMoved: MoneyMoved;
  next: string;
  /** Absent where no worker answers. */
  report?: BatchReport;
  result?: DeadLetterBatchResult;
}

/** Given-up messages: their claims belong to them, and no workflow of theirs waits. */
export const messageJobs = { 'send-email': 'email', 'send-sms': 'sms' } as const;
export type MessageJob = keyof typeof messageJobs;

export const isMessageJob = (jobType: string): jobType is MessageJob => Object.hasOwn(messageJobs, jobType);

/**
 * Anything but a single call that was answered with "no" may have sent it. What was called before the last retry is not in
 * question: it went again because nothing of that had been sent.
 */
const mayBeSent = ({ attempts, error, retries }: Pick<DeadLetter, 'attempts' | 'error' | 'retries'>) =>
  error === 'budget_exhausted' || attempts - (retries.at(-1)?.attempts ?? 0) > 1;

/**
 * Why a message that was given up cannot be sent again by this decision; undefined where it can. A text message is looked
 * for first at the provider, whatever came of earlier calls. Mail cannot be looked up: it goes again only where it is
 * certain that it has not gone.
 */
export function retryRefusal(
  letter: Pick<DeadLetter, 'jobType' | 'attempts' | 'error' | 'retries'>,
  decision: Resolution,
): DecisionRefusal | undefined {
  if (decision !== 'retry') return 'not_possible';
  return letter.jobType === 'send-email' && mayBeSent(letter) ? 'may_be_sent' : undefined;
}
