/** Closed by default: a route without a named access does not register, and a request without a token gets nowhere. */
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { Id } from '../../contracts/schema/common.ts';
import { createValidator } from '../../contracts/schema/validate.ts';
import { type Access, allows, permissions } from '../permissions.ts';
import { ApiProblem } from '../problem.ts';
import type { Caller, VerifyToken } from '../tokens.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** Set on every route that needs a token. */
    caller: Caller | null;
  }
}

export interface AuthOptions {
  verifyToken: VerifyToken;
  /** Where the documentation's routes are and who may read them: a plugin makes them, so they are named here. */
  docs: { prefix: string; access: Access };
}

function authPlugin(app: FastifyInstance, { verifyToken, docs }: AuthOptions, done: () => void): void {
  app.decorateRequest('caller', null);

  app.addHook('onRoute', (route: RouteOptions) => {
    if (route.url === docs.prefix || route.url.startsWith(`${docs.prefix}/`)) {
      route.config = { ...route.config, access: docs.access };
    }
    if (route.config?.access === undefined)
      throw new Error(`${String(route.method)} ${route.url} names no access: set config.access`);
  });

  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config.access;
    if (access === 'public') return;
    request.caller = await verifyToken(bearerOf(request));
    // An address that does not exist has no access: its answer is 404, but only for who has a token.
    if (access === undefined || allows(access, request.caller.roles)) return;
    throw new ApiProblem('forbidden', `This needs one of the roles ${permissions[access].join(', ')}`);
  });
  done();
}

function bearerOf(request: FastifyRequest): string {
  const token = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) throw new ApiProblem('unauthenticated', 'The header "Authorization: Bearer …" is missing');
  return token;
}

/** The caller of a route that needs a token. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new Error('a route without a token asked for its caller');
  return request.caller;
}

/** Who asks is kept unencrypted with what they ask for, so it has to be an opaque id. */
const checkSubject = createValidator(Type.Object({ sub: Id('sub of the token, an opaque id') }));

/** The caller of a route that keeps who asked. @throws InvalidRequestError when the token's `sub` is no id. */
export function requesterOf(request: FastifyRequest): { tenantId: string; requestedBy: string } {
  const { tenantId, subject } = callerOf(request);
  return { tenantId, requestedBy: checkSubject({ sub: subject }).sub };
}

export const auth = fp(authPlugin, { name: 'auth' });
