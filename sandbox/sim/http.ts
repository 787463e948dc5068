import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export interface SimAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)));
  return Buffer.concat(chunks).toString('utf8');
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): SimAnswer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value, null, 2) };
}

export function write(response: ServerResponse, { status, headers, body }: SimAnswer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}

/** The port of what `address()` of a listening server says. */
export function portOf(address: ReturnType<Server['address']>): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

export interface Listening {
  url: string;
  port: number;
  /** Ends connections too, so that it resolves at once. */
  close(): Promise<void>;
}

function report(error: unknown): void {
  process.stderr.write(`simulator: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

/** Listens on `port`, or on a free one with 0. @throws what `listen` throws, e.g. EADDRINUSE. */
export async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  { port = 0, host = '127.0.0.1' }: { port?: number; host?: string },
): Promise<Listening> {
  const server: Server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      // A caller that was killed while it sent its call is an ordinary event here.
      if (!request.readableAborted) report(error);
      response.destroy();
    });
  });
  // An idle connection outlives any pause of a client, so that no call meets a connection closed under its feet.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  const bound = portOf(server.address());
  return {
    url: `http://${host}:${bound}`,
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
