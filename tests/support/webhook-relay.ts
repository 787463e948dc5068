/** The way of the provider's events to us: each may be passed on, passed on twice, kept until later, or lost. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { until } from '../../sandbox/processes/until.ts';

export type Delivery = 'twice' | 'late' | 'never';

export interface WebhookRelay {
  /** What the provider is given as the address of `path`. */
  addressOf(path: string): string;
  /** Where they go in truth. */
  passTo(api: string): void;
  /** Of all events that name the workflow; passed on once unless something else is said. */
  deliver(workflowId: string, how: Delivery): void;
  /** Resolves when an event of that type about the workflow was dealt with as it is to be. */
  dealtWith(workflowId: string, type: string): Promise<void>;
  /** Passes on what was kept until later, and from then on everything. @returns how many events there were so far */
  settle(workflowId: string): Promise<number>;
  close(): Promise<void>;
}

interface Event {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

const dealtWithinMs = 30_000;

export async function openWebhookRelay(): Promise<WebhookRelay> {
  const ways = new Map<string, Delivery>();
  const kept = new Map<string, Event[]>();
  const done = new Map<string, string[]>();
  let api = '';

  const pass = async ({ path, headers, body }: Event): Promise<number> => {
    const named = Object.entries(headers).filter(([name]) => name === 'content-type' || name === 'stripe-signature');
    const answer = await fetch(`${api}${path}`, { method: 'POST', headers: new Headers(named as [string, string][]), body }); // prettier-ignore
    await answer.arrayBuffer();
    return answer.status;
  };

  /** As the provider sees it. What is kept or lost is answered as well: it would send that again. */
  const dealWith = async (event: Event, workflowId: string | undefined): Promise<number> => {
    const way = workflowId === undefined ? undefined : ways.get(workflowId);
    if (way === 'never') return 200;
    if (way === 'late' && workflowId !== undefined) {
      kept.set(workflowId, [...(kept.get(workflowId) ?? []), event]);
      return 200;
    }
    const status = await pass(event);
    return way === 'twice' && status === 200 ? pass(event) : status;
  };

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const event = { path: incoming.url ?? '/', headers: incoming.headers, body: await text(incoming) };
    const workflowId = [...ways.keys()].find((id) => event.body.includes(JSON.stringify(id)));
    const status = await dealWith(event, workflowId);
    if (workflowId !== undefined && status === 200) {
      const { type } = JSON.parse(event.body) as { type: string };
      done.set(workflowId, [...(done.get(workflowId) ?? []), type]);
    }
    response.writeHead(status).end();
  };

  const server = createServer((incoming, response) => void serve(incoming, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    addressOf: (path) => `http://127.0.0.1:${port}${path}`,
    passTo: (address) => void (api = address),
    deliver: (workflowId, how) => void ways.set(workflowId, how),
    dealtWith: async (workflowId, type) => {
      const came = async () => done.get(workflowId)?.includes(type) ?? false;
      if (!(await until(came, { withinMs: dealtWithinMs }))) throw new Error(`no ${type} came for ${workflowId}`);
    },
    settle: async (workflowId) => {
      const events = kept.get(workflowId) ?? [];
      if (ways.get(workflowId) === 'late') ways.delete(workflowId);
      kept.delete(workflowId);
      for (const event of events) {
        const status = await pass(event);
        if (status !== 200) throw new Error(`an event that came late was answered with ${status}`);
      }
      return done.get(workflowId)?.length ?? 0;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
