/** For the orchestrator: alive, ready, started. Needs no token and says nothing but names of parts. */
import type { FastifyInstance } from 'fastify';
import type { ApiDeps } from '../deps.ts';

const checkMs = 2_000;

const schema = (summary: string) => ({ summary, tags: ['health'], security: [] });

/** Probes come every few seconds for ever; only their failures are worth a line. */
const probe = { config: { access: 'public' }, logLevel: 'warn' } as const;

type CheckState = 'ok' | 'unreachable';

async function stateOf(check: () => Promise<unknown>): Promise<CheckState> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CheckState>((resolve) => {
    timer = setTimeout(resolve, checkMs, 'unreachable');
  });
  const state = check().then(
    (): CheckState => 'ok',
    (): CheckState => 'unreachable',
  );
  return Promise.race([state, late]).finally(() => clearTimeout(timer));
}

export async function healthRoutes(app: FastifyInstance, { checks }: Pick<ApiDeps, 'checks'>): Promise<void> {
  const readiness = async () => {
    const states = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await stateOf(check)] as const),
    );
    const ok = states.every(([, state]) => state === 'ok');
    return { code: ok ? 200 : 503, body: { status: ok ? 'ok' : 'unavailable', checks: Object.fromEntries(states) } };
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
