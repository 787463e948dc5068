/**
 * One worker process of the measurement: takes jobs from the lane's queue and sends their calls. Its port is open once it
 * could; SIGUSR2 lets it begin, and SIGTERM drains it.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { readLimits } from '../contracts/lane-limits.ts';
import { databaseUrlOf, loadConfigOrExit } from '../infrastructure/config.ts';
import { createPool } from '../infrastructure/postgres.ts';
import { connectionOptions } from '../infrastructure/temporal.ts';
import { createStore } from '../store/index.ts';
import { createBenchLanes, openSharedPace } from './lane-caller.ts';
import { createLaneRunner } from './lane-runner.ts';

const config = loadConfigOrExit(process.env, ['temporal', 'database', 'stripe', 'lanes']);
Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('WARN') });

const { limits } = readLimits(process.env);
const pool = createPool({
  url: databaseUrlOf(config.database),
  max: config.database.DB_POOL_MAX,
  applicationName: 'boxoffice-bench',
});
const connection = await NativeConnection.connect(connectionOptions(config.temporal));
const stopping = new AbortController();
const shared = openSharedPace(process.env, limits);
const { sentCalls } = createStore(pool);
const worker = await createLaneRunner({
  connection,
  namespace: config.temporal.TEMPORAL_NAMESPACE,
  taskQueue: 'stripe',
  limits: limits.stripe,
  lanes: createBenchLanes({ pace: shared.pace, limits, sentCalls, stopping: stopping.signal }),
  account: { secretKey: config.stripe.STRIPE_SECRET_KEY, apiBase: config.stripe.STRIPE_API_BASE },
});
const begin = new AbortController();
process.once('SIGUSR2', () => begin.abort());
process.once('SIGTERM', () => {
  stopping.abort();
  if (worker.getState() === 'RUNNING') worker.shutdown();
  begin.abort();
});

const ready = createServer((socket) => socket.end()).listen(Number(process.env['PORT']), '127.0.0.1');
await once(ready, 'listening');
try {
  if (!begin.signal.aborted) await once(begin.signal, 'abort');
  if (!stopping.signal.aborted) await worker.run();
} finally {
  ready.close();
  await Promise.allSettled([shared.close(), connection.close(), pool.end()]);
}
process.exit(0);
