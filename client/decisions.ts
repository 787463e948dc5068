/**
 * Decisions by people. Taking one needs the API, which knows who the person is and signs the proof; sending it needs
 * Temporal only.
 */
import { type Client, QueryNotRegisteredError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import type { WaitingFor } from '../contracts/dead-letters.ts';
import {
  type Decision,
  type DecisionAnswer,
  type DecisionMessage,
  type DecisionRefusal,
  type PreparedDecision,
  refusals,
} from '../contracts/decisions.ts';
import { type DecisionRefusedDetail, failureTypes } from '../contracts/failures.ts';
import { fingerprintOf } from '../contracts/hashes.ts';
import { approveUpdate, rejectUpdate, resolveUpdate, waitingQuery } from '../contracts/messages.ts';
import { BoxofficeError, UnavailableError } from './errors.ts';
import { type ApiAccess, callApi } from './http.ts';
import { isClosed } from './run-handle.ts';
import { isDeadline, isRefusedAs, translate } from './temporal-errors.ts';

/** The workflow did not take the decision. It has changed nothing. */
export class DecisionRefusedError extends BoxofficeError {
  readonly because: DecisionRefusal;
  constructor(workflowId: string, because: DecisionRefusal, cause: unknown) {
    super('decision_refused', `${workflowId}: ${refusals[because]}`, { cause });
    this.because = because;
  }
}

export class AlreadyEndedError extends BoxofficeError {
  constructor(workflowId: string, cause: unknown) {
    super('already_ended', `${workflowId} has ended`, { cause });
  }
}

export interface DecisionRequest {
  workflowId: string;
  decision: Decision;
  /** Why; for a step that waits, what the decision rests on. Kept with the decision. 1 to 500 characters. */
  reason: string;
}

export interface DecisionCalls {
  /**
   * Takes the decision as the subject of the API's token, and sends it.
   * @throws ApiError with code `decision_refused` or `already_ended`: nothing was changed.
   * @throws UnavailableError: unknown whether it arrived. Deciding again is safe.
   */
  decide(request: DecisionRequest): Promise<{ workflowId: string } & DecisionAnswer>;
  /** The same without sending it: what the Web UI's form takes, and `send`. */
  prepare(request: DecisionRequest): Promise<PreparedDecision>;
}

export interface DecisionSending {
  /** @throws NotFoundError */
  standing(workflowId: string): Promise<{ firstRunId: string; open: boolean }>;
  /**
   * Which step waits for a person now, and what it can be told; nothing in one that never waits for one.
   * @throws NotFoundError, UnavailableError where no worker answers within `deadlineMs` (10,000).
   */
  waiting(workflowId: string, options?: { deadlineMs?: number }): Promise<WaitingFor>;
  /**
   * Sends what was prepared, once however often it is called, and waits `deadlineMs` (10,000) for its answer. With `step` only
   * if that is what waits.
   * @throws DecisionRefusedError, AlreadyEndedError, NotFoundError: nothing was changed.
   * @throws UnavailableError: unknown whether it arrived; send the same again.
   */
  send(message: DecisionMessage, options?: { deadlineMs?: number; step?: string }): Promise<DecisionAnswer>;
}

/** The API itself waits ten seconds for the workflow. */
const decideMs = 15_000;
const sendMs = 10_000;

export function createDecisionCalls(access: ApiAccess | undefined): DecisionCalls {
  const call = (body: object) => callApi(access, 'POST', '/decisions', body, decideMs);
  return {
    decide: async (request) => (await call(request)) as { workflowId: string } & DecisionAnswer,
    prepare: async (request) => (await call({ ...request, send: false })) as PreparedDecision,
  };
}

export function createDecisionSending(client: Client): DecisionSending {
  async function standing(workflowId: string) {
    try {
      const run = await client.withDeadline(Date.now() + sendMs, () =>
        client.workflow.getHandle(workflowId).describe(),
      );
      const firstRunId = run.raw.workflowExecutionInfo?.firstRunId;
      return { firstRunId: firstRunId || run.runId, open: !isClosed(run) };
    } catch (error) {
      throw translate(error, workflowId);
    }
  }

  function update(message: DecisionMessage): Promise<DecisionAnswer> {
    const handle = client.workflow.getHandle(message.workflowId);
    // A proof decides once, so its message is one update, however often it is sent.
    const updateId = `${message.message}:${fingerprintOf(message.payload)}`;
    if (message.message === 'resolve')
      return handle.executeUpdate(resolveUpdate, { args: [message.payload], updateId });
    const definition = message.message === 'approve' ? approveUpdate : rejectUpdate;
    return handle.executeUpdate(definition, { args: [message.payload], updateId });
  }

  async function waiting(workflowId: string, { deadlineMs = sendMs } = {}): Promise<WaitingFor> {
    try {
      return await client.withDeadline(Date.now() + deadlineMs, () =>
        client.workflow.getHandle(workflowId).query(waitingQuery),
      );
    } catch (error) {
      if (error instanceof QueryNotRegisteredError) return { choices: [] };
      throw translate(error, workflowId);
    }
  }

  return {
    standing,
    waiting,
    async send(message, { deadlineMs = sendMs, step } = {}) {
      const { workflowId } = message;
      if (step !== undefined && (await waiting(workflowId, { deadlineMs })).step !== step)
        throw (await standing(workflowId)).open
          ? new DecisionRefusedError(workflowId, 'nothing_waits', undefined)
          : new AlreadyEndedError(workflowId, undefined);
      try {
        return await client.withDeadline(Date.now() + deadlineMs, () => update(message));
      } catch (error) {
        if (isDeadline(error)) throw new UnavailableError(`${workflowId} (no worker runs it at the moment)`, error);
        if (isRefusedAs(error, failureTypes.decisionRefused))
          throw new DecisionRefusedError(workflowId, reasonIn(error), error);
        if (hasNoHandler(error)) throw new DecisionRefusedError(workflowId, 'nothing_waits', error);
        if (isRefusedAs(error, failureTypes.alreadyEnded)) throw new AlreadyEndedError(workflowId, error);
        // The server says the same of a run that has ended and of one that never was.
        if (error instanceof WorkflowNotFoundError && !(await standing(workflowId)).open)
          throw new AlreadyEndedError(workflowId, error);
        throw translate(error, workflowId);
      }
    },
  };
}

/** A workflow that never waits for this kind of decision: the SDK refuses the update without a type of its own. */
const hasNoHandler = (error: unknown) =>
  error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure && !error.cause.type;

/** A newer workflow may know reasons that this client does not. */
function reasonIn(error: unknown): DecisionRefusal {
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  const [detail] = cause instanceof ApplicationFailure ? (cause.details ?? []) : [];
  const because = (detail as Partial<DecisionRefusedDetail> | undefined)?.because;
  return because !== undefined && Object.hasOwn(refusals, because) ? because : 'not_possible';
}
