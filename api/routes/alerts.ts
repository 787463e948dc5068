/** Incidents under people's hands. They are the platform's: what an admin of any tenant acknowledges is quiet for all. */
import { randomBytes } from 'node:crypto';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import type { Incident } from '../../contracts/alerts.ts';
import { AlertsQuery, TestAlertBody } from '../../contracts/schema/alerts.ts';
import type { AlertRecord } from '../../store/index.ts';
import { alertViewOf } from '../alert-view.ts';
import type { ApiDeps } from '../deps.ts';
import { requesterOf } from '../plugins/auth.ts';
import { ApiProblem } from '../problem.ts';
import { AlertAnswerView, AlertsView, answers, IdParams, StartedAlertView } from '../schemas.ts';

const tags = ['alerts'];

export async function alertRoutes(
  instance: FastifyInstance,
  { store, boxoffice, webUi }: Pick<ApiDeps, 'store' | 'boxoffice' | 'webUi'>,
): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const shown = async (records: readonly AlertRecord[]) => {
    const notices = await store.alertNotices.of(records.map(({ incident }) => incident.alertId));
    return records.map((record) => alertViewOf(record, notices, webUi));
  };

  app.get(
    '/alerts',
    {
      config: { access: 'alerts.read' },
      schema: {
        tags,
        summary: 'Incidents, newest first, with what became of their notices',
        querystring: AlertsQuery,
        response: answers({ 200: AlertsView }),
      },
    },
    async ({ query }) => {
      const { alerts, nextCursor } = await store.alerts.list(query);
      return { alerts: await shown(alerts), ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
  );

  app.post(
    '/alerts/:id/acknowledge',
    {
      config: { access: 'alerts.control' },
      schema: {
        tags,
        summary: 'Somebody knows of it: it is told no more, and nobody else is called. The first one stays',
        params: IdParams,
        response: answers({ 200: AlertAnswerView }, 404),
      },
    },
    async (request) => {
      const { id } = request.params;
      const { requestedBy: by } = requesterOf(request);
      const found = await store.alerts.acknowledge(id, { by, at: new Date().toISOString() });
      if (!found) throw new ApiProblem('not_found', `There is no alert "${id}"`);
      return (await shown([found]))[0];
    },
  );

  app.post(
    '/alerts/test',
    {
      config: { access: 'alerts.control' },
      schema: {
        tags,
        summary: 'Sends a real alert to the person on call, over every channel of the severity',
        body: TestAlertBody,
        response: answers({ 202: StartedAlertView }),
      },
    },
    async (request, reply) => {
      requesterOf(request);
      const incident: Incident = {
        alertId: `test-${randomBytes(6).toString('hex')}`,
        type: 'test',
        subject: 'platform',
        severity: request.body.severity,
        value: 1,
        threshold: 0,
        openedAt: new Date().toISOString(),
      };
      await store.alerts.recordTest(incident);
      const workflowId = await boxoffice.alerts.notify({ incident, kind: 'first', number: 1 });
      void reply.code(202);
      return { id: incident.alertId, workflowId };
    },
  );
}
