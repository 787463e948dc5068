import { Client, Connection } from '@temporalio/client';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { withClient } from '../../sandbox/parts/postgres-roles.ts';
import { nodeArguments } from '../../sandbox/processes/node-program.ts';
import { until } from '../../sandbox/processes/until.ts';
import { grantApplicationRoles, startWorld, type World } from '../../sandbox/world.ts';
import { endpointsOf } from './fixtures/endpoints.ts';
import { isAlive, withDescendants } from './fixtures/process-tree.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
let root: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'boxoffice-world-'));
  await chmod(root, 0o755);
});
afterAll(async () => rm(root, { recursive: true, force: true }));

describe('a world', () => {
  let world: World;
  const unexpected: string[] = [];

  beforeAll(async () => {
    world = await startWorld({ dir: path.join(root, 'one'), onUnexpectedExit: (name) => unexpected.push(name) });
  });
  afterAll(async () => world.stop());

  async function temporal<T>(use: (client: Client) => Promise<T>): Promise<T> {
    const { address, namespace } = world.address('temporal');
    const connection = await Connection.connect({ address });
    try {
      return await use(new Client({ connection, namespace }));
    } finally {
      await connection.close();
    }
  }

  test('keeps every workflow when its Temporal server is killed and started again', async () => {
    const { address, webUi } = world.address('temporal');
    await temporal(async (client) =>
      client.workflow.start('payment', {
        taskQueue: 'money',
        workflowId: 'payment:acme:1',
        typedSearchAttributes: [
          { key: searchAttributes.tenant, value: 'acme' },
          { key: searchAttributes.amountMinor, value: 1250 },
        ],
      }),
    );
    const before = world.pids()['temporal'];
    await world.kill('temporal');
    expect(world.pids()).not.toHaveProperty('temporal');
    await world.start('temporal');

    expect(world.pids()['temporal']).not.toBe(before);
    expect(world.address('temporal').address).toBe(address);
    expect((await fetch(webUi)).status).toBe(200);
    const found = await temporal(async (client) => client.workflow.getHandle('payment:acme:1').describe());
    expect(found.status.name).toBe('RUNNING');
    expect(found.typedSearchAttributes.get(searchAttributes.amountMinor)).toBe(1250);
  });

  test('keeps every committed row when PostgreSQL is killed and started again', async () => {
    const { owner } = world.address('postgres');
    await withClient(owner, async (client) => {
      await client.query('CREATE TABLE kept (n int)');
      await client.query('INSERT INTO kept SELECT generate_series(1, 1000)');
    });
    await world.kill('postgres');
    await world.start('postgres');
    const sum = await withClient(owner, async (client) => client.query('SELECT sum(n)::int AS sum FROM kept'));
    expect(sum.rows).toEqual([{ sum: 500_500 }]);
  });

  test("gives the application's login what the migrations made, and the system role by SET ROLE only", async () => {
    const { owner, application } = world.address('postgres');
    await withClient(owner, async (client) => {
      await client.query('CREATE ROLE boxoffice_app NOLOGIN; CREATE ROLE boxoffice_system NOLOGIN BYPASSRLS');
      await client.query(
        'CREATE TABLE for_app (n int); CREATE TABLE for_system (n int); CREATE TABLE for_nobody (n int)',
      );
      await client.query('GRANT SELECT ON for_app TO boxoffice_app; GRANT SELECT ON for_system TO boxoffice_system');
    });
    await expect(withClient(application, async (client) => client.query('SELECT * FROM for_app'))).rejects.toThrow(
      /permission denied/,
    );
    await grantApplicationRoles(owner);
    await grantApplicationRoles(owner);
    await withClient(application, async (client) => {
      await client.query('SELECT * FROM for_app');
      await expect(client.query('SELECT * FROM for_system')).rejects.toThrow(/permission denied/);
      await expect(client.query('SELECT * FROM for_nobody')).rejects.toThrow(/permission denied/);
      await expect(client.query('CREATE TABLE mine (n int)')).rejects.toThrow(/permission denied/);
      await client.query('SET ROLE boxoffice_system');
      await client.query('SELECT * FROM for_system');
      await client.query('RESET ROLE');
      const roles = await client.query(
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole AS mighty FROM pg_roles WHERE rolname = 'boxoffice'",
      );
      expect(roles.rows).toEqual([{ mighty: false }]);
    });
  });

  test('keeps the chain when Anvil is killed in the middle of writing it', async () => {
    const rpc = async (method: string, ...params: unknown[]): Promise<unknown> => {
      const response = await fetch(world.address('anvil').rpc, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      });
      const answer: unknown = await response.json();
      return typeof answer === 'object' && answer !== null && 'result' in answer ? answer.result : answer;
    };
    const to = '0x00000000000000000000000000000000000000AA';
    await rpc('anvil_setBalance', to, '0x64');
    const state = path.join(world.dir, 'state', 'anvil', 'state.json');
    const saved = async (file: string): Promise<boolean> =>
      (await readFile(file, 'utf8')).includes(to.slice(2).toLowerCase());
    expect(await until(async () => saved(`${state}.whole`), { withinMs: 10_000 })).toBe(true);
    await world.kill('anvil');
    await truncate(state, (await stat(state)).size >> 1);
    await world.start('anvil');
    expect(await rpc('eth_getBalance', to, 'latest')).toBe('0x64');
  });

  test('runs a program, says when it ends by itself, and starts it again on its port', async () => {
    const port = await world.freePort();
    const url = `http://127.0.0.1:${port}`;
    await world.add({ name: 'program', file: fixture('program.ts'), env: { PORT: String(port) }, ready: { url } });
    const pid = world.pids()['program'];
    expect(await (await fetch(url)).text()).toBe(String(pid));
    expect(await readFile(world.logFile('program'), 'utf8')).toBe('listening soon\n');

    process.kill(pid ?? 0, 'SIGKILL');
    expect(await until(async () => unexpected.includes('program'), { withinMs: 5_000 })).toBe(true);
    await world.start('program');
    expect(await (await fetch(url)).text()).toBe(String(world.pids()['program']));
  });

  test('names what it does not know and refuses a second world in its folder', async () => {
    await expect(world.kill('postgress')).rejects.toThrow(/no process named postgress; it has .*postgres/);
    await expect(startWorld({ dir: world.dir })).rejects.toThrow(
      `already running in ${world.dir} (process ${process.pid})`,
    );
  });

  test('publishes where everything is, keeps the process ids true, and takes that back when it stops', async () => {
    await world.publish(endpointsOf(world));
    expect((await readEndpoints(world.dir)).pids).toEqual(world.pids());
    await world.kill('valkey', 'SIGTERM');
    expect((await readEndpoints(world.dir)).pids).not.toHaveProperty('valkey');
    await world.start('valkey');
    const { pids } = await readEndpoints(world.dir);
    expect(pids).toEqual(world.pids());
    expect(Object.keys(pids).sort()).toEqual(['anvil', 'postgres', 'program', 'temporal', 'valkey']);

    await world.stop();
    await expect(readEndpoints(world.dir)).rejects.toThrow(/no sandbox is running here/);
    const alive = await Promise.all(Object.values(pids).map(isAlive));
    expect(alive).not.toContain(true);
    expect(await readdir(world.dir)).toEqual(['logs']);
  });
});

describe('two worlds at once', () => {
  test('share nothing, and are up in the time that one demo has for its world', async () => {
    const startedAt = performance.now();
    const starts = ['a', 'b'].map(async (name) => startWorld({ dir: path.join(root, name) }));
    const worlds = await Promise.all(starts);
    const seconds = (performance.now() - startedAt) / 1000;
    try {
      const [a, b] = worlds.map(endpointsOf);
      const addresses = [a, b].map((world) => [world?.temporal.address, world?.webUi, world?.redis, world?.chainRpc]);
      expect(new Set(addresses.flat()).size).toBe(8);
      const foreign = new URL(a?.postgres ?? '');
      foreign.port = new URL(b?.postgres ?? '').port;
      await expect(withClient(foreign.href, async () => undefined)).rejects.toThrow(/password authentication failed/);
      expect(seconds).toBeLessThan(30);
    } finally {
      await Promise.all(worlds.map(async (world) => world.stop()));
    }
  });
});

/** Starts a world in a process of its own, with a temporary folder of its own, and says what runs in it. */
async function held(dir: string): Promise<{ holder: ChildProcess; pids: number[]; temporary: string }> {
  const temporary = `${dir}-tmp`;
  await mkdir(temporary, { mode: 0o755 });
  const args = nodeArguments(fixture('hold-world.ts'), [dir]);
  const holder = spawn(process.execPath, args, {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { pid, stdout } = holder;
  if (pid === undefined || !stdout) throw new Error('the holder was not spawned');
  const [word]: unknown[] = await once(stdout, 'data');
  expect(String(word)).toBe('up\n');
  const pids = new Set([...(await withDescendants(pid)), ...Object.values((await readEndpoints(dir)).pids)]);
  pids.delete(pid);
  expect(pids.size).toBeGreaterThanOrEqual(5);
  return { holder, pids: [...pids], temporary };
}

async function allGone(pids: number[]): Promise<boolean> {
  return until(async () => !(await Promise.all(pids.map(isAlive))).includes(true), { withinMs: 15_000 });
}

describe('when its process ends', () => {
  test('by SIGKILL, no process, no endpoints and no folder of it stay, and the next world takes the place', async () => {
    const dir = path.join(root, 'killed');
    const { holder, pids, temporary } = await held(dir);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const next = await startWorld({ dir, parts: ['valkey'] }); // while the first one's processes are still going
    expect(await allGone(pids)).toBe(true);
    const dataFolders = async (): Promise<string[]> =>
      (await readdir(temporary)).filter((name) => name.startsWith('boxoffice-postgres-data-'));
    expect(await until(async () => (await dataFolders()).length === 0, { withinMs: 5_000 })).toBe(true);
    expect(await readdir(path.join(dir, 'state'))).toEqual(['valkey']);
    await expect(readEndpoints(dir)).rejects.toThrow(/no sandbox is running here/);
    await expect(startWorld({ dir, parts: ['valkey'] })).rejects.toThrow(/already running/);
    await next.stop();
  });

  test('by SIGTERM, it stops everything in order before it goes', async () => {
    const dir = path.join(root, 'terminated');
    const { holder, pids } = await held(dir);
    holder.kill('SIGTERM');
    const [code]: unknown[] = await once(holder, 'exit');
    expect(code).toBe(128 + 15);
    expect((await Promise.all(pids.map(isAlive))).includes(true)).toBe(false);
    expect(await readdir(dir)).toEqual(['logs']);
    expect(await readFile(path.join(dir, 'logs', 'postgres.log'), 'utf8')).toMatch(/database system is shut down\n$/);
  });
});
