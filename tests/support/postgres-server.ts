/**
 * A PostgreSQL for tests, of which the superuser is known (the sandbox keeps its own to itself), so that databases can be
 * copied from a template. As `globalSetup` of a vitest project it is started once and shared by all files.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, chown, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { postgresFiles } from '../../sandbox/parts/postgres-files.ts';
import { connectionString, createLogins, withClient } from '../../sandbox/parts/postgres-roles.ts';
import { Guardian } from '../../sandbox/processes/guardian.ts';
import { ManagedProcess } from '../../sandbox/processes/managed.ts';
import { PortBlock } from '../../sandbox/processes/ports.ts';

export interface PostgresServer {
  port: number;
  stop: () => Promise<void>;
}

/** Port of the shared server, for the files of a run that has the global setup. */
export const sharedPortVariable = 'BOXOFFICE_TEST_POSTGRES_PORT';

/** Local trust authentication ignores it; URLs look better with one. */
export const testPassword = 'test';

const settings = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'unix_socket_directories=',
  'listen_addresses=127.0.0.1',
  'max_connections=200',
  'jit=off',
  'dynamic_shared_memory_type=mmap',
];

export async function startPostgres(): Promise<PostgresServer> {
  const files = await postgresFiles();
  const home = files.scratch ?? (await mkdtemp(path.join(tmpdir(), 'boxoffice-test-postgres-')));
  const guardian = new Guardian();
  guardian.removeAtEnd(home);
  const data = path.join(home, 'data');
  await mkdir(data, { mode: 0o700 });
  if (files.user) for (const folder of [home, data]) await chown(folder, files.user.uid, files.user.gid);
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
  await promisify(execFile)(
    path.join(files.tree, 'bin', 'initdb'),
    [
      [
        '--pgdata',
        data,
        '--username',
        'postgres',
        '--auth',
        'trust',
        '--no-sync',
        '--encoding',
        'UTF8',
        '--locale',
        'C',
      ],
      ...settings.map((setting) => ['--set', setting]),
    ].flat(),
    { env, cwd: '/', ...files.user },
  );
  const ports = await PortBlock.reserve();
  const port = await ports.take();
  const superuser = superuserUrl(port);
  const server = new ManagedProcess(
    {
      name: 'postgres',
      command: path.join(files.tree, 'bin', 'postgres'),
      args: ['-D', data, '-p', String(port)],
      env,
      ...(files.user ? { user: files.user } : {}),
      stopSignal: 'SIGINT',
      graceMs: 5_000,
      readyWithinMs: 30_000,
      ready: () => withClient(superuser, async (client) => (await client.query('select')).rowCount === 1),
    },
    path.join(home, 'log'),
    guardian,
    () => undefined,
  );
  await server.start();
  await createLogins(superuser, { owner: testPassword, application: testPassword });
  return {
    port,
    stop: async () => {
      await server.stop();
      await rm(home, { recursive: true, force: true });
      await ports.release();
      await guardian.close();
    },
  };
}

export const superuserUrl = (port: number, database = 'postgres') =>
  connectionString({ port, user: 'postgres', password: testPassword, database });

/** vitest's globalSetup. */
export async function setup(): Promise<() => Promise<void>> {
  const server = await startPostgres();
  process.env[sharedPortVariable] = String(server.port);
  return async () => {
    delete process.env[sharedPortVariable];
    await server.stop();
  };
}
