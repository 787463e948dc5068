/** How a route answers about a run that it started or cancelled. */
import type { FastifyReply } from 'fastify';
import type { WebUi } from '../client/web-ui.ts';
import { pendingView, viewOf } from './run-view.ts';
import { cancelled, isReplay, type Run, statusAfter } from './runs.ts';

interface Answering {
  reply: FastifyReply;
  /** How long the caller waits. Milliseconds. */
  deadlineMs: number;
  webUi: WebUi | undefined;
}

/** It goes on: ask again in a second. */
export const later = (reply: FastifyReply, view: object) => reply.code(202).header('retry-after', '1').send(view);

/**
 * 201 for what this very call started and that has ended, 200 for the same again, 202 while it goes on. `refuse` throws for
 * an end that the caller meets as a problem.
 */
export async function answerStarted<Result extends { status: string }, Status extends { result?: Result }>(
  run: Run<Result, Status>,
  started: { created: boolean; runId: string },
  refuse: (result: Result) => void,
  { reply, deadlineMs, webUi }: Answering,
): Promise<FastifyReply> {
  const status = await statusAfter(run, deadlineMs);
  const view = viewOf(run, status, webUi);
  if (!status.result) return later(reply, view);
  refuse(status.result);
  const isNew = started.created && !(await isReplay(run, started.runId));
  return reply.code(isNew ? 201 : 200).send(view);
}

/** The end, or 202 when the cancel is recorded and the end was not there in time. */
export async function answerCancel<Result, Status extends { result?: { status: string } }>(
  run: Run<Result, Status>,
  request: { actor: string; reason: string },
  { reply, deadlineMs, webUi }: Answering,
): Promise<FastifyReply> {
  const status = await cancelled(run, request, deadlineMs);
  return status ? reply.send(viewOf(run, status, webUi)) : later(reply, pendingView(run, webUi));
}
