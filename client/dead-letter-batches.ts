/** Many dead letters decided about at once: started by whoever has the proofs, then read and cancelled. */
import type { Client } from '@temporalio/client';
import { Type } from 'typebox';
import {
  type BatchLetter,
  type DeadLetterBatch,
  type DeadLetterBatchInput,
  type DeadLetterBatchResult,
  type DeadLetterBatchStatus,
  openBatchStages,
} from '../contracts/dead-letters.ts';
import { closedBatchStatus } from '../contracts/dead-letter-words.ts';
import { fingerprintOf } from '../contracts/hashes.ts';
import { resolveDeadLettersWorkflowId } from '../contracts/ids.ts';
import { priorities } from '../contracts/job-types.ts';
import { cancelDeadLettersUpdate, deadLettersStatusQuery, workflowTypes } from '../contracts/messages.ts';
import { Id } from '../contracts/schema/common.ts';
import { createValidator } from '../contracts/schema/validate.ts';
import type { WorkflowQueue } from '../contracts/task-queues.ts';
import { checked, NotFoundError } from './errors.ts';
import { type MessageAgain, startAgain } from './jobs.ts';
import { createRunHandle, type RunHandle, type RunKind } from './run-handle.ts';
import { startedWith } from './start-attributes.ts';
import { sameRequest, startOnce } from './start-once.ts';
import { tell } from './start-options.ts';

/** Its `cancel` stops before the next wave; what was sent stands. */
export interface DeadLetterBatchHandle extends RunHandle<DeadLetterBatchResult, DeadLetterBatchStatus> {
  readonly batchKey: string;
}

export interface StartedDeadLetterBatch extends DeadLetterBatchHandle {
  /** True when this very call started it; false when it was known already. */
  readonly created: boolean;
  readonly runId: string;
}

/** The letters of a batch that is not known yet, with their proofs. */
export type ChooseLetters = () => Promise<Pick<DeadLetterBatchInput, 'letters' | 'more'>>;

export interface DeadLetterSending {
  /**
   * Starts a batch, or finds the one with the same key: then no letters are chosen.
   * @throws IdempotencyConflictError when the key belongs to another decision, UnavailableError
   */
  startBatch(batch: DeadLetterBatch, choose: ChooseLetters): Promise<StartedDeadLetterBatch>;
  getBatch(tenantId: string, batchKey: string): DeadLetterBatchHandle;
  /** Sends a message again that was given up, and that the store has opened. */
  again: (message: MessageAgain) => Promise<void>;
}

const queue: WorkflowQueue = 'background';
const kind: RunKind<DeadLetterBatchStatus['stage'], DeadLetterBatchResult> = {
  statusQuery: deadLettersStatusQuery,
  cancelUpdate: cancelDeadLettersUpdate,
  openStages: openBatchStages,
  closedStatus: closedBatchStatus,
};
const checkKey = createValidator(Type.Object({ tenantId: Id('tenantId'), batchKey: Id('batchKey') }));

export function deadLetterBatchStart(input: DeadLetterBatchInput) {
  const { batch, fingerprint, letters } = input;
  const { tenantId, batchKey, actor, decision, dryRun } = batch;
  return {
    ...tell,
    taskQueue: queue,
    priority: { priorityKey: priorities.normal, fairnessKey: tenantId },
    workflowId: resolveDeadLettersWorkflowId(tenantId, batchKey),
    args: [input] as const,
    memo: { fingerprint },
    typedSearchAttributes: startedWith({ tenantId }),
    staticSummary: `${dryRun ? 'Dry run: ' : ''}${decision} for ${lettersText(letters)}`,
    staticDetails: `\`${actor}\` decides \`${decision}\` about ${lettersText(letters)}, a few at a time. \`cancel\` stops before the next ones; what was sent stands.`,
  };
}

const lettersText = ({ length }: readonly BatchLetter[]) => `${length} dead letter${length === 1 ? '' : 's'}`;

export function createDeadLetterSending(client: Client): DeadLetterSending {
  function batchOf(tenantId: string, batchKey: string): DeadLetterBatchHandle {
    checked(() => checkKey({ tenantId, batchKey }));
    return { batchKey, ...createRunHandle(client, resolveDeadLettersWorkflowId(tenantId, batchKey), kind) };
  }

  /** The run's id, where it is known. @throws IdempotencyConflictError */
  const known = (workflowId: string, fingerprint: string): Promise<string | undefined> =>
    sameRequest(client, { workflowId, memo: { fingerprint } }).catch((error: unknown) => {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    });

  return {
    getBatch: batchOf,
    again: (message) => startAgain(client, message),
    async startBatch(batch, choose) {
      const fingerprint = fingerprintOf(batch);
      const handle = batchOf(batch.tenantId, batch.batchKey);
      // First, because choosing makes proofs of which nobody would have any use.
      const runId = await known(handle.workflowId, fingerprint);
      if (runId !== undefined) return { ...handle, created: false, runId };
      const start = deadLetterBatchStart({ batch, fingerprint, ...(await choose()) });
      return { ...handle, ...(await startOnce(client, workflowTypes.resolveDeadLetters, start)) };
    },
  };
}
