import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { closedPayoutStatus, type PayoutHandle } from '../../client/index.ts';
import type { PayoutResult, PayoutStatus } from '../../contracts/payout.ts';
import { remedyOfPayout } from '../../contracts/payout-words.ts';
import { payoutProblems, problems } from '../../contracts/problems.ts';
import { CancelBody } from '../../contracts/schema/payment.ts';
import { PayoutBody, PayoutSchedule } from '../../contracts/schema/payout.ts';
import { validatePayoutSchedule } from '../../contracts/schema/validate-payout.ts';
import { sendCsv, wantsCsv } from '../csv.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf, requesterOf } from '../plugins/auth.ts';
import { ApiProblem } from '../problem.ts';
import { answerCancel, answerStarted } from '../run-answers.ts';
import { viewOf } from '../run-view.ts';
import { type Run, statusOf } from '../runs.ts';
import { answers, IdParams, PayoutView } from '../schemas.ts';
import { statementCsv } from '../statement-csv.ts';

/** Enough to learn of a rejection; the bank takes days. */
const defaultDeadlineMs = 5_000;

export async function payoutRoutes(instance: FastifyInstance, deps: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { boxoffice, store, webUi, deadlineMs = defaultDeadlineMs } = deps;
  const tags = ['payouts'];

  const runOf = (tenantId: string, handle: PayoutHandle): Run<PayoutResult, PayoutStatus> => ({
    id: handle.payoutId,
    workflowId: handle.workflowId,
    handle,
    record: () => store.payouts.get(tenantId, handle.payoutId),
    closedStatus: closedPayoutStatus,
    noun: 'payout',
  });

  app.post(
    '/venues/:id/payouts',
    {
      config: { access: 'payouts.start' },
      schema: {
        tags,
        summary: 'Pay a venue: answers with the end, or after 5 s with where it stands',
        params: IdParams,
        body: PayoutBody,
        response: answers({ 200: PayoutView, 201: PayoutView, 202: PayoutView }, 409, 422),
      },
    },
    async (request, reply) => {
      const { tenantId, requestedBy } = requesterOf(request);
      const handle = await boxoffice.payouts.request({
        ...request.body,
        tenantId,
        venueId: request.params.id,
        requestedBy,
      });
      const run = runOf(tenantId, handle);
      void reply.header('location', `/payouts/${run.id}`);
      return answerStarted(run, handle, refuseRejected(run.workflowId), { reply, deadlineMs, webUi });
    },
  );

  app.get(
    '/payouts/:id',
    {
      config: { access: 'payouts.read' },
      schema: { tags, summary: 'Where a payout stands', params: IdParams, response: answers({ 200: PayoutView }, 404) },
    },
    async (request) => {
      const { tenantId } = callerOf(request);
      const run = runOf(tenantId, boxoffice.payouts.get(tenantId, request.params.id));
      return viewOf(run, await statusOf(run), webUi);
    },
  );

  app.post(
    '/payouts/:id/cancel',
    {
      config: { access: 'payouts.cancel' },
      schema: {
        tags,
        summary: 'Pay nothing, unless money was transferred to the venue already; the answer is how the payout ended',
        params: IdParams,
        body: CancelBody,
        response: answers({ 200: PayoutView, 202: PayoutView }, 404),
      },
    },
    async (request, reply) => {
      const { tenantId, subject } = callerOf(request);
      const run = runOf(tenantId, boxoffice.payouts.get(tenantId, request.params.id));
      return answerCancel(run, { actor: subject, reason: request.body.reason }, { reply, deadlineMs, webUi });
    },
  );

  app.get(
    '/payouts/:id/statement',
    {
      config: { access: 'payouts.read' },
      schema: {
        tags,
        summary: 'The purchases, refunds, disputes and fees that it pays; CSV with "Accept: text/csv"',
        params: IdParams,
        response: answers({}, 404),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const statement = await store.payouts.statement(callerOf(request).tenantId, id);
      if (!statement) throw new ApiProblem('not_found', `There is no payout "${id}" that reserved anything`);
      return wantsCsv(request.headers.accept) ? sendCsv(reply, id, statementCsv(statement)) : statement;
    },
  );

  app.get(
    '/venues/:id/balance',
    {
      config: { access: 'payouts.read' },
      schema: {
        tags,
        summary: 'What a venue is owed, what of it could be paid now, and where the rest is',
        params: IdParams,
        response: answers({}, 404),
      },
    },
    async (request) => {
      const { id } = request.params;
      const balances = await store.payouts.balances(callerOf(request).tenantId, id, new Date().toISOString());
      if (!balances) throw new ApiProblem('not_found', `There is no venue "${id}"`);
      return { id, ...balances };
    },
  );

  app.put(
    '/venues/:id/payout-schedule',
    {
      config: { access: 'payouts.schedule' },
      schema: {
        tags,
        summary: 'Pay the venue all that is available again and again, instead of as before',
        params: IdParams,
        body: PayoutSchedule,
        response: answers({}),
      },
    },
    async (request) => {
      const { id } = request.params;
      await boxoffice.payouts.schedule(callerOf(request).tenantId, id, validatePayoutSchedule(request.body));
      return { id, ...request.body };
    },
  );

  app.delete(
    '/venues/:id/payout-schedule',
    {
      config: { access: 'payouts.schedule' },
      schema: { tags, summary: 'Pay the venue when asked only', params: IdParams, response: answers({}, 404) },
    },
    async (request, reply) => {
      const { id } = request.params;
      if (await boxoffice.payouts.unschedule(callerOf(request).tenantId, id)) return reply.code(204).send();
      throw new ApiProblem('not_found', `Venue "${id}" has no schedule`);
    },
  );
}

const refuseRejected = (workflowId: string) => (result: PayoutResult) => {
  if (result.status !== 'rejected') return;
  const code = payoutProblems[result.reason];
  throw new ApiProblem(code, problems[code].title, {
    workflowId,
    nextAction: remedyOfPayout(result),
    ...(result.available === undefined ? {} : { available: result.available }),
  });
};
