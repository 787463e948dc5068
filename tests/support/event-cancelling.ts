/**
 * An event is cancelled while its worker is killed and some of its refunds wait for a person. Drives only: what came of it is
 * counted by event-counts.ts.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { BoxofficeError } from '../../client/index.ts';
import type { RunningBoxoffice } from '../../sandbox/boxoffice.ts';
import type { EventCancellationResult } from '../../contracts/event-cancellation.ts';
import { eventRefundOf, openEvent, sell, sellMany, type Sold } from './cancelled-event.ts';
import { callsOf, simulatorAt } from './faults.ts';
import type { EventLook } from './event-counts.ts';
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

/** Of one refund by the provider. */
interface Refusal {
  clear(): Promise<void>;
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
  /** Begun once its sales were closed, one of them with each kill and one after the end. */
  late: Sold[];
  /** Refunds that the provider refused. */
  stuck: string[];
  /** Refunds under way when the worker was killed. */
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
  { world, endpoints }: Pick<RunningBoxoffice, 'world' | 'endpoints'>,
  shop: Shop,
  look: EventLook,
  plan: CancellingPlan,
): Promise<Played> {
  const { eventId, purchases, kills, parkedEvery, inFlight } = plan;
  const { boxoffice, tenantId } = shop;
  const stripe = simulatorAt(endpoints.stripe);
  const phases: Phase[] = [];
  let since = performance.now();
  const over = (what: string) => {
    const now = performance.now();
    const phase = { what, seconds: Math.round((now - since) / 100) / 10 };
    since = now;
    phases.push(phase);
    plan.onPhase?.(phase);
  };

  await openEvent(shop, eventId);
  const sold = await sellMany(shop, purchases, { eventId });
  over(`${purchases} purchases`);

  const stuck = sold.filter((_, index) => (index + 1) % parkedEvery === 0).map(({ order }) => eventRefundOf(order));
  const refuse = (workflowId: string) => {
    const match = { method: 'POST', keyRegex: callsOf(workflowId, 'refund') };
    return stripe.add({ kind: 'status', status: 403, stored: false, times: 'forever', match });
  };
  const refusals = new Map<string, Refusal>();
  for (const workflowId of stuck) refusals.set(workflowId, await refuse(workflowId));

  const request = { tenantId, eventId, reason: 'the artist is ill', requestedBy: 'ada', inFlight };
  const first = Array.from({ length: begunBefore }, () => sell(shop, { eventId }));
  const handle = await boxoffice.eventCancellations.start(request);
  await awaited(
    'sales closed',
    async () => {
      // Begun before the look, so that the last ones meet the very moment.
      if (first.length < begunAtMost) first.push(sell(shop, { eventId }));
      return look.isClosed(eventId);
    },
    begunEveryMs,
  );
  // Whatever is put over it now.
  await openEvent(shop, eventId);
  const late = [sell(shop, { eventId })];
  over('sales closed');

  let peak = 0;
  const progress = async () => {
    const seen = await look.progress(eventId);
    peak = Math.max(peak, seen.underWay);
    return seen;
  };
  const blows: number[] = [];
  for (let kill = 1; kill <= kills; kill += 1) {
    const due = Math.floor(((purchases - stuck.length) * (kill - 1)) / kills);
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

  await awaited('only those left that wait for a person', async () => {
    const { done, underWay, parked } = await progress();
    return underWay === 0 && parked === stuck.length && done >= purchases - stuck.length;
  });
  const atItsFirstMoment = await Promise.all(first);
  over('all but the parked given back');

  await putRight(stuck, (workflowId) => decided(shop, workflowId, refusals.get(workflowId)!, refuse));
  over(`${stuck.length} decided by a person`);

  const result = await handle.result();
  late.push(sell(shop, { eventId }));
  over('ended');
  const asked = await boxoffice.eventCancellations.start(request);
  const again = { created: asked.created, result: await asked.result() };
  return { phases, sold, atItsFirstMoment, late: await Promise.all(late), stuck, blows, peak, result, again };
}

async function putRight(stuck: readonly string[], decide: (workflowId: string) => Promise<void>): Promise<void> {
  let next = 0;
  const decider = async () => {
    while (next < stuck.length) {
      next += 1;
      await decide(stuck[next - 1]!);
    }
  };
  await Promise.all(Array.from({ length: deciders }, decider));
}

/**
 * The provider is put right, and a person says so. A parked step is also tried now and then without anybody, so that is done
 * while it rests; one that has just begun all the same is refused once more.
 */
async function decided(
  { boxoffice, client }: Shop,
  workflowId: string,
  refusal: Refusal,
  refuse: (workflowId: string) => Promise<Refusal>,
): Promise<void> {
  const run = client.workflow.getHandle(workflowId);
  const rests = async () => (await run.describe()).raw.pendingActivities?.length === 0;
  let standing = refusal;
  await awaited(`a decision about ${workflowId}`, async () => {
    if (!(await rests())) return false;
    await standing.clear();
    try {
      await boxoffice.decisions.decide({ workflowId, decision: 'retry', reason: 'the provider has put it right' });
      return true;
    } catch (error) {
      if (!(error instanceof BoxofficeError) || error.code !== 'decision_refused') throw error;
      standing = await refuse(workflowId);
      return false;
    }
  });
}
