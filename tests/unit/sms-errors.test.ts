/** Each row of Twilio's error table, by what it answers or does not. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createSmsProvider } from '../../activities/providers/sms/provider.ts';
import { ProviderFault } from '../../contracts/provider-fault.ts';
import { portOf } from '../../sandbox/sim/http.ts';
import { closedPort } from './mail-servers.ts';

const to = '+4915112345678';
const account = { accountSid: `AC${'a'.repeat(32)}`, authToken: 'token', from: '+15005550006' };
const open: (() => unknown)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

let calls = 0;
async function serverThat(answer: RequestListener): Promise<string> {
  calls = 0;
  const server = createServer((request, response) => {
    calls += 1;
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${portOf(server.address())}`;
}

async function faultAt(apiBase: string): Promise<ProviderFault> {
  const fault: unknown = await createSmsProvider({ ...account, apiBase })
    .send({ to, body: 'Two tickets' })
    .then(
      () => new Error('it was sent'),
      (error: unknown) => error,
    );
  if (!(fault instanceof ProviderFault)) throw fault;
  // A fault ends up in Temporal's history.
  expect(`${fault.message} ${fault.stack} ${JSON.stringify(fault)} ${String(fault.cause)}`).not.toContain(to.slice(1));
  return fault;
}

const answering = (status: number, body: object | string, headers: Record<string, string> = {}) =>
  serverThat((request, response) => {
    request.resume();
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });

describe('an answer', () => {
  it.each([
    [429, 20_429, 'rate_limited'],
    [400, 21_610, 'declined'],
    [400, 21_211, 'declined'],
    [400, 21_612, 'declined'],
    [400, 21_614, 'declined'],
    [400, 21_217, 'declined'],
    [400, 21_606, 'refused'],
    [400, 21_408, 'refused'],
    [400, 21_212, 'refused'],
    [401, 20_003, 'refused'],
    [404, 20_404, 'refused'],
    [429, 21_611, 'busy'],
    [400, 99_999, 'refused'],
    [403, 99_999, 'refused'],
    // Whatever a gateway quotes, it does not know what happened behind it.
    [502, 21_211, 'unknown'],
    [500, 20_500, 'unknown'],
  ])('of HTTP %i with code %i is %s', async (status, code, kind) => {
    const message = `The number ${to} is not what it should be`;
    const fault = await faultAt(await answering(status, { code, message, status }));
    expect(fault).toMatchObject({ provider: 'twilio', kind, code: String(code), facts: { status } });
    expect(calls).toBe(1);
  });

  it.each([
    [503, 'unknown'],
    [429, 'rate_limited'],
    [302, 'unknown'],
    [200, 'unknown'],
  ])('of HTTP %i that is no JSON is %s, and is not followed', async (status, kind) => {
    const fault = await faultAt(await answering(status, '<html>', { location: '/elsewhere' }));
    expect(fault).toMatchObject({ kind, code: String(status) });
    expect(calls).toBe(1);
  });

  it('that limits the rate says for how long', async () => {
    const limited = await answering(429, { code: 20_429 }, { 'retry-after': '7' });
    expect(await faultAt(limited)).toMatchObject({ kind: 'rate_limited', retryAfterMs: 7_000 });
    expect((await faultAt(await answering(429, { code: 20_429 }))).retryAfterMs).toBeUndefined();
    const [date, until] = ['Thu, 01 Jan 2026 00:00:00 GMT', 'Thu, 01 Jan 2026 00:00:09 GMT'];
    const byDate = await answering(429, { code: 20_429 }, { date, 'retry-after': until });
    expect((await faultAt(byDate)).retryAfterMs).toBe(9_000);
  });
});

describe('no answer', () => {
  it('because nobody listens: not_sent', async () => {
    const fault = await faultAt(`http://127.0.0.1:${await closedPort()}`);
    expect(fault).toMatchObject({ kind: 'not_sent', code: 'ECONNREFUSED' });
  });

  it('because there is no such host: not_sent', async () => {
    expect(await faultAt('http://nowhere.invalid')).toMatchObject({ kind: 'not_sent' });
  });

  it('because the connection broke: unknown, and one call', async () => {
    const fault = await faultAt(await serverThat((request) => void request.socket.destroy()));
    expect(fault.kind).toBe('unknown');
    expect(calls).toBe(1);
  });
});
