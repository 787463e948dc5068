/** The monitor: how things stand, and its thresholds, which hold for all tenants. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { ConfigureBody, MonitorChangesQuery } from '../../contracts/schema/monitor.ts';
import type { ApiDeps } from '../deps.ts';
import { requesterOf } from '../plugins/auth.ts';
import { answers, MonitorView } from '../schemas.ts';

const tags = ['monitor'];

export async function monitorRoutes(instance: FastifyInstance, { monitor, store }: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();

  app.get(
    '/monitor',
    {
      config: { access: 'monitor.read' },
      schema: {
        tags,
        summary: 'Thresholds, open incidents and the last sample',
        response: answers({ 200: MonitorView }, 404),
      },
    },
    () => monitor.status(),
  );

  app.get(
    '/monitor/changes',
    {
      config: { access: 'monitor.read' },
      schema: {
        tags,
        summary: 'Who set what, and why; newest first',
        querystring: MonitorChangesQuery,
        response: answers({}),
      },
    },
    async (request) => ({ changes: await store.monitorChanges.list(request.query) }),
  );

  app.post(
    '/monitor/settings',
    {
      config: { access: 'monitor.configure' },
      schema: {
        tags,
        summary: 'Set thresholds over what the environment says, until they are taken back with null',
        body: ConfigureBody,
        response: answers({ 200: MonitorView }, 404),
      },
    },
    (request) => monitor.configure({ ...request.body, actor: requesterOf(request).requestedBy }),
  );
}
