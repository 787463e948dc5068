/** SMTP servers for the tests of the mail provider: a real one, and one that says what a test tells it to. */
import { once } from 'node:events';
import { type Server, type Socket, createServer } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { expect, onTestFinished } from 'vitest';
import { ProviderFault } from '../../contracts/provider-fault.ts';
import { createMailProvider } from '../../activities/providers/mail/provider.ts';

export const recipient = 'jane.doe@buyers.example';
export const mail = { subject: 'Your receipt: 1 ticket', html: '<p>Grüße</p>', text: 'Grüße\n.\nend' };
export const messageId = '<receipt-1@example.com>';

export const provider = (port: number, { timeoutMs = 2_000, login = '', host = '127.0.0.1' } = {}) =>
  createMailProvider({ smtpUrl: `smtp://${login}${host}:${port}`, from: 'Boxoffice <tickets@example.com>', timeoutMs });

export const send = (port: number, options?: Parameters<typeof provider>[1], to = recipient) =>
  provider(port, options).send({ to, messageId, mail });

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

/** With the sockets of its clients. STARTTLS is off: its certificate is nobody's. */
export async function smtpServer(options: SMTPServerOptions) {
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    disableReverseLookup: true,
    ...options,
  });
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket) => sockets.add(socket));
  server.on('error', () => {});
  const port = await listening(server.server);
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(resolve));
  });
  return { port, sockets };
}

/** Takes every mail and keeps it as it came, with its envelope's recipients. */
export async function mailbox(acknowledgement: string) {
  const received: { raw: string; to: string[] }[] = [];
  const { port } = await smtpServer({
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = envelope.rcptTo.map(({ address }) => address);
        received.push({ raw: Buffer.concat(chunks).toString(), to });
        done(null, acknowledgement);
      });
    },
  });
  return { port, received };
}

export async function scriptedServer(onConnect: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnect(socket);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return listening(server);
}

/** A port where nobody listens any more. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  server.close();
  await once(server, 'close');
  return port;
}

/** The fault of a delivery that has to fail; whatever went wrong, it holds nobody's address. */
export async function faultOf(sending: Promise<unknown>): Promise<ProviderFault> {
  const fault = await sending.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(fault instanceof ProviderFault)) throw new Error(`no ProviderFault but ${String(fault)}`);
  const kept = JSON.stringify([fault.message, fault.code, fault.facts, fault.cause ?? null, fault.stack]);
  expect(kept).not.toMatch(/jane|doe|buyers\.example/i);
  return fault;
}
