/** Purchases that somebody cancels at a moment of chance, each followed to its end by a caller who does not give up. */
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { WorkflowNotFoundError } from '@temporalio/common';
import { NotFoundError, type PaymentHandle, StillRunningError, UnavailableError } from '../../client/index.ts';
import { cancelSignal } from '../../contracts/messages.ts';
import type { PaymentResult, PurchaseOrder } from '../../contracts/payment.ts';
import { type Ended, type Shop, workflowIdOf } from './purchases.ts';

export const ways = ['update', 'signal', 'web-ui'] as const;
export type Way = (typeof ways)[number];

export interface Plan {
  order: PurchaseOrder;
  /** At once when there are several; nobody cancels when there are none. */
  ways: readonly Way[];
  /** What the moment is counted from: sending the order off, or hearing that the money is authorized. */
  from: 'sent' | 'authorized';
  /** Milliseconds. */
  afterMs: number;
}

export interface Ride extends Ended {
  plan: Plan;
  /** What the updates answered. */
  answers: PaymentResult[];
}

/** From the buyer's answer to the end it takes two blocks of one second each, and the steps around them. */
const longestMs = 3_500;

/** A quarter at once, a quarter on the way to the authorization or after it, half between that and the end and a little later. */
export function planOf(order: PurchaseOrder, chance: () => number): Plan {
  const pick = () => ways[Math.floor(chance() * ways.length)]!;
  const kind = chance();
  const span = kind < 0.25 ? 50 : longestMs;
  const from = kind < 0.5 ? 'sent' : 'authorized';
  return { order, ways: chance() < 0.25 ? [pick(), pick()] : [pick()], from, afterMs: chance() * span };
}

const patienceMs = 100_000;
const pauseMs = 100;

/** Asks again while the engine gives no answer: every call here is safe to repeat. */
async function persist<T>(call: () => Promise<T>, isFinal: (error: unknown) => boolean): Promise<T> {
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (isFinal(error) || Date.now() > giveUpAt) throw error;
      await delay(pauseMs);
    }
  }
}

const isAnswer = (error: unknown) => !(error instanceof UnavailableError || error instanceof StillRunningError);
const isNotFound = (error: unknown) => error instanceof WorkflowNotFoundError || error instanceof NotFoundError;

/** One cancel; the answer where the way has one. Undefined also when the purchase had ended before. */
async function cancel(shop: Shop, order: PurchaseOrder, way: Way, actor: string): Promise<PaymentResult | undefined> {
  const request = { actor, reason: 'changed my mind' };
  const handle = shop.client.workflow.getHandle(workflowIdOf(order));
  if (way === 'update') {
    const payment = shop.boxoffice.payments.get(order.tenantId, order.idempotencyKey);
    return persist(() => payment.cancel(request), isAnswer);
  }
  await persist<unknown>(() => (way === 'signal' ? handle.signal(cancelSignal, request) : handle.cancel()), isNotFound);
  return undefined;
}

async function cancelOnceStarted(
  shop: Shop,
  { order, ways, from, afterMs }: Plan,
  answered: Promise<unknown>,
  started: () => boolean,
): Promise<PaymentResult[]> {
  if (ways.length === 0) return [];
  if (from === 'authorized') await answered;
  await delay(afterMs);
  const all = ways.map(async (way, index) => {
    for (;;) {
      const late = started();
      try {
        return await cancel(shop, order, way, `actor-${index}`);
      } catch (error) {
        if (!isNotFound(error)) throw error;
        // It was there and is closed; or it is not there yet.
        if (late) return undefined;
        await delay(5);
      }
    }
  });
  return (await Promise.all(all)).filter((answer) => answer !== undefined);
}

/** Says where a purchase stands that comes to no end, instead of letting the whole test run out of time. */
async function complain(handle: PaymentHandle): Promise<never> {
  await delay(patienceMs, undefined, { ref: false });
  const { stage, attention, next } = await handle.status();
  throw new Error(`${handle.workflowId} has not ended after ${patienceMs / 1_000} s: ${stage} (${attention}). ${next}`);
}

export async function ride(shop: Shop, plan: Plan): Promise<Ride> {
  const { order } = plan;
  let started = false;
  const purchased = persist(() => shop.boxoffice.payments.purchase(order), isAnswer).finally(() => {
    started = true;
  });
  const [handle, answers] = await Promise.all([purchased, cancelOnceStarted(shop, plan, purchased, () => started)]);
  const end = await Promise.race([persist(() => handle.result(), isAnswer), complain(handle)]);
  return { plan, order, end, answers };
}

/** All of them, at most `atOnce` under way; `rides` fills as they end. */
export async function rideAll(shop: Shop, plans: readonly Plan[], atOnce: number, rides: Ride[] = []): Promise<Ride[]> {
  const waiting = [...plans];
  const lane = async () => {
    for (let plan = waiting.shift(); plan; plan = waiting.shift()) rides.push(await ride(shop, plan));
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return rides;
}

/** Updates that answered something else than the purchase became. */
export const lies = (rides: readonly Ride[]) =>
  rides.flatMap(({ order, end, answers }) =>
    answers.flatMap((answer) => (isDeepStrictEqual(answer, end) ? [] : [{ key: order.idempotencyKey, answer, end }])),
  );

/** How many ended how, e.g. `cancelled 212 · completed 88`. */
export function countEnds(rides: readonly Ended[]): string {
  const counts = new Map<string, number>();
  for (const { end } of rides) counts.set(end.status, (counts.get(end.status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${status} ${count}`).join(' · ');
}
