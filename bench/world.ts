/** What a measurement runs on: engine, database, Valkey and the Stripe simulator with the limits of the contract. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { migrate } from '../infrastructure/migrate.ts';
import { createSteps, say, type Screen } from '../sandbox/cli-steps.ts';
import { progressLine } from '../sandbox/progress.ts';
import type { CallEntry } from '../sandbox/sim/call-log.ts';
import { type CorePart, grantApplicationRoles, startWorld, type World } from '../sandbox/world.ts';

export interface StartOptions {
  dir: string;
  screen: Screen;
  parts: readonly CorePart[];
}

/** Starts the parts with a live list of them. The folder goes with this process, however it ends. */
export async function startParts({ dir, screen, parts }: StartOptions): Promise<World> {
  const steps = createSteps(screen);
  try {
    return await startWorld({
      dir,
      parts,
      temporary: true,
      inMemory: true,
      onProgress: (progress) => {
        if (progress.kind === 'download') return say(screen, progressLine(progress));
        steps.set(progress.name, progress.kind === 'ready' ? 'done' : 'running');
      },
      onUnexpectedExit: (name) => say(screen, `${name} ended although nobody stopped it`),
    });
  } finally {
    steps.close();
  }
}

export interface LaneWorld {
  world: World;
  client: Client;
  redisUrl: string;
  /** Starts worker processes of the lane and answers once all could take work. */
  addWorkers(count: number): Promise<void>;
  /** Lets them take work. */
  beginWork(): void;
  /** Ends them, as a deployment would. */
  endWorkers(): Promise<void>;
  /** The provider's log after that call. */
  callsSince(seq: number): Promise<CallEntry[]>;
  close(): Promise<void>;
}

const fileOf = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** @throws whatever does not come up; nothing is left behind then. */
export async function startLaneWorld(options: Omit<StartOptions, 'parts'>): Promise<LaneWorld> {
  const world = await startParts({ ...options, parts: ['temporal', 'postgres', 'valkey'] });
  try {
    return await furnish(world);
  } catch (error) {
    await world.stop();
    throw error;
  }
}

async function furnish(world: World): Promise<LaneWorld> {
  const postgres = world.address('postgres');
  await migrate({ url: postgres.owner, log: () => undefined });
  await grantApplicationRoles(postgres.owner);

  const stripePort = await world.freePort();
  const stripe = `http://127.0.0.1:${stripePort}`;
  const STRIPE_SECRET_KEY = `sk_test_${randomBytes(24).toString('hex')}`;
  await world.add({
    name: 'stripe',
    file: fileOf('sandbox/stripe/main.ts'),
    env: { PORT: String(stripePort), STRIPE_SECRET_KEY, STRIPE_LIMIT_PER_SECOND: '25' },
    ready: { port: stripePort },
  });

  const temporal = world.address('temporal');
  const redisUrl = world.address('valkey').url;
  const env = {
    NODE_ENV: 'development',
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    DATABASE_URL: postgres.application,
    REDIS_URL: redisUrl,
    STRIPE_SECRET_KEY,
    STRIPE_API_BASE: stripe,
    LIMITER: 'redis',
    // Whatever stands in the caller's environment: measured are the contract's limits.
    RATE_LIMITS: '',
    RATE_LIMIT_STRIPE: '',
    RATE_LIMIT_BUCKETS: '',
  };
  const connection = await Connection.connect({ address: temporal.address });
  let serial = 0;
  let running: string[] = [];
  return {
    world,
    client: new Client({ connection, namespace: temporal.namespace }),
    redisUrl,
    addWorkers: async (count) => {
      const names = Array.from({ length: count }, () => `lane-worker-${(serial += 1)}`);
      running = [...running, ...names];
      await Promise.all(
        names.map(async (name) => {
          const port = await world.freePort();
          await world.add({
            name,
            file: fileOf('bench/lane-worker.ts'),
            env: { ...env, PORT: String(port) },
            ready: { port },
          });
        }),
      );
    },
    beginWork: () => {
      const pids = world.pids();
      for (const name of running) process.kill(pids[name]!, 'SIGUSR2');
    },
    endWorkers: async () => {
      const names = running;
      running = [];
      await Promise.all(names.map((name) => world.kill(name, 'SIGTERM')));
    },
    callsSince: (seq) => readCalls(stripe, seq),
    close: async () => {
      await connection.close();
      await world.stop();
    },
  };
}

async function readCalls(stripe: string, since: number): Promise<CallEntry[]> {
  const response = await fetch(`${stripe}/_sim/log?since=${since}`);
  if (!response.ok) throw new Error(`the simulator's log answers ${response.status}`);
  return ((await response.json()) as { calls: CallEntry[] }).calls;
}
