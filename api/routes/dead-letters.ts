/** Dead letters under people's hands: looked for, closed, resolved one by one. */
import { Readable } from 'node:stream';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import type { WebUi } from '../../client/web-ui.ts';
import type { DeadLetter } from '../../contracts/dead-letters.ts';
import {
  CloseLetterBody,
  DeadLetterFilterQuery,
  DeadLettersQuery,
  DeadLetterStatisticsQuery,
  LetterParams,
  ResolveLetterBody,
} from '../../contracts/schema/dead-letters.ts';
import { wantsCsv } from '../csv.ts';
import { exportTypes, written } from '../dead-letter-export.ts';
import { createLetterHands } from '../dead-letter-hands.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf, requesterOf } from '../plugins/auth.ts';
import { identityOf } from '../run-view.ts';
import { answers, DeadLetterView } from '../schemas.ts';

const tags = ['dead letters'];
const reading = { access: 'dead-letters.read' } as const;
const resolving = { access: 'dead-letters.resolve' } as const;
const defaultPage = 50;
const defaultDays = 14;

export async function deadLetterRoutes(instance: FastifyInstance, deps: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { webUi } = deps;
  const letters = deps.store.deadLetters;
  const hands = createLetterHands(deps);

  app.get(
    '/dead-letters',
    {
      config: reading,
      schema: {
        tags,
        summary: 'What waits for a person or was given up, newest first; open letters unless state says otherwise',
        querystring: DeadLettersQuery,
        response: answers({}),
      },
    },
    async (request) => {
      const { limit = defaultPage, ...wish } = request.query;
      const page = await letters.list(callerOf(request).tenantId, { limit, ...wish });
      return { ...page, letters: page.letters.map((letter) => viewOf(letter, webUi)) };
    },
  );

  app.get(
    '/dead-letters/groups',
    {
      config: reading,
      schema: {
        tags,
        summary: 'Letters that say the same: how many, the oldest, the newest, and what moved; the most first',
        querystring: DeadLetterFilterQuery,
        response: answers({}),
      },
    },
    async (request) => ({ groups: await letters.groups(callerOf(request).tenantId, request.query) }),
  );

  app.get(
    '/dead-letters/statistics',
    {
      config: reading,
      schema: {
        tags,
        summary: 'Open letters by queue, job type and money moved; how many came and were resolved each day (UTC)',
        querystring: DeadLetterStatisticsQuery,
        response: answers({}),
      },
    },
    async (request) => letters.statistics(callerOf(request).tenantId, request.query.days ?? defaultDays),
  );

  app.get(
    '/dead-letters/export',
    {
      config: reading,
      schema: {
        tags,
        summary: 'All that fit, oldest first: one JSON object a line, or CSV with "Accept: text/csv"',
        querystring: DeadLetterFilterQuery,
        response: answers({}),
      },
    },
    async (request, reply) => {
      const format = wantsCsv(request.headers.accept) ? 'csv' : 'jsonl';
      const pages = letters.pages(callerOf(request).tenantId, request.query);
      return reply
        .header('content-disposition', `attachment; filename="dead-letters.${format}"`)
        .type(exportTypes[format])
        .send(Readable.from(written(pages, format)));
    },
  );

  app.get(
    '/dead-letters/:id',
    {
      config: reading,
      schema: {
        tags,
        summary: 'One letter, and what it can be told now',
        params: LetterParams,
        response: answers({ 200: DeadLetterView }, 404),
      },
    },
    async (request) => {
      const letter = await hands.find(callerOf(request).tenantId, request.params.id);
      return { ...viewOf(letter, webUi), ...(await hands.standingOf(letter)) };
    },
  );

  app.post(
    '/dead-letters/:id/close',
    {
      config: resolving,
      schema: {
        tags,
        summary: 'Nobody is needed any more. Not while its workflow runs: then it is resolved',
        params: LetterParams,
        body: CloseLetterBody,
        response: answers({ 200: DeadLetterView }, 404, 409),
      },
    },
    async (request) => {
      const { tenantId, requestedBy: by } = requesterOf(request);
      const letter = await hands.find(tenantId, request.params.id);
      return viewOf(await hands.close(letter, { tenantId, by, reason: request.body.reason }), webUi);
    },
  );

  app.post(
    '/dead-letters/:id/resolve',
    {
      config: resolving,
      schema: {
        tags,
        summary: 'Decide about what waits, as POST /decisions does; retry sends a message again that was given up',
        params: LetterParams,
        body: ResolveLetterBody,
        response: answers({}, 404, 409),
      },
    },
    async (request) => {
      const { tenantId, requestedBy: subject } = requesterOf(request);
      const letter = await hands.find(tenantId, request.params.id);
      const { id, workflowId } = letter;
      const { decision, evidence: reason } = request.body;
      return { id, workflowId, ...(await hands.resolve(letter, { tenantId, subject, workflowId, decision, reason })) };
    },
  );
}

const viewOf = (letter: DeadLetter, webUi: WebUi | undefined) => ({
  ...letter,
  status: letter.resolvedAt === undefined ? 'open' : 'closed',
  ...identityOf(letter, webUi),
});
