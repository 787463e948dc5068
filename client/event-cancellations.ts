/** The cancellation of an event: asked for once, then read, paused, resumed, ended. */
import type { Client } from '@temporalio/client';
import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { Type } from 'typebox';
import {
  type EventCancellationResult,
  type EventCancellationStatus,
  type EventCancellationWish,
  openCancellationStages,
} from '../contracts/event-cancellation.ts';
import { closedCancellationStatus } from '../contracts/event-cancellation-words.ts';
import { fingerprintOf } from '../contracts/hashes.ts';
import { eventCancellationWorkflowId } from '../contracts/ids.ts';
import {
  cancelEventCancellationUpdate,
  type CancelRequest,
  eventCancellationStatusQuery,
  pauseSignal,
  pauseUpdate,
  resumeSignal,
  resumeUpdate,
  workflowTypes,
} from '../contracts/messages.ts';
import { Id } from '../contracts/schema/common.ts';
import { defaultInFlight, EventCancellationRequest } from '../contracts/schema/event-cancellation.ts';
import { createValidator } from '../contracts/schema/validate.ts';
import { checked, StillRunningError } from './errors.ts';
import { checkCancel, createRunHandle, type RunHandle, type RunKind } from './run-handle.ts';
import { eventCancellationStart } from './start-options.ts';
import { startOnce } from './start-once.ts';
import { isDeadline, mayBeClosed, translate } from './temporal-errors.ts';

/** Its `cancel` stops starting refunds; those under way go on, and sales stay closed. */
export interface EventCancellationHandle extends RunHandle<EventCancellationResult, EventCancellationStatus> {
  readonly eventId: string;
  /**
   * No refund is started until `resume`. Answers where it stands; one that has ended is left as it is. Where no worker answers
   * within `deadlineMs` (10,000) the request is left behind durably, and `StillRunningError` is thrown.
   */
  pause(request: CancelRequest, options?: { deadlineMs?: number }): Promise<EventCancellationStatus>;
  resume(request: CancelRequest, options?: { deadlineMs?: number }): Promise<EventCancellationStatus>;
}

export interface StartedEventCancellation extends EventCancellationHandle {
  /** True when this very call started it; false when it was known already. */
  readonly created: boolean;
  readonly runId: string;
}

const kind: RunKind<EventCancellationStatus['stage'], EventCancellationResult> = {
  statusQuery: eventCancellationStatusQuery,
  cancelUpdate: cancelEventCancellationUpdate,
  openStages: openCancellationStages,
  closedStatus: closedCancellationStatus,
};
const checkKey = createValidator(Type.Object({ tenantId: Id('tenantId'), eventId: Id('eventId') }));
const checkRequest = createValidator(EventCancellationRequest);
/** Milliseconds. */
const messageMs = 10_000;
const askMs = 5_000;

interface Message {
  update: UpdateDefinition<EventCancellationStatus, [CancelRequest]>;
  signal: SignalDefinition<[CancelRequest]>;
}
const pause: Message = { update: pauseUpdate, signal: pauseSignal };
const resume: Message = { update: resumeUpdate, signal: resumeSignal };

export function createEventCancellationHandle(
  client: Client,
  tenantId: string,
  eventId: string,
): EventCancellationHandle {
  checked(() => checkKey({ tenantId, eventId }));
  const run = createRunHandle(client, eventCancellationWorkflowId(tenantId, eventId), kind);
  const { workflowId } = run;
  const handle = client.workflow.getHandle(workflowId);

  /** No update id of its own: a second pause with the same words is another one. */
  async function tell({ update, signal }: Message, given: CancelRequest, deadlineMs = messageMs) {
    const request = checked(() => checkCancel(given));
    try {
      return await client.withDeadline(Date.now() + deadlineMs, () =>
        handle.executeUpdate(update, { args: [request] }),
      );
    } catch (error) {
      if (mayBeClosed(error)) return run.status();
      if (!isDeadline(error)) throw translate(error, workflowId);
    }
    // An update that no worker has accepted is forgotten with the connection; a signal is kept.
    try {
      await client.withDeadline(Date.now() + askMs, () => handle.signal(signal, request));
    } catch (error) {
      if (mayBeClosed(error)) return run.status();
      throw translate(error, workflowId);
    }
    throw new StillRunningError(workflowId);
  }

  return {
    eventId,
    ...run,
    pause: (request, options) => tell(pause, request, options?.deadlineMs),
    resume: (request, options) => tell(resume, request, options?.deadlineMs),
  };
}

/** @throws InvalidOrderError, or IdempotencyConflictError when the event was cancelled by another request. */
export async function startEventCancellation(
  client: Client,
  wish: EventCancellationWish,
): Promise<StartedEventCancellation> {
  const request = checked(() => checkRequest({ tickets: 'burn', inFlight: defaultInFlight, ...wish }));
  const start = eventCancellationStart(request, fingerprintOf(request));
  const started = await startOnce(client, workflowTypes.eventCancellation, start);
  return { ...createEventCancellationHandle(client, request.tenantId, request.eventId), ...started };
}
