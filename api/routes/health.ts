/** For the orchestrator: alive, ready, started. Needs no token and says nothing but names of parts. */
import type { FastifyInstance } from 'fastify';
import { statesOf } from '../../infrastructure/reach.ts';
import type { ApiDeps } from '../deps.ts';

const schema = (summary: string) => ({ summary, tags: ['health'], security: [] });

/** Probes come every few seconds for ever; only their failures are worth a line. */
const probe = { config: { access: 'public' }, logLevel: 'warn' } as const;

export async function healthRoutes(
  app: FastifyInstance,
  { checks, lesserChecks = {} }: Pick<ApiDeps, 'checks' | 'lesserChecks'>,
): Promise<void> {
  const readiness = async () => {
    const [needed, lesser] = await Promise.all([statesOf(checks), statesOf(lesserChecks)]);
    const ok = Object.values(needed).every((state) => state === 'ok');
    return { code: ok ? 200 : 503, body: { status: ok ? 'ok' : 'unavailable', checks: { ...needed, ...lesser } } };
  };
  let started = false;

  app.get('/health/live', { ...probe, schema: schema('Is the process alive?') }, async () => ({ status: 'ok' }));

  app.get('/health/ready', { ...probe, schema: schema('Can it reach what it needs now?') }, async (_, reply) => {
    const { code, body } = await readiness();
    started ||= code === 200;
    return reply.code(code).send(body);
  });

  app.get('/health/startup', { ...probe, schema: schema('Has it been ready once?') }, async (_, reply) => {
    if (started) return { status: 'ok' };
    const { code, body } = await readiness();
    started = code === 200;
    return reply.code(code).send(body);
  });
}
