/** What keeps a public service standing: headers, limits per caller, and shedding load before falling over. */
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';

export interface RateLimit {
  /** Requests of one token's subject in one window. */
  max: number;
  windowMs: number;
}

export interface HardeningOptions {
  limit: RateLimit;
  /** Above it requests get 503. Milliseconds. */
  maxEventLoopDelayMs: number;
}

const retryAfterSeconds = 2;

async function hardeningPlugin(app: FastifyInstance, options: HardeningOptions): Promise<void> {
  const { limit, maxEventLoopDelayMs } = options;
  await app.register(helmet);
  await app.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs,
    // A probe has to be answered under load, or the orchestrator kills what is only busy.
    pressureHandler: async (request, reply) => {
      if (request.url.startsWith('/health/')) return;
      void reply.header('retry-after', String(retryAfterSeconds));
      throw Object.assign(new Error('under pressure'), { statusCode: 503 });
    },
  });
  // Registered after auth, so that the caller is known: limits are by subject, not by address.
  await app.register(rateLimit, {
    max: limit.max,
    timeWindow: limit.windowMs,
    keyGenerator: ({ caller, ip }) => (caller ? `${caller.tenantId}/${caller.subject}` : ip),
    allowList: (request) => request.routeOptions.config.access === 'public',
  });
}

export const hardening = fp(hardeningPlugin, { name: 'hardening', dependencies: ['auth'] });
