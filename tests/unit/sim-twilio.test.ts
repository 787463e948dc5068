/** The simulator by Twilio's own SDK, as whoever uses Twilio would. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import twilio from 'twilio';
import { afterEach, describe, expect, test } from 'vitest';
import { createTwilioClient } from '../../activities/providers/sms/client.ts';
import { portOf, readBody } from '../../sandbox/sim/http.ts';
import type { LimitsSpec } from '../../sandbox/sim/limits.ts';
import { createTwilioSimulator } from '../../sandbox/twilio/simulator.ts';

const accountSid = `AC${'a'.repeat(32)}`;
const authToken = 'token';
const from = '+15005550006';
const to = '+4915112345678';
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function setUp(options: { authToken?: string; limits?: LimitsSpec } = {}) {
  const sim = await createTwilioSimulator({ accountSid, authToken, numbers: [from], limits: options.limits ?? {} });
  open.push(() => sim.close());
  const client = createTwilioClient({ accountSid, authToken: options.authToken ?? authToken, apiBase: sim.url });
  const control = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${sim.url}/_sim/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  return { sim, client, control };
}

const codeOf = (sent: Promise<unknown>) =>
  sent.then(
    () => 'sent',
    (fault: { code: string }) => fault.code,
  );

describe('messages', () => {
  test('go from queued to delivered by the clock, and are fetched as they stand', async () => {
    const { sim, client, control } = await setUp();
    await control('POST', 'pace', { sentMs: 60_000, endMs: 120_000 });
    const message = await client.messages.create({ to, from, body: 'Two tickets' });
    expect(message).toMatchObject({ to, from, body: 'Two tickets', status: 'queued', direction: 'outbound-api' });
    expect(Math.abs(message.dateCreated.getTime() - Date.now())).toBeLessThan(5_000);
    await control('POST', 'clock', { advance: 60_000 });
    expect((await client.messages(message.sid).fetch()).status).toBe('sent');
    await control('POST', 'clock', { advance: 60_000 });
    const delivered = await client.messages(message.sid).fetch();
    expect(delivered.status).toBe('delivered');
    expect(delivered.dateSent).toBeInstanceOf(Date);
    expect(sim.account.messages).toHaveLength(1);
  });

  test('stand where they are told to', async () => {
    const { client, control } = await setUp();
    await control('POST', 'pace', { automatic: false });
    const { sid } = await client.messages.create({ to, from, body: 'x' });
    await control('POST', 'clock', { advance: 60_000 });
    expect((await client.messages(sid).fetch()).status).toBe('queued');
    await control('POST', 'messages', { sid, status: 'undelivered', errorCode: 30_003 });
    expect(await client.messages(sid).fetch()).toMatchObject({ status: 'undelivered', errorCode: 30_003 });
    expect((await control('POST', 'messages', { sid, status: 'gone' })).status).toBe(400);
  });

  test('are listed newest first, by number and date of sending, page by page', async () => {
    const { client, control } = await setUp();
    await control('POST', 'pace', { sentMs: 60_000, endMs: 61_000 });
    for (const body of ['1', '2', '3', '4', '5']) await client.messages.create({ to, from, body });
    await client.messages.create({ to: '+4915100000000', from, body: 'other' });
    const page = await client.messages.page({ to, pageSize: 2 });
    expect(page.instances.map(({ body }) => body)).toEqual(['5', '4']);
    const all = await client.messages.list({ to, pageSize: 2 });
    expect(all.map(({ body }) => body)).toEqual(['5', '4', '3', '2', '1']);
    const tomorrow = new Date(Date.now() + 86_400_000);
    // None is sent yet, so no filter by date finds it.
    expect(await client.messages.list({ to, dateSentBefore: tomorrow })).toEqual([]);
    await control('POST', 'clock', { advance: 60_500 });
    expect(await client.messages.list({ to, dateSentBefore: tomorrow })).toHaveLength(5);
    expect(await client.messages.list({ to, dateSentAfter: tomorrow })).toEqual([]);
  });

  test.each([
    [{ to: '+15005550001' }, '21211'],
    [{ to: '+15005550002' }, '21612'],
    [{ to: '+15005550003' }, '21408'],
    [{ to: '+15005550004' }, '21610'],
    [{ to: '+15005550009' }, '21614'],
    [{ to: 'nobody' }, '21211'],
    [{ from: '+15005550007' }, '21606'],
    [{ from: '+15005550001' }, '21212'],
    [{ from: '+4930111111' }, '21606'],
    [{ body: 'x'.repeat(1_601) }, '21617'],
  ])('%o is refused with %s', async (change, code) => {
    const { client, sim } = await setUp();
    expect(await codeOf(client.messages.create({ to, from, body: 'x', ...change }))).toBe(code);
    expect(sim.account.messages).toEqual([]);
  });

  test('do not reach whoever said STOP, until START', async () => {
    const { client, control } = await setUp();
    await control('POST', 'stop', { to });
    expect(await codeOf(client.messages.create({ to, from, body: 'x' }))).toBe('21610');
    await control('POST', 'start', { to });
    expect(await codeOf(client.messages.create({ to, from, body: 'x' }))).toBe('sent');
  });

  test('end as planned, as often as planned', async () => {
    const { client, control } = await setUp();
    await control('POST', 'plans', { to, refuse: 21_614, times: 1 });
    expect(await codeOf(client.messages.create({ to, from, body: 'x' }))).toBe('21614');
    await control('POST', 'plans', { to, message: 'failed', errorCode: 30_006 });
    const { sid } = await client.messages.create({ to, from, body: 'x' });
    await control('POST', 'clock', { advance: 1_000 });
    expect(await client.messages(sid).fetch()).toMatchObject({ status: 'failed', errorCode: 30_006 });
    expect((await control('POST', 'plans', { to, refuse: 1 })).text).toContain('21610');
  });
});

test('calls ring, are answered and end, or nobody is there', async () => {
  const { client, control } = await setUp();
  const twiml = '<Response><Say>Money queue is too deep</Say></Response>';
  const call = await client.calls.create({ to, from, twiml });
  expect(call).toMatchObject({ to, status: 'queued' });
  await control('POST', 'clock', { advance: 1_000 });
  expect((await client.calls(call.sid).fetch()).status).toBe('completed');
  await control('POST', 'plans', { to, call: 'no-answer' });
  const missed = await client.calls.create({ to, from, url: 'https://boxoffice.example/alert.xml' });
  await control('POST', 'clock', { advance: 1_000 });
  expect((await client.calls.list({ to })).map(({ sid, status }) => [sid, status])).toEqual([
    [missed.sid, 'no-answer'],
    [call.sid, 'completed'],
  ]);
  expect((await control('GET', `inbox/${call.sid}`)).text).toContain('&lt;Say&gt;Money queue');
});

test('a wrong token is 401 with code 20003, another account 404', async () => {
  const { client, sim } = await setUp({ authToken: 'wrong' });
  expect(await codeOf(client.messages.create({ to, from, body: 'x' }))).toBe('20003');
  const answer = await fetch(`${sim.url}/2010-04-01/Accounts/${accountSid}/Messages.json`);
  expect([answer.status, Object(await answer.json()).code]).toEqual([401, 20_003]);
  const other = await fetch(`${sim.url}/2010-04-01/Accounts/ACother/Messages.json`, {
    headers: { authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}` },
  });
  expect([other.status, Object(await other.json()).code]).toEqual([404, 20_404]);
});

test('limits answer 20429 with Retry-After', async () => {
  const { client } = await setUp({ limits: { perSecond: 1, retryAfter: 3 } });
  await client.messages.create({ to, from, body: 'x' });
  const fault: unknown = await client.messages.create({ to, from, body: 'y' }).catch((error: unknown) => error);
  expect(fault).toMatchObject({ kind: 'rate_limited', code: '20429', retryAfterMs: 3_000 });
});

test.each([
  ['lose_answer', 1],
  ['close', 0],
] as const)('%s leaves %i message', async (kind, left) => {
  const { client, control, sim } = await setUp();
  await control('POST', 'faults', { kind, match: { method: 'POST' } });
  await expect(client.messages.create({ to, from, body: 'x' })).rejects.toMatchObject({ kind: 'unknown' });
  expect(sim.account.messages).toHaveLength(left);
});

test('status callbacks come in order, signed so that the SDK believes them', async () => {
  const heard: { params: Record<string, string>; signature: string }[] = [];
  const hear: (request: IncomingMessage, response: ServerResponse) => Promise<void> = async (request, response) => {
    const params = Object.fromEntries(new URLSearchParams(await readBody(request)));
    heard.push({ params, signature: String(request.headers['x-twilio-signature']) });
    response.writeHead(204).end();
  };
  const server = createServer((request, response) => {
    void hear(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => server.close());
  const url = `http://127.0.0.1:${portOf(server.address())}/status?from=twilio`;
  const { client, control } = await setUp();
  const { sid } = await client.messages.create({ to, from, body: 'x', statusCallback: url });
  await control('POST', 'clock', { advance: 1_000 });
  await expect.poll(() => heard.length).toBe(2);
  expect(heard.map(({ params }) => [params['MessageSid'], params['MessageStatus']])).toEqual([
    [sid, 'sent'],
    [sid, 'delivered'],
  ]);
  for (const { params, signature } of heard) {
    expect(twilio.validateRequest(authToken, signature, url, params)).toBe(true);
    expect(twilio.validateRequest('other', signature, url, params)).toBe(false);
  }
});

test('people see the texts, and nothing of them runs', async () => {
  const { client, control } = await setUp();
  await client.messages.create({ to, from, body: '<script>alert(1)</script>' });
  const { text } = await control('GET', 'inbox');
  expect(text).toContain(to);
  expect(text).toContain('&lt;script&gt;');
  expect(text).not.toContain('<script>');
  expect(JSON.parse((await control('GET', 'summary')).text)).toEqual({ messages: 1, unique: 1, repeats: 0, calls: 0 });
});
