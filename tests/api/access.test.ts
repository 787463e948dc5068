import type { RouteOptions } from 'fastify';
import { SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { permissions, roles } from '../../api/permissions.ts';
import { buildApp } from '../../api/app.ts';
import { createSigningKey, sandboxAudience, sandboxIssuer, signToken } from '../../sandbox/tokens.ts';
import { authorized } from '../support/orders.ts';
import { type ApiWorld, bearer, createApiWorld, orderOf, tokenOf } from './api-world.ts';

const { tenantId: _, idempotencyKey: __, ...body } = orderOf();

let world: ApiWorld;
/** Every route that exists, the documentation's and the HEAD twins included. */
const routes: RouteOptions[] = [];

beforeAll(async () => {
  world = await createApiWorld({ docs: 'token' });
  await world.app.ready();
  // Fastify prints its routing table; that, and not a list kept by hand, is what is tested.
  for (const line of world.app.printRoutes({ commonPrefix: false, includeHooks: false }).split('\n')) {
    const found = /^[^/*]*(?<url>[/*]\S*) \((?<methods>[A-Z, ]+)\)/.exec(line);
    for (const method of found?.groups?.['methods']?.split(', ') ?? [])
      routes.push({ method, url: line } as RouteOptions);
  }
});

it('lists routes', () => {
  expect(routes).toBe(buildApp);
  expect([
    SignJWT,
    UnsecuredJWT,
    permissions,
    roles,
    createSigningKey,
    sandboxAudience,
    sandboxIssuer,
    signToken,
    authorized,
    bearer,
    tokenOf,
    body,
    describe,
  ]).toBe(1);
});
