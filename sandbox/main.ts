/** `npm run sandbox`: keeps a world up, with worker and API, until Ctrl-C. */
import { Command } from 'commander';
import path from 'node:path';
import { InterruptedError, listenForInterrupt } from './cli-interrupt.ts';
import { screenOf } from './cli-steps.ts';
import { sayStopping, shownPath, startShown } from './cli-world.ts';
import { openShop } from './scenarios/shop.ts';
import { tenants } from './tenants.ts';
import { worldFolder } from './world-folder.ts';
import type { PublishedEndpoints } from './world.ts';

const defaultDir = '.sandbox';

function readDir(): string {
  const { dir } = new Command('npm run sandbox --')
    .description('Keeps the whole of Boxoffice up on this machine, with a worker and the API, until Ctrl-C')
    .option('--dir <folder>', "the world's folder: one running world each", defaultDir)
    .addHelpText(
      'after',
      '\nAddresses, tokens and process ids are in endpoints.json in that folder. With STRIPE_SECRET_KEY=sk_test_… it talks\nto Stripe itself instead of the simulator.',
    )
    .parse()
    .opts<{ dir: string }>();
  return dir;
}

/** @returns the exit code. */
async function main(): Promise<number> {
  const dir = readDir();
  const screen = screenOf(process.stdout);
  const interrupt = listenForInterrupt(() => sayStopping(screen));
  const startedAt = performance.now();
  screen.write(`Starting in ${shownPath(dir)}\n`);
  try {
    const { world, endpoints } = await startShown({ dir, screen, interrupt });
    try {
      await interrupt.race(Promise.all(tenants.map((tenantId) => openShop(endpoints, tenantId))));
      screen.write(
        `\n${welcome(endpoints, dir)}\n\nUp after ${seconds(startedAt)} s. It stays until you press Ctrl-C.\n`,
      );
      await interrupt.happened;
      return 0;
    } finally {
      await world.stop();
    }
  } catch (error) {
    if (error instanceof InterruptedError) return error.exitCode;
    screen.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

const seconds = (startedAt: number) => ((performance.now() - startedAt) / 1_000).toFixed(1);

function welcome(
  { webUi, api, smtp, stripe, twilio, metrics, sdkMetrics, temporal }: PublishedEndpoints,
  dir: string,
): string {
  const addresses = [
    ['Temporal Web UI', webUi],
    ['API', api],
    ['API documentation', `${api}/docs`],
    ['Mail received', new URL('/', smtp.inbox).href],
    [
      'Text messages',
      process.env['TWILIO_ACCOUNT_SID'] ? 'Twilio itself (TWILIO_ACCOUNT_SID)' : `${twilio}/_sim/inbox`,
    ],
    [
      'Card provider',
      process.env['STRIPE_SECRET_KEY'] ? 'Stripe itself (STRIPE_SECRET_KEY)' : `${stripe}/_sim/summary`,
    ],
    ['Metrics', metrics],
    ...(sdkMetrics === undefined ? [] : [['Metrics of the SDK', sdkMetrics]]),
    ['Temporal', `${temporal.address}, namespace ${temporal.namespace}`],
    ['All addresses, tokens', shownPath(worldFolder(dir).endpoints)],
  ];
  const inDir = path.resolve(dir) === path.resolve(defaultDir) ? '' : ` --dir ${dir}`;
  const commands = [
    ['npm run example', 'buys two tickets, links to its workflow'],
    [`npm run boxoffice --${inDir} payments list`, 'what was bought'],
    [`npm run boxoffice --${inDir} token --tenant acme --role service`, 'a token for the API, valid for an hour'],
  ].filter(([command]) => inDir === '' || command !== 'npm run example');
  return `${columns(addresses)}\n\nTry, in another terminal:\n${columns(commands)}`;
}

function columns(rows: string[][]): string {
  const width = Math.max(...rows.map(([name = '']) => name.length));
  return rows.map(([name = '', value = '']) => `  ${name.padEnd(width)}  ${value}`).join('\n');
}

process.exit(await main());
