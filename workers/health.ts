/** The worker's own port: `/metrics` for Prometheus, `/health/live` and `/health/ready` for an orchestrator. */
import fastify from 'fastify';
import type { Config } from '../infrastructure/config.ts';
import type { Metrics } from '../infrastructure/metrics.ts';

export async function serveHealth(config: Config<'worker'>['worker'], { registry }: Metrics) {
  const app = fastify();
  let ready = false;
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  app.get('/health/live', () => ({ status: 'live' }));
  app.get('/health/ready', (_request, reply) =>
    reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready' }),
  );
  const url = await app.listen({ host: config.METRICS_HOST, port: config.METRICS_PORT });
  return {
    url,
    setReady: (value: boolean) => {
      ready = value;
    },
    close: () => app.close(),
  };
}
