import Fastify, { type FastifyInstance } from 'fastify';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { permissions, roles } from '../../api/permissions.ts';
import { auth } from '../../api/plugins/auth.ts';
import { createTokenVerifier } from '../../api/tokens.ts';
import { createSigningKey, sandboxAudience, sandboxIssuer, signToken } from '../../sandbox/tokens.ts';
import { completed } from '../support/orders.ts';
import { type ApiWorld, bearer, createApiWorld, orderOf, signingKey, tokenOf, verifyToken } from './api-world.ts';

const { tenantId: _, idempotencyKey: __, ...body } = orderOf();

interface Route {
  method: string;
  url: string;
}

/** Fastify's own routing table: a route that is added later cannot be forgotten here. */
function routesOf(app: FastifyInstance): Route[] {
  const routes: Route[] = [];
  const prefixes: string[] = [];
  for (const line of app.printRoutes().split('\n')) {
    const found = /^(?<indent>[│ ]*)[├└]── (?<path>\S*)(?: \((?<methods>[A-Z, ]+)\))?/u.exec(line)?.groups;
    if (!found) continue;
    const depth = found['indent']!.length / 4;
    prefixes[depth] = `${depth === 0 ? '' : prefixes[depth - 1]}${found['path']}`;
    for (const method of found['methods']?.split(', ') ?? []) routes.push({ method, url: prefixes[depth] });
  }
  return routes;
}

/** Health, and what a signature opens instead of a token: providers' webhooks and the link in an alert. */
const isPublic = ({ url }: Route) => /^\/(health\/|webhooks\/|alerts\/acknowledge$)/u.test(url);
const fill = ({ method, url }: Route) => ({
  method: method as 'GET',
  url: url.replace(':id', 'key-1').replace('*', 'x'),
});

let world: ApiWorld;
let routes: Route[];

beforeAll(async () => {
  world = await createApiWorld();
  await world.app.ready();
  routes = routesOf(world.app);
});
afterAll(() => world.app.close());

describe('every route but health and what a signature opens', () => {
  it('is found', () => {
    expect(routes.filter(isPublic).map(({ url }) => url)).toContain('/webhooks/stripe');
    for (const route of [
      'GET /payments/:id',
      'POST /payments/:id/cancel',
      'POST /payments/:id/refunds',
      'PUT /events/:id',
      'GET /docs/json',
    ])
      expect(routes.map(({ method, url }) => `${method} ${url}`)).toContain(route);
  });

  it('is 401 without a token', async () => {
    for (const route of routes.filter((one) => !isPublic(one))) {
      const answer = await world.app.inject(fill(route));
      expect([route.method, route.url, answer.statusCode]).toEqual([route.method, route.url, 401]);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      if (route.method !== 'HEAD') expect(answer.json()).toMatchObject({ code: 'unauthenticated', status: 401 });
    }
  });

  it('is 403 without a role', async () => {
    for (const route of routes.filter((one) => !isPublic(one))) {
      const answer = await world.app.inject({ ...fill(route), headers: await bearer({ role: 'nobody' }) });
      expect([route.method, route.url, answer.statusCode]).toEqual([route.method, route.url, 403]);
    }
  });

  it('has a table in which only services and admins start, and lookers-on change nothing', () => {
    expect(permissions).toMatchObject({
      'payments.start': ['service', 'admin'],
      'payments.cancel': ['service', 'operator', 'admin'],
      'refunds.start': ['service', 'operator', 'admin'],
      'refunds.cancel': ['service', 'operator', 'admin'],
      'decisions.make': ['approver', 'admin'],
      'venues.write': ['admin'],
      'events.write': ['admin'],
    });
  });

  it('lets in exactly the roles of the table', async () => {
    const asked: [string, Route, object?][] = [
      ['payments.start', { method: 'POST', url: '/payments' }],
      ['payments.read', { method: 'GET', url: '/payments/:id' }],
      ['payments.read', { method: 'GET', url: '/payments' }],
      ['payments.cancel', { method: 'POST', url: '/payments/:id/cancel' }],
      ['refunds.start', { method: 'POST', url: '/payments/:id/refunds' }],
      ['refunds.read', { method: 'GET', url: '/refunds/:id' }],
      ['refunds.cancel', { method: 'POST', url: '/refunds/:id/cancel' }],
      ['decisions.make', { method: 'POST', url: '/decisions' }],
      ['decisions.read', { method: 'GET', url: '/decisions' }],
      ['venues.write', { method: 'PUT', url: '/venues/:id' }],
      ['events.write', { method: 'PUT', url: '/events/:id' }],
      ['contacts.write', { method: 'POST', url: '/contacts' }],
      ['docs.read', { method: 'GET', url: '/docs/json' }],
    ];
    for (const [permission, route] of asked) {
      const allowed: readonly string[] = permissions[permission as keyof typeof permissions];
      for (const role of roles) {
        const { statusCode } = await world.app.inject({ ...fill(route), headers: await bearer({ role }) });
        expect([permission, role, statusCode !== 403]).toEqual([permission, role, allowed.includes(role)]);
        expect(statusCode).not.toBe(401);
      }
    }
  });

  it('cannot be added without an access', async () => {
    const app = Fastify();
    await app.register(auth, { verifyToken, docs: { prefix: '/docs', access: 'docs.read' } });
    expect(() => app.get('/open', async () => 'hello')).toThrow('GET /open names no access');
  });

  it('an address that does not exist is 401 without a token and 404 with one', async () => {
    expect((await world.app.inject('/nothing')).statusCode).toBe(401);
    const answer = await world.app.inject({ url: '/nothing', headers: await bearer() });
    expect([answer.statusCode, answer.json().code]).toEqual([404, 'not_found']);
  });
});

describe("another tenant's purchase", () => {
  it('is 404, running or ended, to read and to cancel', async () => {
    const headers = { ...(await bearer()), 'idempotency-key': 'key-1' };
    await world.app.inject({ method: 'POST', url: '/payments', headers, payload: body });
    world.store.records.set('acme/key-2', {
      key: 'key-2',
      status: 'completed',
      workflowId: 'payment:acme:key-2',
      runId: 'r',
      fingerprint: 'f',
      claimedAt: '2026-01-01T00:00:00.000Z',
      result: completed,
    });
    const stranger = await bearer({ tenant: 'globex', role: 'admin' });
    for (const key of ['key-1', 'key-2']) {
      const url = `/payments/${key}`;
      expect((await world.app.inject({ url, headers: await bearer() })).statusCode).toBe(200);
      expect((await world.app.inject({ url, headers: stranger })).statusCode).toBe(404);
      const cancel = { method: 'POST', url: `${url}/cancel`, headers: stranger, payload: { reason: 'x' } } as const;
      expect((await world.app.inject(cancel)).statusCode).toBe(404);
    }
    expect((await world.app.inject({ url: '/payments', headers: stranger })).json()).toEqual({ payments: [] });
  });
});

const ask = async (token: string) =>
  (await world.app.inject({ url: '/payments', headers: { authorization: `Bearer ${token}` } })).statusCode;

describe('a token', () => {
  const claims = { tenant: 'acme', roles: ['service'], sub: 'shop' };
  const now = Math.floor(Date.now() / 1_000);
  const payload: JWTPayload = { ...claims, iss: sandboxIssuer, aud: sandboxAudience, iat: now, exp: now + 600 };
  const forge = (change: JWTPayload, drop: readonly string[] = []) =>
    new SignJWT(Object.fromEntries(Object.entries({ ...payload, ...change }).filter(([name]) => !drop.includes(name))))
      .setProtectedHeader({ alg: 'ES256' })
      .sign(signingKey);

  it('of the right kind is accepted', async () => {
    expect(await ask(await tokenOf())).toBe(200);
    expect(await ask(await forge({}))).toBe(200);
  });

  it.each<[string, () => Promise<string>]>([
    ['of another key', async () => signToken(await createSigningKey(), claims)],
    ['without a signature', async () => new UnsecuredJWT(payload).encode()],
    [
      'signed with a shared secret',
      async () => new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from('x'.repeat(32))),
    ],
    ['of another issuer', () => forge({ iss: 'somebody' })],
    ['for another audience', () => forge({ aud: 'something' })],
    ['that has expired', () => forge({ iat: now - 700, exp: now - 100 })],
    ['that lives for more than an hour', () => forge({ exp: now + 3_700 })],
    ['from the future', () => forge({ iat: now + 600, exp: now + 700 })],
    ['without sub', () => forge({}, ['sub'])],
    ['without exp', () => forge({}, ['exp'])],
    ['without tenant', () => forge({}, ['tenant'])],
    ['whose tenant is no id', () => forge({ tenant: 'a:b' })],
    ['without roles', () => forge({}, ['roles'])],
    ['that is no token', async () => 'abc'],
  ])('%s is 401', async (_, token) => {
    expect(await ask(await token())).toBe(401);
  });

  it('of an algorithm that is not on the list is refused, even by a key of the key set', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES384', { extractable: true });
    const verify = createTokenVerifier({
      issuer: sandboxIssuer,
      audience: sandboxAudience,
      keys: { jwks: { keys: [await exportJWK(publicKey)] } },
    });
    const token = await new SignJWT(payload).setProtectedHeader({ alg: 'ES384' }).sign(privateKey);
    await expect(verify(token)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('never appears in the log', async () => {
    const token = await tokenOf();
    await ask(token);
    expect(world.log.join()).not.toContain(token.split('.')[2]);
  });
});
