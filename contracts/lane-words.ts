/** What is said of lanes, in one place for the API, the client and the command line. Pure. */
import type { LaneAction, LaneSettings, LaneStatus } from './lane-control.ts';
import { type PacedName, pacedNames } from './lane-limits.ts';

/** Alerts have to leave when everything else stands still: their lane is each process's own, and nobody stops it from here. */
const unstoppable = 'alert';

export type ControlledName = Exclude<PacedName, typeof unstoppable>;

/** The lanes that people control, for all workers together. */
export const controlledLanes = pacedNames.filter((lane): lane is ControlledName => lane !== unstoppable);

/** What became of a change. It is recorded in any case, and comes into force once the limiter is there again. */
export interface ChangeOutcome {
  lane: PacedName;
  settings: LaneSettings;
  /** All workers hold to it now. `false`: the limiter is away, and nothing is sent until it is back and has read this. */
  inForce: boolean;
  /** Whether Temporal's queue was told (stop, resume and weights only). */
  queue?: 'held' | 'freed' | 'weighed' | 'not told';
}

/** The same, as the API says it. */
export interface LaneAnswer extends ChangeOutcome {
  /** What is still open, and what to do about it; absent where nothing is. */
  next?: string;
}

/** What is still open after a change, and what to do about it. */
export function stillOpen(action: LaneAction, { inForce, queue }: ChangeOutcome): string | undefined {
  if (action === 'weights')
    return queue === 'not told' ? 'Temporal has not taken the weights: set them again once it answers' : undefined;
  const told =
    action === 'resume' && queue === 'not told'
      ? "Temporal may still hold the lane's queue back; it is told until it answers"
      : undefined;
  const paced = inForce
    ? undefined
    : 'It is recorded. The limiter cannot be reached, so that what was set before may still hold; this is tried again until it does';
  // A stopped lane obeys without Temporal, too: what is handed out waits in the workers.
  return [paced, told].filter((text) => text !== undefined).join('. ') || undefined;
}

/** One lane as JSON can say it, which has no Infinity. */
export interface LaneView extends Omit<
  LaneStatus,
  'perSecond' | 'effectivePerSecond' | 'blockedUntil' | 'expectedWaitMs'
> {
  /** Null: unpaced. */
  perSecond: number | null;
  /** Null: unpaced. */
  effectivePerSecond: number | null;
  /** ISO 8601 UTC, by the limiter's clock. Null: open. */
  blockedUntil: string | null;
  /** Null: as long as the lane is stopped. */
  expectedWaitMs: number | null;
}

const finite = (value: number) => (Number.isFinite(value) ? value : null);

export const laneViewOf = (status: LaneStatus): LaneView => ({
  ...status,
  perSecond: finite(status.perSecond),
  effectivePerSecond: finite(status.effectivePerSecond),
  blockedUntil: status.blockedUntil === 0 ? null : new Date(status.blockedUntil).toISOString(),
  expectedWaitMs: finite(status.expectedWaitMs),
});

/** How a lane stands, for people: the gravest first; `open` where there is nothing to say. */
export function stateOf({ settings, effectivePerSecond, perSecond, blockedUntil, breakers }: LaneView): string {
  const { open, halfOpen, closed } = breakers;
  const slowed = perSecond !== null && effectivePerSecond !== null && effectivePerSecond < perSecond;
  const words = [
    settings.stopped && 'stopped',
    blockedUntil !== null && `closed until ${blockedUntil.slice(11, 19)} UTC`,
    open + halfOpen > 0 && `breaker open in ${open + halfOpen} of ${open + halfOpen + closed}`,
    settings.percent < 100 && `brown-out ${settings.percent} %`,
    slowed && 'slowed down',
    !settings.adaptive && 'adaptive off',
    (settings.perSecond !== undefined || settings.concurrent !== undefined) && 'limits changed',
  ].filter((word) => word !== false);
  return words.join(', ') || 'open';
}
