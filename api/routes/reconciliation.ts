/** What differs between the books, the card provider and the chain: seen, and closed with a reason. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  CloseDifferenceBody,
  DifferenceParams,
  ReconciliationBody,
  ReconciliationQuery,
} from '../../contracts/schema/reconciliation.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf, requesterOf } from '../plugins/auth.ts';
import { ApiProblem } from '../problem.ts';
import { identityOf } from '../run-view.ts';
import { answers, runFields, text } from '../schemas.ts';

const facts = (whose: string) =>
  Type.Union([Type.Object({}, { additionalProperties: true }), Type.Null()], {
    description: `what ${whose} says: ids, amounts and states; null: nothing`,
  });

const DifferenceView = Type.Object(
  {
    id: Type.Integer({ description: 'its number' }),
    day: text('the day whose reconciliation found it first'),
    kind: text('what differs; docs/contracts.md has the kinds'),
    objectId: text("the provider's object, the token, or the ledger's transaction"),
    ours: facts('the books'),
    theirs: facts('the provider or the chain'),
    amount: Type.Optional(Type.Integer({ description: 'what is at stake, minor units' })),
    currency: Type.Optional(text('ISO 4217')),
    foundAt: text('ISO 8601'),
    healedAt: Type.Optional(text('when a workflow was told what a lost webhook would have said')),
    closedAt: Type.Optional(text('ISO 8601; absent: open')),
    closedBy: Type.Optional(text('who closed it; reconciliation: it was gone')),
    closeReason: Type.Optional(text('why')),
  },
  { additionalProperties: true, description: 'a difference' },
);

const DayView = Type.Object(
  {
    day: text('the day'),
    status: text('running, clean, differs or cancelled'),
    differences: Type.Integer({ description: 'that its last run found, healed ones included' }),
    healed: Type.Integer({ description: 'of them' }),
    compared: Type.Object({}, { additionalProperties: true, description: 'how many of each' }),
    startedAt: text('ISO 8601'),
    endedAt: Type.Optional(text('ISO 8601')),
  },
  { additionalProperties: true, description: 'the last reconciliation of a day' },
);

const Page = Type.Object({
  days: Type.Array(DayView),
  differences: Type.Array(DifferenceView),
  nextCursor: Type.Optional(text('for the page after')),
});

const Started = Type.Object(
  {
    id: text('the day'),
    ...runFields,
    created: Type.Boolean({ description: 'false: one of that day is running' }),
  },
  { additionalProperties: true, description: 'a reconciliation' },
);

const usualLimit = 50;
const daysShown = 31;

export async function reconciliationRoutes(instance: FastifyInstance, deps: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { store, boxoffice, webUi } = deps;
  const tags = ['reconciliation'];

  app.get(
    '/reconciliation',
    {
      config: { access: 'reconciliation.read' },
      schema: {
        tags,
        summary: 'The last days that were compared, and what differs; open differences unless open=false',
        querystring: ReconciliationQuery,
        response: answers({ 200: Page }),
      },
    },
    async (request) => {
      const { tenantId } = callerOf(request);
      const { day, open = true, limit = usualLimit, cursor } = request.query;
      const ofDay = day === undefined ? {} : { day };
      const found = await store.reconciliation.list(tenantId, {
        ...ofDay,
        open,
        limit: limit + 1,
        ...(cursor === undefined ? {} : { before: Number(cursor) }),
      });
      const differences = found.slice(0, limit);
      const last = differences.at(-1);
      return {
        days: await store.reconciliation.days(tenantId, { ...ofDay, limit: daysShown }),
        differences,
        ...(found.length > limit && last ? { nextCursor: String(last.id) } : {}),
      };
    },
  );

  app.post(
    '/reconciliation',
    {
      config: { access: 'reconciliation.run' },
      schema: {
        tags,
        summary: 'Compare a day that has begun; again, as often as one likes',
        body: ReconciliationBody,
        response: answers({ 200: Started, 201: Started }),
      },
    },
    async (request, reply) => {
      const { tenantId } = callerOf(request);
      const { day } = request.body;
      const { created, workflowId } = await boxoffice.reconciliation.run({ tenantId, day });
      void reply.code(created ? 201 : 200);
      return { ...identityOf({ id: day, workflowId }, webUi), created };
    },
  );

  app.post(
    '/reconciliation/differences/:id/close',
    {
      config: { access: 'reconciliation.close' },
      schema: {
        tags,
        summary: 'Close a difference; it stays closed for as long as both sides say what they say now',
        params: DifferenceParams,
        body: CloseDifferenceBody,
        response: answers({ 200: DifferenceView }, 404),
      },
    },
    async (request) => {
      const { tenantId, requestedBy: by } = requesterOf(request);
      const id = Number(request.params.id);
      const closing = { id, by, reason: request.body.reason, now: new Date().toISOString() };
      const closed = await store.reconciliation.close(tenantId, closing);
      if (!closed) throw new ApiProblem('not_found', `There is no difference ${id}`);
      return closed;
    },
  );
}
