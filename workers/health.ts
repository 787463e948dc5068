/** The worker's own port: `/metrics` for Prometheus, `/health/live` and `/health/ready` for an orchestrator. */
import fastify from 'fastify';
import type { Config } from '../infrastructure/config.ts';
import type { Metrics } from '../infrastructure/metrics.ts';
import { statesOf } from '../infrastructure/reach.ts';

type Checks = Readonly<Record<string, () => Promise<unknown>>>;

export async function serveHealth(config: Config<'worker'>['worker'], { registry }: Metrics) {
  const app = fastify();
  let ready = false;
  let checks: Checks = {};
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  app.get('/health/live', () => ({ status: 'live' }));
  // Parts are named and do not decide: a worker that waits for its limiter is where it should be, and no other would do.
  app.get('/health/ready', async (_request, reply) =>
    reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', checks: await statesOf(checks) }),
  );
  const url = await app.listen({ host: config.METRICS_HOST, port: config.METRICS_PORT });
  return {
    url,
    setReady: (value: boolean) => {
      ready = value;
    },
    /** What readiness names from now on. */
    setChecks: (value: Checks) => {
      checks = value;
    },
    close: () => app.close(),
  };
}
