import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { portAt, type CoreAddresses, type Part, type PartContext } from './part.ts';
import { postgresFiles, type PostgresFiles } from './postgres-files.ts';
import {
  APPLICATION_LOGIN,
  connectionString,
  createLogins,
  DATABASE,
  OWNER_LOGIN,
  withClient,
} from './postgres-roles.ts';

const run = promisify(execFile);
const SUPERUSER = 'postgres';

/**
 * A sandbox must survive a kill of the process, not a loss of power. What the server has written reaches the operating
 * system before a commit is answered, and the operating system keeps it when the process dies: so fsync and full pages
 * may be off, synchronous_commit may not.
 */
const SETTINGS = [
  'fsync=off',
  'full_page_writes=off',
  'synchronous_commit=on',
  'wal_level=minimal',
  'max_wal_senders=0',
  'max_connections=200',
  'shared_buffers=64MB',
  'dynamic_shared_memory_type=mmap', // in the data folder: a killed server leaves nothing in /dev/shm
  'unix_socket_directories=',
  'listen_addresses=127.0.0.1',
  'password_encryption=scram-sha-256',
  'jit=off',
  'timezone=UTC',
  'log_timezone=UTC',
];

/** The server's own environment: none of ours, so that a PGPORT or a locale of the caller changes nothing. */
const ENVIRONMENT = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** A killed server's children hold its shared memory for some milliseconds. */
const PREDECESSOR_REMAINS = /pre-existing shared memory block|lock file "postmaster\.pid" already exists/;

/** PostgreSQL 18 on TCP with passwords of its own in every world. */
export async function postgresPart(context: PartContext): Promise<Part<CoreAddresses['postgres']>> {
  const files = await postgresFiles();
  const home = files.scratch ?? path.join(context.state, 'postgres');
  if (files.scratch) context.removeAtEnd(files.scratch);
  else await mkdir(home);
  await makePrivate(home, files);
  const data = path.join(home, 'data');
  const passwords = { superuser: newPassword(), owner: newPassword(), application: newPassword() };
  await initialize(files, home, data, passwords.superuser);

  const superuser = (ports: readonly number[]): string => at(ports, SUPERUSER, passwords.superuser, 'postgres');
  return {
    portsWanted: 1,
    address: (ports) => ({
      application: at(ports, APPLICATION_LOGIN, passwords.application, DATABASE),
      owner: at(ports, OWNER_LOGIN, passwords.owner, DATABASE),
    }),
    spec: (ports) => ({
      name: 'postgres',
      command: path.join(files.tree, 'bin', 'postgres'),
      args: ['-D', data, '-p', String(portAt(ports, 0))],
      env: ENVIRONMENT,
      cwd: '/', // ours may be one that its user cannot enter
      ...(files.user ? { user: files.user } : {}),
      stopSignal: 'SIGINT', // fast shutdown: SIGTERM waits for every client to leave
      graceMs: 5_000,
      readyWithinMs: 120_000,
      tryAgainOn: PREDECESSOR_REMAINS,
      ready: async () =>
        withClient(superuser(ports), async (client) => (await client.query('SELECT 1')).rowCount === 1),
    }),
    firstStart: async (ports) => createLogins(superuser(ports), passwords),
  };
}

async function initialize(files: PostgresFiles, home: string, data: string, superuserPassword: string): Promise<void> {
  const passwordFile = path.join(home, 'password');
  await writeFile(passwordFile, `${superuserPassword}\n`);
  await makePrivate(passwordFile, files);
  const options = [
    ['--pgdata', data, '--username', SUPERUSER, '--pwfile', passwordFile, '--auth', 'scram-sha-256', '--no-sync'],
    ['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
    ...SETTINGS.map((setting) => ['--set', setting]),
  ].flat();
  try {
    await run(path.join(files.tree, 'bin', 'initdb'), options, { env: ENVIRONMENT, cwd: '/', ...files.user });
  } catch (error) {
    const words = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new Error(`PostgreSQL's initdb failed in ${home}: ${words}`, { cause: error });
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function makePrivate(target: string, files: PostgresFiles): Promise<void> {
  await chmod(target, target.endsWith('password') ? 0o600 : 0o700);
  if (files.user) await chown(target, files.user.uid, files.user.gid);
}

function newPassword(): string {
  return randomBytes(24).toString('hex');
}

function at(ports: readonly number[], user: string, password: string, database: string): string {
  return connectionString({ port: portAt(ports, 0), user, password, database });
}
