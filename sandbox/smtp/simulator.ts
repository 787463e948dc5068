import type { Socket } from 'node:net';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { createControl, type ControlHandler, type SimState } from '../sim/control.ts';
import { ControlError } from '../sim/check.ts';
import { json, listen, portOf } from '../sim/http.ts';
import { createState } from '../sim/server.ts';
import { Inbox, type Message, parseMessage } from './inbox.ts';
import { inboxPage, messagePage } from './pages.ts';
import { playStage, SmtpRefusal, type Stage } from './stages.ts';

export interface SmtpSimulatorOptions {
  user: string;
  pass: string;
  host?: string;
  /** SMTP; a free port unless given. */
  port?: number;
  /** Inbox and control over HTTP; a free port unless given. */
  httpPort?: number;
}

export interface SmtpSimulator {
  host: string;
  port: number;
  /** The inbox, and `/_sim/`. */
  url: string;
  inbox: Inbox;
  state: SimState;
  close(): Promise<void>;
}

type Done = (error?: Error | null) => void;

const nothing = async () => ({ key: null, params: {}, value: undefined });

async function readStream(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

const withoutSource = ({ source: _source, ...message }: Message): Omit<Message, 'source'> => message;

function inboxRoutes(inbox: Inbox): Record<string, ControlHandler> {
  const find = (id: string | undefined): Message => {
    const message = inbox.get(Number(id));
    if (!message) throw new ControlError(`no message '${id}'`);
    return message;
  };
  return {
    'GET /': () => inboxPage(inbox.list()),
    'GET /inbox': ({ query }) => ({
      messages: inbox.list({ to: query.get('to'), messageId: query.get('messageId') }).map(withoutSource),
    }),
    'GET /inbox/:id': ({ params }) => messagePage(find(params['id'])),
    'GET /inbox/:id/source': ({ params }) => ({
      ...json(200, ''),
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: find(params['id']).source,
    }),
    'DELETE /inbox': () => (inbox.clear(), { cleared: true }),
  };
}

/** Connects smtp-server's callbacks with the stages. Sockets are known by the port of their other end. */
function createSmtpServer({ user, pass }: SmtpSimulatorOptions, state: SimState, inbox: Inbox) {
  const sockets = new Map<number, Socket>();
  const play = <T>(session: SMTPServerSession, stage: Stage<T>, done: Done): void => {
    const played = playStage(state, sockets.get(session.remotePort), stage);
    // smtp-server speaks in callbacks.
    void played.then(
      (answered) => answered && setImmediate(done),
      (error: Error) => setImmediate(done, error),
    );
  };
  const keep = (message: Omit<Message, 'id' | 'receivedAt'>): void => {
    inbox.add({ ...message, receivedAt: state.clock.now() });
  };
  const server = new SMTPServer({
    authMethods: ['PLAIN', 'LOGIN'],
    // Plain text is fine between processes of one machine; there is no certificate to offer.
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    onConnect: (session, done) =>
      play(session, { command: 'CONNECT', success: 220, read: nothing, effect: () => undefined }, done),
    onAuth: ({ username, password }, session, done) => {
      const effect = (): void => {
        if (username !== user || password !== pass)
          throw new SmtpRefusal(535, '5.7.8 Authentication credentials invalid');
      };
      play(session, { command: 'AUTH', success: 235, read: nothing, effect }, (error) =>
        error ? done(error) : done(null, { user: username }),
      );
    },
    onMailFrom: (_address, session, done) =>
      play(session, { command: 'MAIL', success: 250, read: nothing, effect: () => undefined }, done),
    onRcptTo: (_address, session, done) =>
      play(session, { command: 'RCPT', success: 250, read: nothing, effect: () => undefined }, done),
    onData: (stream, session, done) => {
      const { mailFrom, rcptTo } = session.envelope;
      const envelope = { from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address) };
      const read = async () => {
        const source = await readStream(stream);
        const value = await parseMessage(source, envelope);
        const params = { messageId: value.messageId, recipients: envelope.to.length, bytes: source.length };
        return { key: value.messageId, params, value };
      };
      play(session, { command: 'DATA', success: 250, read, effect: keep }, done);
    },
  });
  server.server.on('connection', (socket: Socket) => {
    const port = socket.remotePort ?? 0;
    sockets.set(port, socket);
    socket.once('close', () => sockets.delete(port));
  });
  // A client that hangs up in the middle is an ordinary event here.
  server.on('error', () => undefined);
  return { server, sockets };
}

/** An SMTP server that keeps what it gets, with an inbox for people and programs. Throws what `listen` throws. */
export async function createSmtpSimulator(options: SmtpSimulatorOptions): Promise<SmtpSimulator> {
  const { host = '127.0.0.1' } = options;
  const state = createState();
  const inbox = new Inbox();
  const { server, sockets } = createSmtpServer(options, state, inbox);
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const control = createControl({
    ...state,
    summary: () => inbox.summary(),
    objects: { messages: () => inbox.list() },
    routes: inboxRoutes(inbox),
  });
  const http = await listen(
    (request, response) => control(request, response, new URL(request.url ?? '/', 'http://simulator')),
    { host, port: options.httpPort ?? 0 },
  );
  const port = portOf(server.server.address());
  return {
    host,
    port,
    url: http.url,
    inbox,
    state,
    close: async () => {
      for (const socket of sockets.values()) socket.destroy();
      await Promise.all([new Promise<void>((resolve) => server.close(() => resolve())), http.close()]);
    },
  };
}
