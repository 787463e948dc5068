/** `npm run demo`: starts a world, plays the scenarios, shows what the outside saw of them. */
import { Command, InvalidArgumentError } from 'commander';
import { mkdir, mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { createBoxoffice } from '../client/index.ts';
import { type Audit, createAudit, worldViolations } from './audit.ts';
import type { RunningBoxoffice } from './boxoffice.ts';
import { type Interrupt, InterruptedError, listenForInterrupt } from './cli-interrupt.ts';
import { mailAsText, proofs, reportTable, stories } from './cli-report.ts';
import { createSteps, type Screen, screenOf, type Steps } from './cli-steps.ts';
import { removeFolder, sayStopping, shownPath, startShown } from './cli-world.ts';
import { createAlarmControl } from './scenarios/alarm-control.ts';
import { scenarios } from './scenarios/index.ts';
import { playAll, type ScenarioReport } from './scenarios/play.ts';
import { peopleOf } from './scenarios/people.ts';
import { createProviderControl } from './scenarios/provider-control.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { openShop, orderOf } from './scenarios/shop.ts';

interface Options {
  dir?: string;
  exit?: boolean;
  json?: boolean;
  list?: boolean;
  only: string[];
}

const tenantId = 'acme';
const names = scenarios.map(({ name }) => name);

function readOptions(): Options {
  return new Command('npm run demo --')
    .description(
      'Plays purchases on a world of its own, kills what can be killed, and shows what was charged and minted',
    )
    .option('--only <name>', `play one scenario; may be repeated (${names.join(', ')})`, collect, [])
    .option('--list', 'list the scenarios')
    .option('--exit', 'end after the last scenario instead of staying up until Ctrl-C')
    .option('--json', 'print one line of JSON at the end; progress goes to standard error')
    .option('--dir <folder>', "the world's folder; a temporary one below .sandbox/ unless given")
    .addHelpText('after', '\nExit code 1: a scenario did not show what it should.')
    .parse()
    .opts<Options>();
}

function collect(name: string, before: string[]): string[] {
  if (!names.includes(name)) throw new InvalidArgumentError(`there are ${names.join(', ')}`);
  return [...before, name];
}

/** @returns the exit code. */
async function main(): Promise<number> {
  const options = readOptions();
  if (options.list) {
    console.log(scenarios.map(({ name, title }) => `${name.padEnd(20)}${title}`).join('\n'));
    return 0;
  }
  const screen = screenOf(options.json ? process.stderr : process.stdout);
  if (process.env['STRIPE_SECRET_KEY'] !== undefined) {
    // The demo breaks the provider on purpose, which only the simulator puts up with.
    screen.write('STRIPE_SECRET_KEY is left aside: the demo always plays on the simulator.\n');
    delete process.env['STRIPE_SECRET_KEY'];
  }
  const interrupt = listenForInterrupt(() => sayStopping(screen));
  const temporary = options.dir === undefined;
  let dir = options.dir;
  let exitCode = 1;
  try {
    dir ??= await temporaryFolder();
    exitCode = await demonstrate({ options, screen, interrupt, dir, temporary });
  } catch (error) {
    if (error instanceof InterruptedError) exitCode = error.exitCode;
    else screen.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  }
  if (temporary && dir !== undefined) {
    if (exitCode === 1) screen.write(`The logs are kept in ${shownPath(path.join(dir, 'logs'))}\n`);
    else await removeFolder(dir);
  }
  return exitCode;
}

async function temporaryFolder(): Promise<string> {
  const parent = path.resolve('.sandbox');
  await mkdir(parent, { recursive: true });
  return mkdtemp(path.join(parent, 'demo-'));
}

interface Stage {
  options: Options;
  screen: Screen;
  interrupt: Interrupt;
  dir: string;
  temporary: boolean;
}

async function demonstrate({ options, screen, interrupt, dir, temporary }: Stage): Promise<number> {
  const startedAt = performance.now();
  screen.write(`Starting a world of its own in ${shownPath(dir)}\n`);
  const running = await startShown({ dir, temporary, screen, interrupt });
  const worldSeconds = secondsSince(startedAt);
  screen.write(`The world is up after ${worldSeconds.toFixed(1)} s; Temporal's Web UI: ${running.endpoints.webUi}\n\n`);
  const audit = createAudit(running.endpoints);
  try {
    const chosen = scenarios.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
    const reports = await interrupt.race(play(running, audit, chosen, screen));
    const world = await audit.world();
    const problems = worldViolations(world);
    const ok = problems.length === 0 && reports.every((report) => report.ok);
    const seconds = secondsSince(startedAt);
    if (options.json) {
      const flat = reports.map(({ counted, ...report }) => ({ ...report, ...counted }));
      const line = { ok, seconds, worldSeconds, scenarios: flat, world: { ...world, problems } };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    } else {
      screen.write(await summary({ running, audit, reports, proofs: proofs(world, problems) }));
    }
    if (!options.exit) {
      screen.write(`\nAll of it stays up until you press Ctrl-C.\n`);
      await interrupt.happened;
    }
    return ok ? 0 : 1;
  } finally {
    await audit.close();
    await running.world.stop();
  }
}

const secondsSince = (startedAt: number) => Math.round(performance.now() - startedAt) / 1_000;

async function play(
  running: RunningBoxoffice,
  audit: Audit,
  chosen: readonly Scenario[],
  screen: Screen,
): Promise<ScenarioReport[]> {
  const { endpoints, world } = running;
  const steps: Steps = createSteps(screen, Object.fromEntries(chosen.map(({ name, title }) => [name, title])));
  const token = endpoints.tokens[tenantId]?.['service'];
  const boxoffice = createBoxoffice({
    temporal: endpoints.temporal,
    ...(token === undefined ? {} : { api: { url: endpoints.api, token } }),
  });
  const provider = createProviderControl(endpoints.stripe);
  const alarm = createAlarmControl(endpoints);
  try {
    const shop = await openShop(endpoints, tenantId);
    return await playAll(chosen, {
      audit,
      contextOf: ({ name }) => ({
        boxoffice,
        people: peopleOf(endpoints, tenantId),
        recordOf: (order) => audit.purchase(order.tenantId, order.idempotencyKey),
        provider,
        world,
        addWorker: (worker, env) => running.addWorker(worker, env),
        alarm,
        order: (wish) => orderOf(shop, name, wish),
        say: (what) => steps.set(name, 'running', what),
      }),
      onStart: ({ name }) => steps.set(name, 'running'),
      onEnd: ({ name }, { ok, happened, problems }) =>
        steps.set(name, ok ? 'done' : 'failed', ok ? happened : problems.join('; ')),
    });
  } finally {
    steps.close();
    await boxoffice.close();
  }
}

async function summary(shown: {
  running: RunningBoxoffice;
  audit: Audit;
  reports: readonly ScenarioReport[];
  proofs: string;
}): Promise<string> {
  const { webUi, temporal, smtp } = shown.running.endpoints;
  const withMail = shown.reports.find(({ counted }) => counted.mails > 0);
  const paymentKey = withMail?.workflowIds.at(-1)?.split(':').at(-1);
  const [mail] = paymentKey === undefined ? [] : await shown.audit.receipts(tenantId, paymentKey);
  return [
    '',
    "From the provider's log, the chain and the database:",
    '',
    reportTable(shown.reports),
    '',
    shown.proofs,
    '',
    stories(shown.reports, { url: webUi, namespace: temporal.namespace }),
    ...(mail ? ['', `The receipt of ${withMail?.name}, as it was received (all of them: ${new URL('/', smtp.inbox).href}):`, '', mailAsText(mail)] : []),
    '',
  ].join('\n'); // prettier-ignore
}

process.exit(await main());
