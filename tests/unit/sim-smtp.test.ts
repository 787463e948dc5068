import { createTransport } from 'nodemailer';
import { afterEach, describe, expect, test } from 'vitest';
import { createSmtpSimulator, type SmtpSimulator } from '../../sandbox/smtp/simulator.ts';

const credentials = { user: 'boxoffice', pass: 'secret' };
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const mail = {
  from: 'Boxoffice <tickets@boxoffice.example>',
  to: 'Ada <ada@example.com>',
  subject: 'Your tickets & more',
  text: 'Two tickets',
  html: '<h1>Two tickets</h1><script>alert(1)</script>',
  messageId: '<receipt-1@boxoffice.example>',
};

async function setUp(options: { auth?: { user: string; pass: string } } = {}) {
  const sim: SmtpSimulator = await createSmtpSimulator(credentials);
  const transport = createTransport({
    host: sim.host,
    port: sim.port,
    secure: false,
    auth: options.auth ?? credentials,
    socketTimeout: 2000,
  });
  open.push(
    () => sim.close(),
    () => transport.close(),
  );
  const control = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${sim.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return Object(await response.json());
  };
  const send = async (more: object = {}) =>
    transport.sendMail({ ...mail, ...more }).then(
      ({ response }) => response.slice(0, 3),
      (error: { code: string; responseCode?: number }) => error.responseCode ?? error.code,
    );
  return { sim, send, control };
}

describe('the mail server', () => {
  test('keeps what it accepts, for programs and for people', async () => {
    const { sim, send, control } = await setUp();
    expect(await send()).toBe('250');
    const { messages } = await control('GET', '/inbox');
    expect(messages).toMatchObject([
      {
        id: 1,
        to: ['ada@example.com'],
        subject: 'Your tickets & more',
        messageId: mail.messageId,
        text: 'Two tickets',
      },
    ]);
    expect(messages[0].html).toContain('<h1>Two tickets</h1>');
    expect(Math.abs(messages[0].receivedAt - Date.now())).toBeLessThan(10_000);

    const list = await (await fetch(sim.url)).text();
    expect(list).toContain('<a href="/inbox/1">Your tickets &amp; more</a>');
    const view = await (await fetch(`${sim.url}/inbox/1`)).text();
    expect(view).toContain('<iframe sandbox');
    expect(view).not.toContain('<script>');
    expect(await (await fetch(`${sim.url}/inbox/1/source`)).text()).toContain(
      'Message-ID: <receipt-1@boxoffice.example>',
    );
    expect((await control('GET', '/inbox?to=ben@example.com')).messages).toEqual([]);
    await control('DELETE', '/inbox');
    expect((await control('GET', '/inbox')).messages).toEqual([]);
  });

  test('refuses who does not know the password', async () => {
    const { send, sim } = await setUp({ auth: { user: 'boxoffice', pass: 'wrong' } });
    expect(await send()).toBe(535);
    expect(sim.inbox.list()).toEqual([]);
    expect(sim.state.log.list().map(({ method, status }) => [method, status])).toEqual([
      ['CONNECT', 220],
      ['AUTH', 535],
    ]);
  });

  test('keeps and counts a Message-ID that comes twice', async () => {
    const { send, control } = await setUp();
    await send();
    await send();
    await send({ messageId: '<receipt-2@boxoffice.example>' });
    expect(await control('GET', '/_sim/summary')).toEqual({
      messages: 3,
      unique: 2,
      duplicates: { [mail.messageId]: 2 },
    });
  });

  test.each([
    ['MAIL', 451],
    ['RCPT', 550],
    ['DATA', 452],
    ['DATA', 554],
  ])('refuses at %s with %i, once', async (method, status) => {
    const { send, sim, control } = await setUp();
    await control('POST', '/_sim/faults', { kind: 'status', status, match: { method } });
    expect(await send()).toBe(status);
    expect(sim.inbox.list()).toEqual([]);
    expect(await send()).toBe('250');
  });

  test('loses an answer after the message was kept, so that a second sending is a duplicate', async () => {
    const { send, sim, control } = await setUp();
    await control('POST', '/_sim/faults', { kind: 'lose_answer', match: { method: 'DATA' } });
    expect(await send()).toBe('ECONNECTION');
    expect(sim.inbox.list()).toHaveLength(1);
    expect(await send()).toBe('250');
    expect((await control('GET', '/_sim/summary')).duplicates).toEqual({ [mail.messageId]: 2 });
    const { calls } = await control('GET', '/_sim/log?state=lost');
    expect(calls).toMatchObject([
      { method: 'DATA', idempotencyKey: mail.messageId, fault: 'lose_answer', params: { recipients: 1 } },
    ]);
    expect(JSON.stringify(calls)).not.toContain('ada@');
  });

  test('closes at connect, before the message, and refuses after it was kept', async () => {
    const { send, sim, control } = await setUp();
    await control('POST', '/_sim/faults', { kind: 'close', match: { method: 'CONNECT' } });
    expect(await send()).toMatch(/^E(CONNECTION|SOCKET|CONNRESET)$/);
    await control('POST', '/_sim/faults', { kind: 'close', match: { method: 'DATA' } });
    expect(await send()).toMatch(/^E(CONNECTION|SOCKET|CONNRESET)$/);
    expect(sim.inbox.list()).toEqual([]);
    await control('POST', '/_sim/faults', { kind: 'status', status: 451, after: true, match: { method: 'DATA' } });
    expect(await send()).toBe(451);
    expect(sim.inbox.list()).toHaveLength(1);
    await expect.poll(() => sim.state.log.inFlight).toBe(0);
  });

  test('holds an answer until it is released, and is slow when told to', async () => {
    const { send, sim, control } = await setUp();
    await control('POST', '/_sim/faults', { kind: 'hold', match: { method: 'DATA' } });
    const sending = send();
    expect((await control('GET', '/_sim/held?waitMs=5000')).calls).toMatchObject([{ method: 'DATA', state: 'held' }]);
    expect(sim.inbox.list()).toHaveLength(1);
    expect(await control('POST', '/_sim/release')).toEqual({ released: 1 });
    expect(await sending).toBe('250');
    await control('POST', '/_sim/faults', { kind: 'slow', ms: 150, match: { method: 'MAIL' } });
    await send();
    const slow = sim.state.log.list().find(({ fault }) => fault === 'slow');
    expect((slow?.answeredAt ?? 0) - (slow?.receivedAt ?? 0)).toBeGreaterThan(145);
  });
});
