/** Each row of the mail provider's error table, played by a server. */
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { closedPort, faultOf, scriptedServer, send, smtpServer } from './mail-servers.ts';

const reply = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode });

describe('the mail server is not reached: not_sent', () => {
  it('refused connection', async () => {
    expect(await faultOf(send(await closedPort()))).toMatchObject({
      kind: 'not_sent',
      code: 'ECONNREFUSED',
      facts: { bodySent: false },
    });
  });

  it('unknown host', async () => {
    expect(await faultOf(send(25, { host: 'nowhere.invalid' }))).toMatchObject({
      kind: 'not_sent',
      facts: { bodySent: false },
    });
  });

  it('a greeting that never comes', async () => {
    const port = await scriptedServer(() => {});
    expect(await faultOf(send(port, { timeoutMs: 100 }))).toMatchObject({ kind: 'not_sent', code: 'ETIMEDOUT' });
  });

  it('closed instead of a greeting', async () => {
    const port = await scriptedServer((socket) => socket.destroy());
    expect(await faultOf(send(port))).toMatchObject({ kind: 'not_sent' });
  });

  it('lost between the recipient and DATA', async () => {
    const { port, sockets } = await smtpServer({
      onRcptTo() {
        for (const socket of sockets) socket.destroy();
      },
    });
    expect(await faultOf(send(port))).toMatchObject({ kind: 'not_sent', facts: { bodySent: false } });
  });

  it('a server that keeps talking without getting anywhere is cut off', async () => {
    const port = await scriptedServer((socket) => {
      const dripping = setInterval(() => socket.write('250-still here\r\n'), 20);
      socket.write('220 hello\r\n');
      socket.on('close', () => clearInterval(dripping));
    });
    expect(await faultOf(send(port, { timeoutMs: 1_500 }))).toMatchObject({ kind: 'not_sent', code: 'EABORT' });
  });
});

describe('the mail server answers no', () => {
  it.each([
    [450, '4.2.0 greylisted, try again later', 'busy'],
    [451, '4.3.0 temporary failure for <jane.doe@buyers.example>', 'busy'],
    [452, '4.2.2 jane.doe is over quota: message limit exceeded', 'busy'],
    [450, '4.7.1 too much mail from 192.0.2.1', 'rate_limited'],
    [451, '4.7.0 rate limit of buyers.example exceeded', 'rate_limited'],
    [452, '4.5.3 Too many recipients this hour', 'rate_limited'],
    [550, '5.1.1 jane.doe@buyers.example: mailbox unavailable', 'declined'],
    [552, '5.2.2 mailbox full', 'declined'],
    [553, '5.1.3 Jane.Doe%40buyers.example is no address', 'declined'],
    [530, '5.7.0 authentication required', 'refused'],
    [501, '5.5.4 syntax', 'refused'],
  ])('%i %s to the recipient: %s', async (code, words, kind) => {
    const { port } = await smtpServer({ onRcptTo: (_address, _session, done) => done(reply(code, words)) });
    const fault = await faultOf(send(port));
    expect(fault).toMatchObject({ kind, code: String(code), retryAfterMs: undefined });
    expect(fault.facts).toEqual({
      bodySent: false,
      command: 'RCPT TO',
      reply: code,
      enhancedStatus: words.split(' ')[0],
    });
  });

  it.each([
    [451, '4.3.0 try again', 'busy'],
    [421, '4.7.0 sending rate too high', 'rate_limited'],
    [554, '5.7.1 looks like spam', 'declined'],
  ])('%i %s to the body: %s, and not unknown', async (code, words, kind) => {
    const { port } = await smtpServer({
      onData: (stream, _session, done) => stream.resume().on('end', () => done(reply(code, words))),
    });
    expect(await faultOf(send(port))).toMatchObject({
      kind,
      code: String(code),
      facts: { bodySent: true, reply: code },
    });
  });

  it.each([
    [421, '4.3.2 shutting down', 'busy'],
    [421, '4.7.0 too many connections', 'rate_limited'],
    [554, '5.7.1 your network is not welcome', 'refused'],
  ])('%i %s instead of a greeting: %s', async (code, words, kind) => {
    const { port } = await smtpServer({ onConnect: (_session, done) => done(reply(code, words)) });
    expect(await faultOf(send(port))).toMatchObject({ kind, code: String(code) });
  });

  it('a refused sender is our fault: refused', async () => {
    const { port } = await smtpServer({
      onMailFrom: (_address, _session, done) => done(reply(553, 'not your address')),
    });
    const fault = await faultOf(send(port));
    expect(fault).toMatchObject({ kind: 'refused', code: '553', facts: { command: 'MAIL FROM' } });
    expect(fault.message).toContain('check SMTP_URL and MAIL_FROM');
  });

  it.each([
    [535, 'wrong password', 'refused'],
    [454, 'directory is down', 'busy'],
  ])('%i to the login: %s', async (code, words, kind) => {
    const { port } = await smtpServer({
      allowInsecureAuth: true,
      onAuth: (_auth, _session, done) => done(reply(code, words)),
    });
    const fault = await faultOf(send(port, { login: 'user:s3cret@' }));
    expect(fault).toMatchObject({ kind, code: String(code) });
    expect(JSON.stringify([fault.message, fault.facts])).not.toContain('s3cret');
  });

  it('a recipient without an address never leaves: declined', async () => {
    const { port } = await smtpServer({});
    expect(await faultOf(send(port, {}, ''))).toMatchObject({ kind: 'declined', code: 'EENVELOPE' });
  });
});

describe('sent without an answer: unknown', () => {
  it('connection lost after the body', async () => {
    let received = '';
    const { port, sockets } = await smtpServer({
      onData(stream) {
        stream.on('data', (chunk: Buffer) => (received += chunk.toString()));
        stream.on('end', () => {
          for (const socket of sockets) socket.destroy();
        });
      },
    });
    expect(await faultOf(send(port))).toMatchObject({ kind: 'unknown', facts: { bodySent: true } });
    expect(received).toContain('receipt-1@example.com');
  });

  it('connection closed in good order instead of an answer', async () => {
    const { port, sockets } = await smtpServer({
      onData(stream) {
        stream.resume().on('end', () => {
          for (const socket of sockets) socket.end();
        });
      },
    });
    expect(await faultOf(send(port))).toMatchObject({ kind: 'unknown', facts: { bodySent: true } });
  });

  it('no answer in time', async () => {
    const { port } = await smtpServer({ onData: (stream) => void stream.resume() });
    expect(await faultOf(send(port, { timeoutMs: 1_500 }))).toMatchObject({ kind: 'unknown', code: 'ETIMEDOUT' });
  });

  it('an answer that is none', async () => {
    const port = await scriptedServer((socket) => {
      socket.write('220 hello\r\n');
      let inBody = false;
      createInterface(socket).on('line', (line) => {
        if (inBody && line !== '.') return;
        inBody = line === 'DATA';
        socket.write(inBody ? '354 go on\r\n' : line === '.' ? '399 what?\r\n' : '250 fine\r\n');
      });
    });
    expect(await faultOf(send(port))).toMatchObject({ kind: 'unknown', code: '399', facts: { bodySent: true } });
  });
});
