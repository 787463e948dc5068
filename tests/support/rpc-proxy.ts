/** A node of the chain behind an address of its own, which can refuse, lose or hold the answer to what is sent there. */
import { Agent, createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type Standing, Troubles, type TroubleSpec } from './trouble.ts';

export interface RpcProxy {
  url: string;
  /** Of the calls that send a transaction; `texts` stand in its bytes, which are hexadecimal. */
  add(spec: TroubleSpec): Standing;
  close(): Promise<void>;
}

export async function openRpcProxy(node: string): Promise<RpcProxy> {
  const troubles = new Troubles();
  const agent = new Agent({ keepAlive: true });

  const forward = async (body: Buffer): Promise<{ status: number; answer: Buffer }> => {
    const asked = send(node, { method: 'POST', agent, headers: { 'content-type': 'application/json' } });
    asked.end(body);
    const [answered] = (await once(asked, 'response')) as [IncomingMessage];
    return { status: answered.statusCode ?? 502, answer: await buffer(answered) };
  };

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(incoming);
    const text = body.includes('eth_sendRawTransaction') ? body.toString('utf8') : undefined;
    const met = text === undefined ? undefined : troubles.take(text);
    if (met?.kind === 'refuse') {
      response.writeHead(503).end('service unavailable');
      return;
    }
    const { status, answer } = await forward(body);
    if (met?.kind === 'hold') await Promise.race([met.held(), once(response, 'close')]);
    if (met?.kind === 'lose') response.destroy();
    else response.writeHead(status, { 'content-type': 'application/json' }).end(answer);
  };

  // A node that is away, or a caller that is gone: as without the proxy.
  const server = createServer((incoming, response) => void serve(incoming, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    add: (spec) => troubles.add(spec),
    close: async () => {
      server.closeAllConnections();
      agent.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
