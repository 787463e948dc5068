/** `npm run bench -- --workload NAME`: measures on a world of its own, and says what was measured. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { Command, InvalidArgumentError, Option } from 'commander';
import { InterruptedError, listenForInterrupt } from '../sandbox/cli-interrupt.ts';
import { screenOf } from '../sandbox/cli-steps.ts';
import { sayStopping } from '../sandbox/cli-world.ts';
import { fairnessWorkload } from './fairness.ts';
import { laneWorkload } from './lane.ts';
import { limiterWorkload } from './limiter.ts';
import { samplingWorkload } from './sampling.ts';
import type { Workload } from './workload.ts';

const workloads = {
  lane: laneWorkload,
  limiter: limiterWorkload,
  fairness: fairnessWorkload,
  sampling: samplingWorkload,
} as const satisfies Record<string, Workload>;

interface Options {
  workload: keyof typeof workloads;
  jobs?: number;
  workers?: number[];
  json?: boolean;
}

function whole(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('whole numbers from 1 on are wanted');
  return number;
}

const named = Object.entries<Workload>(workloads);
const listed = named.map(([name, { title, defaults }]) => `  ${name.padEnd(10)}${title} (${defaults.jobs} jobs)`);

function readOptions(): Options {
  const command = new Command('npm run bench --')
    .description('Measures on a world of its own, on this machine; what else runs here is measured, too')
    .addOption(new Option('--workload <name>', 'what to measure').choices(Object.keys(workloads)).makeOptionMandatory())
    .option('--workers <counts>', 'numbers of worker processes, one run each, e.g. 1,2,4', (text) =>
      text.split(',').map(whole),
    )
    .option('--jobs <count>', 'how many jobs', whole)
    .option('--json', 'print one line of JSON last; everything else goes to standard error')
    .addHelpText('after', `\nWorkloads:\n${listed.join('\n')}\n\nExit code 1: a bound was missed; it is said which.`)
    .parse();
  const options = command.opts<Options>();
  const { leastJobs }: Workload = workloads[options.workload];
  if ((options.jobs ?? leastJobs) < leastJobs)
    command.error(`error: ${options.workload} wants ${leastJobs} jobs or more`);
  return options;
}

/** @returns the exit code. */
async function main(): Promise<number> {
  const options = readOptions();
  const workload: Workload = workloads[options.workload];
  const { jobs = workload.defaults.jobs, workers = workload.defaults.workers } = options;
  const screen = screenOf(process.stderr);
  const interrupt = listenForInterrupt(() => sayStopping(screen));
  // Signals are ours: they stop the world, too.
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR') });
  const dir = await mkdtemp(path.join(tmpdir(), 'boxoffice-bench-'));
  try {
    const { table, line, missed } = await workload.measure({ dir, screen, interrupt, jobs, workers });
    screen.write(`\n${table}\n\n`);
    for (const what of missed) screen.write(`✘ ${what}\n`);
    if (missed.length === 0) screen.write('✔ within all bounds\n');
    if (options.json) process.stdout.write(`${JSON.stringify(line)}\n`);
    return missed.length === 0 ? 0 : 1;
  } catch (error) {
    if (error instanceof InterruptedError) return error.exitCode;
    screen.write(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

process.exit(await main());
