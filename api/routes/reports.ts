/** Daily money reports of venues. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { problems } from '../../contracts/problems.ts';
import type { ReportResult } from '../../contracts/report.ts';
import { Day, Id } from '../../contracts/schema/common.ts';
import { ReportBody, ReportFilter } from '../../contracts/schema/report.ts';
import { sendCsv, wantsCsv } from '../csv.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf } from '../plugins/auth.ts';
import { ApiProblem } from '../problem.ts';
import { later } from '../run-answers.ts';
import { identityOf, pendingView } from '../run-view.ts';
import { inTime } from '../runs.ts';
import { answers, ReportRunView } from '../schemas.ts';

const defaultDeadlineMs = 5_000;

const tags = ['reports'];
const ReportParams = Type.Object({ venueId: Id('venueId'), day: Day() }, { additionalProperties: false });
const ReportQuery = Type.Object(
  { format: Type.Optional(Type.Enum(['json', 'csv'], { description: 'format: json or csv' })) },
  { additionalProperties: false },
);

export async function reportRoutes(instance: FastifyInstance, deps: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { boxoffice, store, webUi, deadlineMs = defaultDeadlineMs } = deps;

  app.post(
    '/reports',
    {
      config: { access: 'reports.make' },
      schema: {
        tags,
        summary: "Make the report of a venue's day, once its books are closed: two hours after its end, in UTC",
        body: ReportBody,
        response: answers({ 200: ReportRunView, 201: ReportRunView, 202: ReportRunView }, 404, 409),
      },
    },
    async (request, reply) => {
      const { venueId, day } = request.body;
      const { tenantId } = callerOf(request);
      const known = await store.reports.get(tenantId, venueId, day);
      const job = await boxoffice.reports.make({ tenantId, venueId, day });
      const run = { id: `${venueId}/${day}`, workflowId: job.workflowId };
      const result = await inTime(job.result({ deadlineMs }));
      if (!result) return later(reply, pendingView(run, webUi));
      refuse(result, { ...run, venueId });
      if (result.status === 'completed') void reply.header('location', result.location);
      const isNew = job.created && known === undefined;
      return reply.code(isNew ? 201 : 200).send({ ...identityOf(run, webUi), ...result });
    },
  );

  app.get(
    '/reports',
    {
      config: { access: 'reports.read' },
      schema: {
        tags,
        summary: 'Reports that were made, newest day first',
        querystring: ReportFilter,
        response: answers({}),
      },
    },
    async (request) => store.reports.list(callerOf(request).tenantId, request.query),
  );

  app.get(
    '/reports/:venueId/:day',
    {
      config: { access: 'reports.read' },
      schema: {
        tags,
        summary: 'A venue\'s money of a day, per currency and account; CSV with "?format=csv" or "Accept: text/csv"',
        params: ReportParams,
        querystring: ReportQuery,
        response: answers({}, 404),
      },
    },
    async (request, reply) => {
      const { venueId, day } = request.params;
      const stored = await store.reports.get(callerOf(request).tenantId, venueId, day);
      if (!stored) throw new ApiProblem('not_found', `No report of venue "${venueId}" for ${day} was made`);
      const { report, csv, sha256, createdAt } = stored;
      void reply.header('etag', `"${sha256}"`);
      const accepted = wantsCsv(request.headers.accept) ? 'csv' : 'json';
      if ((request.query.format ?? accepted) === 'json') return { ...report, sha256, createdAt };
      return sendCsv(reply, `${venueId}-${day}`, csv);
    },
  );
}

function refuse(result: ReportResult, { workflowId, venueId }: { workflowId: string; venueId: string }): void {
  if (result.status !== 'refused') return;
  const { reason } = result;
  if (reason === 'no_venue') throw new ApiProblem('not_found', `There is no venue "${venueId}"`, { workflowId });
  throw new ApiProblem(reason, problems[reason].title, { workflowId });
}
