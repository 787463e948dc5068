import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { closedMoveStatus, type MoveHandle } from '../../client/index.ts';
import { problems } from '../../contracts/problems.ts';
import { BurnBody, TransferBody } from '../../contracts/schema/ticket-move.ts';
import type { MoveKind, MoveResult, MoveStatus } from '../../contracts/ticket-move.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf, requesterOf } from '../plugins/auth.ts';
import { ApiProblem } from '../problem.ts';
import { answerStarted } from '../run-answers.ts';
import { viewOf } from '../run-view.ts';
import { type Run, statusOf } from '../runs.ts';
import { answers, IdParams, MoveView } from '../schemas.ts';

/** A few blocks; what takes longer waits for the chain. */
const defaultDeadlineMs = 10_000;

export async function ticketRoutes(instance: FastifyInstance, deps: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { boxoffice, store, webUi, deadlineMs = defaultDeadlineMs } = deps;
  const tags = ['tickets'];

  const runOf = <Result extends MoveResult>(
    tenantId: string,
    kind: MoveKind,
    key: string,
    handle: MoveHandle<Result>,
  ): Run<Result, MoveStatus<Result>> => ({
    id: handle.id,
    workflowId: handle.workflowId,
    handle,
    // The claim's key names the kind, and with it what its result can be.
    record: async () =>
      (await store.moves.get(tenantId, kind, key)) as Awaited<ReturnType<Run<Result, never>['record']>>,
    closedStatus: (result) => closedMoveStatus(result),
    noun: kind,
  });

  app.post(
    '/tickets/:id/transfer',
    {
      config: { access: 'tickets.transfer' },
      schema: {
        tags,
        summary: 'Give a ticket to another wallet: answers with the end, or after 10 s with where it stands',
        params: IdParams,
        body: TransferBody,
        response: answers({ 200: MoveView, 201: MoveView, 202: MoveView }, 404, 409, 422),
      },
    },
    async (request, reply) => {
      const { tenantId, requestedBy } = requesterOf(request);
      const { id: ticketId } = request.params;
      const handle = await boxoffice.tickets.transfer({ ...request.body, tenantId, ticketId, requestedBy });
      void reply.header('location', `/transfers/${handle.id}`);
      const run = runOf(tenantId, 'transfer', handle.id, handle);
      return answerStarted(run, handle, refuseRejected(run.workflowId), { reply, deadlineMs, webUi });
    },
  );

  app.get(
    '/transfers/:id',
    {
      config: { access: 'tickets.read' },
      schema: { tags, summary: 'Where a transfer stands', params: IdParams, response: answers({ 200: MoveView }, 404) },
    },
    async (request) => {
      const { tenantId } = callerOf(request);
      const handle = boxoffice.tickets.getTransfer(tenantId, request.params.id);
      const run = runOf(tenantId, 'transfer', handle.id, handle);
      return viewOf(run, await statusOf(run), webUi);
    },
  );

  app.post(
    '/tickets/:id/burn',
    {
      config: { access: 'tickets.burn' },
      schema: {
        tags,
        summary: 'Take a ticket out of the world; no money moves. Answers as a transfer does',
        params: IdParams,
        body: BurnBody,
        response: answers({ 200: MoveView, 201: MoveView, 202: MoveView }, 404, 409, 422),
      },
    },
    async (request, reply) => {
      const { tenantId, requestedBy } = requesterOf(request);
      const { id: ticketId } = request.params;
      const handle = await boxoffice.tickets.burn({ ...request.body, tenantId, ticketId, requestedBy });
      const run = runOf(tenantId, 'burn', `${ticketId}:${handle.id}`, handle);
      return answerStarted(run, handle, refuseRejected(run.workflowId), { reply, deadlineMs, webUi });
    },
  );
}

const refuseRejected = (workflowId: string) => (result: MoveResult) => {
  if (result.status !== 'rejected') return;
  const { reason } = result;
  const code = reason === 'internal_error' ? 'operation_failed' : reason;
  const { title, nextAction } = problems[code];
  throw new ApiProblem(code, title, { workflowId, moneyMoved: 'none', nextAction });
};
