import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { closedMoveStatus, type MoveHandle, type RequestedMove } from '../../client/index.ts';
import { problems } from '../../contracts/problems.ts';
import { Id } from '../../contracts/schema/common.ts';
import { BurnBody, TransferBody } from '../../contracts/schema/ticket-move.ts';
import { createValidator } from '../../contracts/schema/validate.ts';
import type { MoveKind, MoveResult, MoveStatus } from '../../contracts/ticket-move.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf } from '../plugins/auth.ts';
import { ApiProblem } from '../problem.ts';
import { viewOf } from '../run-view.ts';
import { isReplay, type Run, statusAfter, statusOf } from '../runs.ts';
import { answers, IdParams, MoveView } from '../schemas.ts';

/** A few blocks; what takes longer waits for the chain. */
const defaultDeadlineMs = 10_000;

/** Who asks is kept with the move, unencrypted. */
const checkSubject = createValidator(Type.Object({ sub: Id('sub of the token, an opaque id') }));

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

  async function answer<Result extends MoveResult>(
    run: Run<Result, MoveStatus<Result>>,
    handle: RequestedMove<Result>,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const status = await statusAfter(run, deadlineMs);
    const view = viewOf(run, status, webUi);
    if (!status.result) return reply.code(202).header('retry-after', '1').send(view);
    refuseRejected(status.result, run.workflowId);
    const isNew = handle.created && !(await isReplay(run, handle.runId));
    return reply.code(isNew ? 201 : 200).send(view);
  }

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
      const { tenantId, subject } = callerOf(request);
      const { sub: requestedBy } = checkSubject({ sub: subject });
      const { id: ticketId } = request.params;
      const handle = await boxoffice.tickets.transfer({ ...request.body, tenantId, ticketId, requestedBy });
      void reply.header('location', `/transfers/${handle.id}`);
      return answer(runOf(tenantId, 'transfer', handle.id, handle), handle, reply);
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
      const { tenantId, subject } = callerOf(request);
      const { sub: requestedBy } = checkSubject({ sub: subject });
      const { id: ticketId } = request.params;
      const handle = await boxoffice.tickets.burn({ ...request.body, tenantId, ticketId, requestedBy });
      return answer(runOf(tenantId, 'burn', `${ticketId}:${handle.id}`, handle), handle, reply);
    },
  );
}

function refuseRejected(result: MoveResult, workflowId: string): void {
  if (result.status !== 'rejected') return;
  const { reason } = result;
  const code = reason === 'internal_error' ? 'operation_failed' : reason;
  const { title, nextAction } = problems[code];
  throw new ApiProblem(code, title, { workflowId, moneyMoved: 'none', nextAction });
}
