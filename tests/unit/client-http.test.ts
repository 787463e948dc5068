import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiError, createBoxoffice, UnavailableError } from '../../client/index.ts';
import type { ApiAccess } from '../../client/index.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';

const venue = { name: 'Arena', currency: 'USD', feeBasisPoints: 500, feeFixed: 0, reserveBasisPoints: 0 } as const;
const problem = {
  type: 'urn:boxoffice:problem:invalid_request',
  title: 'The request is not valid',
  status: 400,
  detail: 'value is "x"; accepted is an e-mail address',
  code: 'invalid_request',
  moneyMoved: 'none',
  nextAction: 'Correct it',
  errors: [{ field: 'value', value: '"x"', accepted: 'an e-mail address' }],
};

interface Seen {
  line: string;
  authorization: string | undefined;
  body: string;
}

let server: Server;
let url: string;
let next: { status: number; body: string };
const seen: Seen[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { method, url: path, headers } = request;
      seen.push({ line: `${method} ${path}`, authorization: headers.authorization, body });
      response.writeHead(next.status, { 'content-type': 'application/json' }).end(next.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const boxofficeWith = (api?: ApiAccess) =>
  createBoxoffice({ temporal: { client: new FakeTemporal().client }, ...(api ? { api } : {}) });

describe('venues, events and contacts over HTTP', () => {
  it('sends the token, fresh for each call', async () => {
    let count = 0;
    const boxoffice = boxofficeWith({ url, token: () => `t${(count += 1)}` });
    next = { status: 200, body: '{}' };
    await boxoffice.venues.put('a/b', venue);
    await boxoffice.events.put('e', { venueId: 'v', name: 'n', endsAt: '2099-01-01T00:00:00Z', salesOpen: true });
    next = { status: 200, body: '{"emailRef":"c_1"}' };
    expect(await boxoffice.contacts.put({ kind: 'email', value: 'ada@example.com' })).toEqual({ emailRef: 'c_1' });
    expect(seen.map(({ line, authorization }) => [line, authorization])).toEqual([
      ['PUT /venues/a%2Fb', 'Bearer t1'],
      ['PUT /events/e', 'Bearer t2'],
      ['POST /contacts', 'Bearer t3'],
    ]);
    expect(JSON.parse(seen[0]!.body)).toEqual(venue);
  });

  it('throws the problem as a typed error', async () => {
    next = { status: 400, body: JSON.stringify(problem) };
    const refusal = boxofficeWith({ url, token: 't' }).contacts.put({ kind: 'email', value: 'x' });
    await expect(refusal).rejects.toBeInstanceOf(ApiError);
    await expect(refusal).rejects.toMatchObject({
      code: 'invalid_request',
      status: 400,
      moneyMoved: 'none',
      retryable: false,
      errors: problem.errors,
    });
  });

  it('is unavailable when nobody listens, or something else answers', async () => {
    next = { status: 502, body: '<html>' };
    await expect(boxofficeWith({ url, token: 't' }).venues.put('v', venue)).rejects.toMatchObject({
      code: 'unavailable',
      retryable: true,
    });
    const nowhere = boxofficeWith({ url: 'http://127.0.0.1:1', token: 't' }).venues.put('v', venue);
    await expect(nowhere).rejects.toBeInstanceOf(UnavailableError);
  });

  it('says what is missing when the API was not configured', async () => {
    await expect(boxofficeWith().venues.put('v', venue)).rejects.toThrow('createBoxoffice({api: {url, token}})');
  });
});
