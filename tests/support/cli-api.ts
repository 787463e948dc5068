/** An API that the command line's tests ask: it answers what it is told to, and remembers what it was asked. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { runCli } from '../../cli/program.ts';
import { createSigningKey, writeSigningKey } from '../../sandbox/tokens.ts';

export interface CliApi {
  /** Folder of a sandbox; empty at the start of each test. */
  dir: string;
  next: { status: number; body: object };
  /** In the order of asking. */
  seen: { line: string; token: string; body: unknown }[];
  /** What the environment of somebody with a token has. */
  mine(): Record<string, string>;
  /** Runs the command for a folder with no Temporal to reach. */
  run(args: readonly string[], env?: Record<string, string>): Promise<{ code: number; out: string; err: string }>;
  /** Makes the folder that of a running sandbox. */
  becomeSandbox(): Promise<void>;
}

/** For a file's top level. `answer` is what each test begins with. */
export function useCliApi(answer: object): CliApi {
  let server: Server;
  let url: string;
  const api: CliApi = {
    dir: '',
    next: { status: 200, body: answer },
    seen: [],
    mine: () => ({ BOXOFFICE_API_URL: url, BOXOFFICE_API_TOKEN: 'mine' }),
    run: async (args, env = api.mine()) => {
      const out: string[] = [];
      const err: string[] = [];
      const code = await runCli(['--dir', api.dir, ...args], {
        env,
        out: (text) => out.push(text),
        err: (text) => err.push(text),
        connect: () => {
          throw new Error('this needs the API only');
        },
        setUpContract: () => Promise.reject(new Error('not to be called')),
      });
      return { code, out: out.join('\n'), err: err.join('\n') };
    },
    becomeSandbox: async () => {
      writeFileSync(path.join(api.dir, 'endpoints.json'), JSON.stringify({ api: url }));
      await writeSigningKey(api.dir, await createSigningKey());
    },
  };

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const token = (request.headers.authorization ?? '').replace('Bearer ', '');
        const said: unknown = body === '' ? undefined : JSON.parse(body);
        api.seen.push({ line: `${request.method} ${request.url}`, token, body: said });
        response.writeHead(api.next.status, { 'content-type': 'application/json' }).end(JSON.stringify(api.next.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
  beforeEach(() => {
    api.dir = mkdtempSync(path.join(tmpdir(), 'boxoffice-cli-'));
    api.seen = [];
    api.next = { status: 200, body: answer };
  });
  afterEach(() => rmSync(api.dir, { recursive: true, force: true }));
  return api;
}
