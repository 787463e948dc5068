/**
 * An event is cancelled while its worker is killed and some of its refunds wait for a person. Drives only: what came of it is
 * counted by event-counts.ts.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { BoxofficeError } from '../../client/index.ts';
import type { EventCancellationResult } from '../../contracts/event-cancellation.ts';
import type { RunningBoxoffice } from '../../sandbox/boxoffice.ts';
import { eventRefundOf, openEvent, sell, sellMany, type Sold } from './cancelled-event.ts';
import { callsOf, simulatorAt } from './faults.ts';
import type { Shop } from './purchases.ts';

export interface CancellingPlan {
  eventId: string;
  /** Paid for before the event is cancelled. */
  purchases: number;
  kills: number;
  /** Every so many-th refund is refused by the provider until a person has put it right. */
  parkedEvery: number;
  /** Refunds that may be under way at once. */
  inFlight: number;
  /** Hears of each phase when it is over. */
  onPhase?: (phase: Phase) => void;
}

/** How far it is, by the books: a workflow that is asked would have to answer beside its work. */
export interface EventWatch {
  isClosed(eventId: string): Promise<boolean>;
  progress(eventId: string): Promise<EventProgress>;
}

export interface EventProgress {
  /** Refunds of the cancellation that have ended. */
  done: number;
  /** Written down, neither ended nor waiting for a person. */
  underWay: number;
  parked: number;
}

export interface Phase {
  what: string;
  seconds: number;
}

export interface Played {
  phases: Phase[];
  /** Paid for before. */
  sold: Sold[];
  /** Begun while the event was being cancelled. */
  atItsFirstMoment: Sold[];
  /** Begun once its sales were closed: at once, with each kill, and after the end. */
  late: Sold[];
  /** Refunds that the provider refused. */
  stuck: string[];
  /** Refunds under way at each kill of the worker. */
  blows: number[];
  /** The most refunds that were seen under way, without those that wait for a person. */
  peak: number;
  result: EventCancellationResult;
  /** What asking for the same again answered. */
  again: { created: boolean; result: EventCancellationResult };
}

/** How the world of such a proof is started: no lane is paced, and back-offs are short. */
export const unpaced = {
  env: { RATE_LIMITS: 'unpaced', RETRY_SCALE: '0.05', LOG_LEVEL: 'warn' },
  stripeEnv: { STRIPE_LIMIT_PER_SECOND: '0' },
} as const;

/** Purchases begun before the event is cancelled, and between each two of those that are begun while it is. */
const begunBefore = 4;
const begunEveryMs = 50;
const begunAtMost = 40;
const deciders = 5;
/** A thousand refunds on two busy cores take minutes. Milliseconds. */
const patienceMs = 15 * 60_000;
const lookEveryMs = 100;

async function awaited(what: string, condition: () => Promise<boolean>, everyMs = lookEveryMs): Promise<void> {
  const giveUpAt = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`waited in vain for ${what}`);
    await delay(everyMs);
  }
}

export async function cancelUnderBlows(
  { world }: Pick<RunningBoxoffice, 'world'>,
  shop: Shop,
  look: EventWatch,
  plan: CancellingPlan,
): Promise<Played> {
  const { eventId, purchases, kills, parkedEvery, inFlight } = plan;
  const { phases, over } = stopwatch(plan.onPhase);
  await openEvent(shop, eventId);
  const sold = await sellMany(shop, purchases, { eventId });
  over(`${purchases} purchases`);

  const stuck = sold.filter((_, index) => (index + 1) % parkedEvery === 0).map(({ order }) => eventRefundOf(order));
  const refusals = await refusalsOf(shop, stuck);
  const request = { tenantId: shop.tenantId, eventId, reason: 'the artist is ill', requestedBy: 'ada', inFlight };
  const ask = () => shop.boxoffice.eventCancellations.start(request);
  const { handle, first } = await closeAmongSales(shop, look, eventId, ask);
  const late = [sell(shop, { eventId })];
  over('sales closed');

  let peak = 0;
  const progress = async () => {
    const seen = await look.progress(eventId);
    peak = Math.max(peak, seen.underWay);
    return seen;
  };
  const easy = purchases - stuck.length;
  const blows: number[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    const due = Math.floor((easy * kill) / kills);
    await awaited(`${due} refunds done and others under way`, async () => {
      const { done, underWay } = await progress();
      return done >= due && underWay > 0;
    });
    const { done, underWay } = await progress();
    blows.push(underWay);
    await world.kill('worker');
    late.push(sell(shop, { eventId }));
    await world.start('worker');
    over(`worker killed: ${done} refunds done, ${underWay} under way`);
  }
  await awaited('none but those that wait for a person', async () => {
    const { done, underWay, parked } = await progress();
    return done >= easy && underWay === 0 && parked === stuck.length;
  });
  const atItsFirstMoment = await Promise.all(first);
  over('all but the parked given back');

  await refusals.putRight();
  over(`${stuck.length} decided by a person`);
  const result = await handle.result();
  over('ended');
  late.push(sell(shop, { eventId }));
  const asked = await ask();
  const again = { created: asked.created, result: await asked.result() };
  return { phases, sold, atItsFirstMoment, late: await Promise.all(late), stuck, blows, peak, result, again };
}

function stopwatch(onPhase: CancellingPlan['onPhase']) {
  const phases: Phase[] = [];
  let since = performance.now();
  const over = (what: string) => {
    const now = performance.now();
    const phase = { what, seconds: Math.round((now - since) / 100) / 10 };
    since = now;
    phases.push(phase);
    onPhase?.(phase);
  };
  return { phases, over };
}

/** Cancels while purchases come in, until its sales are closed; then somebody tries to open them again. */
async function closeAmongSales<Handle>(shop: Shop, look: EventWatch, eventId: string, ask: () => Promise<Handle>) {
  const first = Array.from({ length: begunBefore }, () => sell(shop, { eventId }));
  const handle = await ask();
  await awaited(
    'sales closed',
    async () => {
      // Begun before the look, so that the last ones meet the very moment.
      if (first.length < begunAtMost) first.push(sell(shop, { eventId }));
      return look.isClosed(eventId);
    },
    begunEveryMs,
  );
  await openEvent(shop, eventId);
  return { handle, first };
}

/** The provider refuses these, each until it is put right. */
async function refusalsOf({ boxoffice, client, endpoints }: Shop, stuck: readonly string[]) {
  const stripe = simulatorAt(endpoints.stripe);
  const refuse = (workflowId: string) => {
    const match = { method: 'POST', keyRegex: callsOf(workflowId, 'refund') };
    return stripe.add({ kind: 'status', status: 403, stored: false, times: 'forever', match });
  };
  const refusals = new Map(await Promise.all(stuck.map(async (id) => [id, await refuse(id)] as const)));

  /**
   * The provider is put right, and a person says so. A parked step is also tried now and then without anybody, so that is
   * done while it rests; one that has just begun all the same is refused once more.
   */
  async function decided(workflowId: string): Promise<boolean> {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    if (raw.pendingActivities?.length !== 0) return false;
    await refusals.get(workflowId)?.clear();
    try {
      await boxoffice.decisions.decide({ workflowId, decision: 'retry', reason: 'the provider has put it right' });
      return true;
    } catch (error) {
      if (!(error instanceof BoxofficeError) || error.code !== 'decision_refused') throw error;
      refusals.set(workflowId, await refuse(workflowId));
      return false;
    }
  }

  return {
    async putRight(): Promise<void> {
      const left = [...stuck];
      const decider = async () => {
        for (let id = left.pop(); id !== undefined; id = left.pop()) {
          const workflowId = id;
          await awaited(`a decision about ${workflowId}`, () => decided(workflowId));
        }
      };
      await Promise.all(Array.from({ length: deciders }, decider));
    },
  };
}
