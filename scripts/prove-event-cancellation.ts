/**
 * `npm run test:event-cancellation`: the proof of tests/full/event-cancellation.test.ts in the size that is asked for, on a
 * world of its own, with a table for people and a line of JSON for machines.
 */
import { Command, InvalidArgumentError } from 'commander';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatAmount } from '../contracts/money.ts';
import { startBoxoffice } from '../sandbox/boxoffice.ts';
import { InterruptedError, listenForInterrupt } from '../sandbox/cli-interrupt.ts';
import { cancelUnderBlows, type Phase, type Played, unpaced } from '../tests/support/event-cancelling.ts';
import { type EventCounts, faultsOf, lookAtEvents } from '../tests/support/event-counts.ts';
import { openShop } from '../tests/support/purchases.ts';

interface Options {
  purchases: number;
  kills: number;
  parkedEvery: number;
  inFlight: number;
}

function whole(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new InvalidArgumentError('a whole number is wanted');
  return number;
}

const readOptions = (): Options =>
  new Command('npm run test:event-cancellation --')
    .description(
      'Sells an event, cancels it while its worker is killed and some refunds wait for a person, and counts from the outside what came back. Takes about half a second for each purchase on two cores that do nothing else.',
    )
    .option('--purchases <count>', 'how many are sold before', whole, 1_000)
    .option('--kills <count>', 'how often the worker is killed meanwhile', whole, 3)
    .option('--parked-every <count>', 'every so many-th refund waits for a person', whole, 5)
    .option('--in-flight <count>', 'how many refunds may be under way at once', whole, 50)
    .addHelpText('after', '\nExit code 1: something is not as it should be; it is said what, and the logs are kept.')
    .parse()
    .opts<Options>();

const lineOf = (left: string, right: string | number) => `${left.padEnd(64)}${String(right).padStart(12)}`;
const phaseLine = ({ what, seconds }: Phase) => lineOf(what, `${seconds.toFixed(1)} s`);

function figuresOf({ sold, atItsFirstMoment, late, blows, peak }: Played, counts: EventCounts) {
  const { report, refunded, refundedTwice, burned, burnedTwice, parked, decided } = counts;
  const refusedAtFirst = atItsFirstMoment.filter(({ end }) => end.status === 'refused').length;
  return {
    soldBefore: sold.length,
    begunAtItsFirstMoment: atItsFirstMoment.length,
    refusedAtItsFirstMoment: refusedAtFirst,
    cancelledInFlight: report.cancelledInFlight,
    refusedLater: late.filter(({ end }) => end.status === 'refused').length,
    purchases: report.purchases,
    refunds: report.refunded,
    refundedTwice,
    refundedMinor: refunded,
    burned,
    burnedTwice,
    parked,
    decided,
    kills: blows.length,
    underWayAtKills: blows,
    mostUnderWay: peak,
  };
}

function tableOf(figures: ReturnType<typeof figuresOf>): string {
  return [
    lineOf('sold before', figures.soldBefore),
    lineOf('begun at its first moment', figures.begunAtItsFirstMoment),
    lineOf('  of them refused: sales closed', figures.refusedAtItsFirstMoment),
    lineOf('  of them cancelled in flight', figures.cancelledInFlight),
    lineOf('begun later, and refused: sales closed', figures.refusedLater),
    lineOf('purchases of the event', figures.purchases),
    lineOf('given back by the provider, once and whole', figures.refunds),
    lineOf('  twice, or in part', figures.refundedTwice),
    lineOf('  amount', formatAmount(figures.refundedMinor, 'USD')),
    lineOf('tokens burned', figures.burned),
    lineOf('  twice', figures.burnedTwice),
    lineOf('refunds that waited for a person', figures.parked),
    lineOf('  decided by a person', figures.decided),
    lineOf('kills of the worker; refunds under way at each', `${figures.kills}: ${figures.underWayAtKills.join(', ')}`),
    lineOf('most refunds under way at once', figures.mostUnderWay),
  ].join('\n');
}

/** @returns the exit code. */
async function main(): Promise<number> {
  const options = readOptions();
  const abort = new AbortController();
  const interrupt = listenForInterrupt(() => abort.abort(new InterruptedError(130)));
  const dir = await mkdtemp(path.join(tmpdir(), 'boxoffice-event-'));
  const startedAt = performance.now();
  const running = await startBoxoffice({ dir, temporary: true, signal: abort.signal, ...unpaced });
  const worldUp: Phase = { what: 'a world of its own', seconds: (performance.now() - startedAt) / 1_000 };
  console.log(phaseLine(worldUp));
  const shop = await openShop(running.endpoints);
  const look = lookAtEvents(shop);
  let faults: string[] | undefined;
  try {
    const onPhase = (phase: Phase) => console.log(phaseLine(phase));
    const plan = { eventId: 'the-cancelled-one', ...options, onPhase };
    const played = await interrupt.race(cancelUnderBlows(running, shop, look, plan));
    const countedAt = performance.now();
    const counts = await interrupt.race(look.counts(played));
    onPhase({ what: 'counted from the outside', seconds: (performance.now() - countedAt) / 1_000 });
    faults = faultsOf(played, counts);
    const figures = figuresOf(played, counts);
    console.log(`\n${tableOf(figures)}\n`);
    for (const fault of faults) console.log(`✘ ${fault}`);
    if (faults.length === 0)
      console.log('✔ the report says what the outside counts; nothing twice, nothing left over\n');
    const seconds = Object.fromEntries(played.phases.map(({ what, seconds }) => [what, seconds]));
    console.log(JSON.stringify({ ok: faults.length === 0, ...options, ...figures, seconds, faults }));
  } finally {
    await running.world.stop();
    if (faults?.length === 0) await rm(dir, { recursive: true, force: true });
    else console.error(`The logs are kept in ${path.join(dir, 'logs')}`);
  }
  await Promise.all([look.close(), shop.close()]);
  return faults.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof InterruptedError)) throw error;
  // Purchases may still be waiting for a world that is gone.
  process.exit(error.exitCode);
}
