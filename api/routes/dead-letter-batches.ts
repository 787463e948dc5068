/** One decision about many dead letters. The proofs are signed here, one for each workflow; a workflow sends them. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { closedBatchStatus, type DeadLetterBatchHandle } from '../../client/index.ts';
import {
  type BatchLetter,
  type DeadLetter,
  type DeadLetterBatch,
  type DeadLetterBatchResult,
  type DeadLetterBatchStatus,
  isMessageJob,
  largestBatch,
} from '../../contracts/dead-letters.ts';
import { checkChoice, DeadLetterBatchBody } from '../../contracts/schema/dead-letters.ts';
import { CancelBody } from '../../contracts/schema/payment.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf, requesterOf } from '../plugins/auth.ts';
import { ApiProblem } from '../problem.ts';
import { answerCancel, answerStarted } from '../run-answers.ts';
import { viewOf } from '../run-view.ts';
import { type Run, statusOf } from '../runs.ts';
import { answers, DeadLetterBatchView, IdParams } from '../schemas.ts';

/** Enough for a small batch to end. */
const defaultDeadlineMs = 3_000;

const runOf = (handle: DeadLetterBatchHandle): Run<DeadLetterBatchResult, DeadLetterBatchStatus> => ({
  id: handle.batchKey,
  workflowId: handle.workflowId,
  handle,
  // What it did stands with the letters and decisions; the batch itself is Temporal's to remember.
  record: () => Promise.resolve(undefined),
  closedStatus: closedBatchStatus,
  noun: 'batch',
});

export async function deadLetterBatchRoutes(instance: FastifyInstance, deps: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { boxoffice, webUi, deadlineMs = defaultDeadlineMs } = deps;
  const tags = ['dead letters'];

  app.post(
    '/dead-letters/resolve',
    {
      config: { access: 'dead-letters.resolve' },
      schema: {
        tags,
        summary: 'One decision about up to 200 dead letters; with dryRun: true what would happen to each',
        body: DeadLetterBatchBody,
        response: answers({ 200: DeadLetterBatchView, 201: DeadLetterBatchView, 202: DeadLetterBatchView }, 404, 422),
      },
    },
    async (request, reply) => {
      const { tenantId, requestedBy: actor } = requesterOf(request);
      checkChoice(request.body);
      const batch: DeadLetterBatch = { dryRun: false, ...request.body, tenantId, actor };
      const started = await boxoffice.deadLetters.startBatch(batch, () => chosen(deps, batch));
      void reply.header('location', `/dead-letters/batches/${started.batchKey}`);
      return answerStarted(runOf(started), started, () => undefined, { reply, deadlineMs, webUi });
    },
  );

  app.get(
    '/dead-letters/batches/:id',
    {
      config: { access: 'dead-letters.read' },
      schema: {
        tags,
        summary: 'How far it is, and what became of each letter',
        params: IdParams,
        response: answers({ 200: DeadLetterBatchView }, 404),
      },
    },
    async (request) => {
      const run = runOf(boxoffice.deadLetters.getBatch(callerOf(request).tenantId, request.params.id));
      return viewOf(run, await statusOf(run), webUi);
    },
  );

  app.post(
    '/dead-letters/batches/:id/cancel',
    {
      config: { access: 'dead-letters.resolve' },
      schema: {
        tags,
        summary: 'Stop before the next letters; what was sent stands',
        params: IdParams,
        body: CancelBody,
        response: answers({ 200: DeadLetterBatchView, 202: DeadLetterBatchView }, 404),
      },
    },
    async (request, reply) => {
      const { tenantId, subject } = callerOf(request);
      const run = runOf(boxoffice.deadLetters.getBatch(tenantId, request.params.id));
      return answerCancel(run, { actor: subject, reason: request.body.reason }, { reply, deadlineMs, webUi });
    },
  );
}

/** @throws ApiProblem `not_found` naming what there is not */
async function found({ store: { deadLetters } }: ApiDeps, { tenantId, ids, filter = {} }: DeadLetterBatch) {
  if (!ids) {
    const oldest = await deadLetters.oldest(tenantId, filter, largestBatch + 1);
    if (oldest.length === 0) throw new ApiProblem('not_found', 'There is no open dead letter that fits');
    return oldest;
  }
  const letters = await deadLetters.some(tenantId, ids);
  const known = new Set(letters.map(({ id }) => id));
  const missing = ids.filter((id) => !known.has(id));
  if (missing.length > 0) throw new ApiProblem('not_found', `There is no dead letter ${missing.join(', ')}`);
  return letters;
}

async function chosen(deps: ApiDeps, batch: DeadLetterBatch): Promise<{ letters: BatchLetter[]; more: boolean }> {
  const letters = await found(deps, batch);
  const proven = letters.slice(0, largestBatch).map(async (letter): Promise<BatchLetter> => {
    const { id, workflowId, step } = letter;
    return { id, workflowId, step, ...(needsProof(letter, batch) ? await proofOf(deps, letter, batch) : {}) };
  });
  return { letters: await Promise.all(proven), more: letters.length > largestBatch };
}

const needsProof = ({ jobType, resolvedAt }: DeadLetter, { dryRun }: DeadLetterBatch) =>
  !dryRun && resolvedAt === undefined && !isMessageJob(jobType);

/** A letter's run is the first of its workflow, as a proof wants it. */
async function proofOf({ signProof }: ApiDeps, { workflowId, runId }: DeadLetter, batch: DeadLetterBatch) {
  const { tenantId, decision: choice, actor: subject } = batch;
  const { proof } = await signProof({ tenantId, workflowId, runId, kind: 'resolve', choice, subject });
  return { proof };
}
