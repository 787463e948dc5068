/** A worker that takes activities of a lane's queue, as Temporal's does, and activities that do what they are told. */
import { AsyncResource } from 'node:async_hooks';
import { type LinePlace, standsInLine } from '../../lanes/standing.ts';
import { LaneSlots, type LaneSlotOptions } from '../../workers/lane-slots.ts';

export type Permit = Awaited<ReturnType<LaneSlots['reserveSlot']>>;

export const context = {
  slotType: 'activity',
  taskQueue: 'stripe',
  workerIdentity: 'worker-1',
  workerBuildId: 'build-1',
  isSticky: false,
} as const;
export const slotInfo = { type: 'activity', activityType: 'charge' } as const;
export const ownLine: LinePlace = { lane: 'stripe', endpoint: undefined };

/** Lets promises that are resolved be heard of. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
}

/** An activity that does what it is told. */
export interface Activity {
  permit: Permit;
  /** Answers with how it leaves the line again. */
  stand(place?: LinePlace): () => void;
  end(): Promise<void>;
  /** Temporal has heard of its end. */
  release(): void;
}

/** A worker that asks for the next permit as soon as it has one, as Temporal's does. */
export function workerWith(options: Partial<LaneSlotOptions> = {}) {
  const slots = new LaneSlots({ lane: 'stripe', most: 10, inLine: () => 3, ...options });
  const polls: Permit[] = [];
  const stop = new AbortController();
  const ended = (async () => {
    for (;;) polls.push(await slots.reserveSlot(context, stop.signal));
  })();
  ended.catch(() => undefined);

  /** The oldest poll brings a task. */
  const take = (): Activity => {
    const permit = polls.shift()!;
    slots.markSlotUsed({ permit, slotInfo });
    let stand: Activity['stand'];
    let finish: () => void;
    const work = slots.watch(() => {
      stand = AsyncResource.bind((place: LinePlace = ownLine) => standsInLine(place));
      return new Promise<void>((resolve) => (finish = resolve));
    });
    return {
      permit,
      stand: (place) => stand(place),
      end: () => {
        finish();
        return work;
      },
      release: () => slots.releaseSlot({ permit, slotInfo }),
    };
  };
  /** A task whose activity has been granted its call. */
  const takeToCall = () => {
    const activity = take();
    activity.stand()();
    return activity;
  };
  return { slots, polls, take, takeToCall, stop: () => stop.abort(new Error('enough')), ended };
}
