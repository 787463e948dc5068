/** The `boxoffice` command as a function of its arguments and its surroundings. */
import { Client, Connection } from '@temporalio/client';
import { Command, CommanderError } from 'commander';
import { type Boxoffice, BoxofficeError, createBoxoffice, UnavailableError } from '../client/index.ts';
import { workflowLink } from '../client/web-ui.ts';
import { addEventCancellations } from './event-cancellations.ts';
import { addAlerts } from './alerts.ts';
import { addDeadLetters } from './dead-letters.ts';
import { addDecide } from './decide.ts';
import { addDisputes } from './disputes.ts';
import { addLanes } from './lanes.ts';
import { addMonitor } from './monitor.ts';
import type { Output } from './output.ts';
import { addPayments } from './payments.ts';
import { addPayouts } from './payouts.ts';
import { addReconciliation } from './reconciliation.ts';
import { addMetrics } from './metrics.ts';
import { addQueues } from './queues.ts';
import { addRefunds } from './refunds.ts';
import { addReports } from './reports.ts';
import { type Environment, readSettings, type Settings, UsageError } from './settings.ts';
import type { Session } from './session.ts';
import { addSetup, type SetUpContract } from './setup.ts';
import { addTickets } from './tickets.ts';
import { addToken } from './token.ts';

/** Part of the command's contract; scripts rely on it. */
export const exitCodes = { ok: 0, refused: 1, usage: 2, unreachable: 69 } as const;

export interface Surroundings {
  env: Environment;
  out: (text: string) => void;
  err: (text: string) => void;
  connect: (settings: Settings) => { client: Client; boxoffice: Boxoffice; close: () => Promise<void> };
  setUpContract: SetUpContract;
}

export function connectTo({ temporal }: Settings) {
  const { address, namespace, apiKey, tls } = temporal;
  const connection = Connection.lazy({ address, ...(apiKey ? { apiKey } : {}), ...(tls ? { tls } : {}) });
  const client = new Client({ connection, namespace });
  return { client, boxoffice: createBoxoffice({ temporal: { client } }), close: () => connection.close() };
}

const help = `
Where Temporal is: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_CA, TEMPORAL_TLS_CERT and
TEMPORAL_TLS_KEY; where TEMPORAL_ADDRESS is not set, the sandbox in --dir. "decide", "dead-letters", "lanes", "queues",
"metrics", "monitor", "alerts", "reconciliation" (list, close), "reports" (get, list) and "payouts statement" need the
API instead:
BOXOFFICE_API_URL and BOXOFFICE_API_TOKEN, or the sandbox in --dir.

Exit codes: 0 done · 1 refused or failed · 2 wrong usage · 69 Temporal or the API is not reachable.

Examples:
  boxoffice payments list --tenant acme --attention review
  boxoffice payments cancel acme order-1-attempt-1 --reason "buyer called"
  boxoffice refunds request acme order-1-attempt-1 --refund-id order-1-refund-1 --reason "show moved"
  boxoffice payouts request acme arena --payout-id arena-2027-w1 --reason weekly
  boxoffice decide payout:acme:payout-1 approve --reason "checked against the statement"
  boxoffice dead-letters list --tenant acme --queue money
  boxoffice lanes stop --all --reason "Stripe charges twice"
  boxoffice monitor set moneyDepth 80 --reason "summer sale"
  boxoffice token --tenant acme --role service`;

/** @returns the exit code. */
export async function runCli(argv: readonly string[], around: Surroundings): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const closers: (() => Promise<void>)[] = [];
  const program = new Command('boxoffice');
  const options = () => program.opts<{ dir: string; json?: boolean }>();
  const print = (text: string, data: unknown) => around.out(options().json ? JSON.stringify(data) : text);
  const fail = () => {
    exitCode = exitCodes.refused;
  };
  const output: Output = { env: around.env, print, out: around.out, err: around.err, fail };

  const open = (): Session => {
    const settings = readSettings(around.env, options().dir);
    const { client, boxoffice, close } = around.connect(settings);
    closers.push(close);
    return {
      client,
      boxoffice,
      print,
      progress: (line) => {
        if (!options().json) around.err(line);
      },
      fail,
      linkTo: (workflowId) =>
        settings.webUi && workflowLink({ url: settings.webUi, namespace: settings.temporal.namespace }, workflowId),
    };
  };

  program
    .description(
      'Boxoffice for operators: set up, look at purchases, cancel or refund them, pay venues, decide what waits',
    )
    .option('--dir <folder>', "the sandbox's folder", '.sandbox')
    .option('--json', 'print JSON for machines')
    .addHelpText('after', help)
    .showHelpAfterError('(boxoffice --help says more)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => around.out(text.trimEnd()),
      writeErr: (text) => around.err(text.trimEnd()),
    });
  addSetup(program, open, around.env, around.setUpContract);
  addToken(program, around.env, print);
  addPayments(program, open);
  addRefunds(program, open);
  addDisputes(program, open);
  addEventCancellations(program, open);
  addPayouts(program, open, output);
  addDecide(program, output);
  addMonitor(program, output);
  addDeadLetters(program, output);
  addLanes(program, output);
  addAlerts(program, output);
  addQueues(program, output);
  addMetrics(program, output);
  addTickets(program, open);
  addReconciliation(program, open, output);
  addReports(program, open, output);

  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    exitCode = exitCodeOf(error);
    // Commander has printed its own.
    if (!(error instanceof CommanderError)) around.err(described(error, options().json));
  } finally {
    for (const close of closers) await close();
  }
  return exitCode;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof UnavailableError) return exitCodes.unreachable;
  if (error instanceof BoxofficeError && error.code === 'invalid_request') return exitCodes.usage;
  return exitCodes.refused;
}

function described(error: unknown, json: boolean | undefined): string {
  const message = error instanceof Error ? error.message : String(error);
  if (!json) return `boxoffice: ${message}`;
  const { code, moneyMoved, nextAction } =
    error instanceof BoxofficeError ? error : { code: 'failed', moneyMoved: undefined, nextAction: undefined };
  return JSON.stringify({ error: { code, detail: message, moneyMoved, nextAction } });
}
