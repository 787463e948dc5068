/** Runs every cell of the table: each a purchase, refund or payout of its own, brought to its stage, met by trouble, judged. */
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { WorkflowUpdateFailedError, WorkflowUpdateStage } from '@temporalio/client';
import { cancelSignal, cancelUpdate } from '../../../contracts/messages.ts';
import type { Delivery } from '../../support/webhook-relay.ts';
import type { Blow } from './gates.ts';
import { purchaseStages } from './purchase-stages.ts';
import { payoutStages } from './payout-stages.ts';
import { refundStages } from './refund-stages.ts';
import { type End, judge, type Stage, type Subject } from './stage.ts';
import { type Column, columns, nameOf, reasonFor, type Row, type RowName, rows } from './table.ts';
import type { StagesWorld } from './world.ts';

export interface Cell {
  row: Row;
  column: Column;
  text: string;
  /** What is wrong by the outside's records; what went wrong, where the run came to no end. */
  wrongs: string[];
}

export interface Outcome {
  cells: Cell[];
  /** Of ledger, provider, chain and engine as a whole. */
  wrongsOfWorld: string[];
}

interface Run {
  row: Row;
  column: Column;
  stage: Stage;
}

/** Runs under way. */
const atOnce = 16;
const endsWithinMs = 150_000;
const request = { actor: 'support-7', reason: 'changed my mind' };

const deliveries: Partial<Record<Column, Delivery>> = {
  'webhook twice': 'twice',
  'webhook late': 'late',
  'webhook never': 'never',
};
/** Without a webhook they wait for the next look at the provider, a minute later: as a payout does at every stage. */
const sleeps = ({ row, column }: Run) =>
  (row.stage === 'pending' || row.operation === 'payout') && (column === 'webhook late' || column === 'webhook never');

/** Cancels what stands at its stage, and says what the cancel is answered with, where it has an answer. */
async function cancelAt({ shop }: StagesWorld, { row, stage }: Run, { workflowId }: Subject) {
  const handle = shop.client.workflow.getHandle(workflowId);
  if (stage.recording) {
    await handle.signal(cancelSignal, request);
    return () => Promise.resolve(undefined);
  }
  const args: [typeof request] = [request];
  const update = await handle.startUpdate(cancelUpdate, { args, waitForStage: WorkflowUpdateStage.ACCEPTED });
  return () =>
    update.result().catch((error: unknown) => {
      // Refused, where it has ended and only its receipt is on the way.
      if (row.stage === 'completed' && error instanceof WorkflowUpdateFailedError) return undefined;
      throw error;
    });
}

async function cancelled(world: StagesWorld, run: Run, subject: Subject): Promise<{ end: End; wrongs: string[] }> {
  const standing = await subject.gate.stand();
  const ending = subject.run();
  await Promise.race([standing.reached(), early(ending)]);
  const answered = await cancelAt(world, run, subject);
  await standing.release();
  const [end, answer] = await Promise.all([ending, answered()]);
  const lied = answer !== undefined && !isDeepStrictEqual(answer, end);
  return { end, wrongs: lied ? [`the cancel was answered with ${answer.status}, the end is ${end.status}`] : [] };
}

/** What ends before anything was done to it would prove nothing. */
async function early(ending: Promise<End>): Promise<never> {
  throw new Error(`it was never at its stage: ${JSON.stringify(await ending)}`);
}

async function met(world: StagesWorld, run: Run, subject: Subject): Promise<{ end: End; wrongs: string[] }> {
  const { column } = run;
  if (column === 'cancel') return cancelled(world, run, subject);
  const first = await blowOf(column, subject);
  const delivery = deliveries[column];
  const about = subject.eventsAbout ?? subject.workflowId;
  if (delivery) world.relay.deliver(about, delivery);
  const meanwhile = subject.meanwhile?.();
  const [end, second] = await Promise.all([subject.run(), meanwhile]);
  const hits = await Promise.all([first, second].map(async (blow) => blow?.met() ?? true));
  const events = delivery ? await world.relay.settle(about) : 1;
  const missed = hits.includes(false) || events === 0;
  return { end, wrongs: missed ? ['the trouble hit nothing'] : [] };
}

async function blowOf(column: Column, { gate }: Subject): Promise<Blow | undefined> {
  if (column === 'lost answer') return gate.lose();
  if (column === '5xx storm') return gate.storm();
  return undefined;
}

async function inTime<T>(work: Promise<T>, what: string): Promise<T> {
  const late = new AbortController();
  const over = delay(endsWithinMs, undefined, { signal: late.signal }).then(() => {
    throw new Error(`${what} has not ended after ${endsWithinMs / 1_000} s`);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    late.abort();
  }
}

/** Never fails: what goes wrong stands in its cell. */
async function cellFrom(run: Run, work: () => Promise<Pick<Cell, 'text' | 'wrongs'>>): Promise<Cell> {
  const { row, column } = run;
  const what = `${nameOf(row)} × ${column}`;
  try {
    return { row, column, ...(await inTime(work(), what)) };
  } catch (error) {
    const wrong = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { row, column, text: 'no end', wrongs: [wrong] };
  }
}

const play = (world: StagesWorld, run: Run): Promise<Cell> =>
  cellFrom(run, async () => {
    const subject = await run.stage.prepare(run.column);
    const { end, wrongs } = await met(world, run, subject);
    await subject.afterwards?.();
    const judged = await judge(world.shop, subject, end);
    return { ...judged, wrongs: [...wrongs, ...judged.wrongs] };
  });

/** Not more at once than two cores drive without turning every time-out into a coin toss. */
async function inLanes<Item>(items: readonly Item[], work: (item: Item) => Promise<Cell>): Promise<Cell[]> {
  const waiting = [...items];
  const cells: Cell[] = [];
  const lane = async () => {
    for (let item = waiting.shift(); item; item = waiting.shift()) cells.push(await work(item));
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return cells;
}

interface Begun {
  run: Run;
  subject: Subject;
  ending: Promise<End>;
  /** Resolves when it stands at its stage. */
  reached: Promise<void>;
}

/** One blow for all of them: held at their stages, whoever can be held for long first, the worker is killed. */
async function playKilled(world: StagesWorld, runs: readonly Run[]): Promise<Cell[]> {
  const prepared = await Promise.all(
    runs.map(async (run) => {
      const subject = await run.stage.prepare(run.column);
      return { run, subject, standing: await subject.gate.stand() };
    }),
  );
  const begun: Begun[] = [];
  for (const wave of [1, 2, 3]) {
    for (const { run, subject, standing } of prepared.filter((one) => one.run.stage.wave === wave)) {
      const ending = subject.run();
      const reached = inTime(Promise.race([standing.reached(), early(ending)]), `the way to ${nameOf(run.row)}`);
      begun.push({ run, subject, ending, reached });
    }
    // Who does not get there says so in its cell.
    await Promise.allSettled(begun.map(({ reached }) => reached));
  }
  await world.killWorker();
  await Promise.all([world.startWorker(), ...prepared.map(({ standing }) => standing.release())]);
  return inLanes(begun, ({ run, subject, ending, reached }) =>
    cellFrom(run, async () => {
      const [end] = await Promise.all([ending, reached]);
      return judge(world.shop, subject, end);
    }),
  );
}

/** @param only for trying out: the names of the rows to run */
export async function runStages(world: StagesWorld, only?: readonly string[]): Promise<Outcome> {
  const stages: Record<RowName, Stage> = {
    ...purchaseStages(world),
    ...refundStages(world),
    ...payoutStages(world),
  };
  const runs = rows
    .filter((row) => only === undefined || only.includes(nameOf(row)))
    .flatMap((row) => columns.map((column) => ({ row, column, stage: stages[nameOf(row)] })))
    .filter(({ row, column }) => reasonFor(row, column) === undefined);
  const killed = runs.filter(({ column }) => column === 'worker killed');
  const sleeping = runs.filter(sleeps);
  const others = runs.filter((run) => !killed.includes(run) && !sleeping.includes(run));

  // Those that only wait sleep on while the worker is killed, long before they look.
  const slept = Promise.all(sleeping.map((run) => play(world, run)));
  const cells = await inLanes(others, (run) => play(world, run));
  cells.push(...(await playKilled(world, killed)), ...(await slept));
  return { cells, wrongsOfWorld: await world.shop.wrongsOfWorld() };
}
