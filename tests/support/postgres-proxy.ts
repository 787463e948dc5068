/**
 * PostgreSQL behind an address of its own. A transaction is known by the texts that it sends; it can be cut off before it
 * is done, committed without an answer, or committed with an answer that waits.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { type Met, type Standing, Troubles, type TroubleSpec } from './trouble.ts';

export interface PostgresProxy {
  /** `url` with this proxy in it. */
  urlOf(url: string): string;
  /** `texts` stand in the statements of one transaction, or in their values. */
  add(spec: TroubleSpec): Standing;
  close(): Promise<void>;
}

/** CommandComplete of a COMMIT. */
const committed = Buffer.from('C\0\0\0\x0bCOMMIT\0', 'latin1');
/** ReadyForQuery outside of a transaction. */
const idle = Buffer.from('Z\0\0\0\x05I', 'latin1');

export async function openPostgresProxy(server: string): Promise<PostgresProxy> {
  const { hostname, port } = new URL(server);
  const troubles = new Troubles();
  const sockets = new Set<Socket>();

  const serve = (client: Socket): void => {
    const upstream = connect(Number(port), hostname);
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      // Whoever goes takes the other end along.
      socket.on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    let sent = '';
    let met: Met | undefined;
    client.on('data', (chunk: Buffer) => {
      sent += chunk.toString('latin1');
      met ??= troubles.take(sent);
      if (met?.kind === 'refuse') cut();
      else upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      const present = met;
      if (chunk.subarray(-idle.length).equals(idle)) [sent, met] = ['', undefined];
      if (!present || !chunk.includes(committed)) client.write(chunk);
      else if (present.kind === 'lose') cut();
      else void present.held().then(() => client.write(chunk));
    });
  };

  const listening = createServer(serve);
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const address = listening.address() as AddressInfo;
  return {
    urlOf: (url) => {
      const proxied = new URL(url);
      proxied.host = `127.0.0.1:${address.port}`;
      return proxied.href;
    },
    add: (spec) => troubles.add(spec),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => listening.close(() => resolve()));
    },
  };
}
