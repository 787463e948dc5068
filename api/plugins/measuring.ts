/** Requests, measured by route and status: never by address, which has ids in it. */
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { ApiMetrics } from '../../infrastructure/metrics.ts';

function measuringPlugin(app: FastifyInstance, { requests }: ApiMetrics, done: () => void): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    requests.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1_000);
  });
  done();
}

export const measuring = fp(measuringPlugin, { name: 'measuring' });
