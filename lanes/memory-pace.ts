/**
 * The pace of a single process: the alert lane's, which has to leave when Redis is down, and everybody's where one process
 * is all there is. Its clock is monotonic, so that a corrected wall clock opens no window.
 */
import type { LaneStatus } from '../contracts/lane-control.ts';
import type { LaneLimits, PacedName } from '../contracts/lane-limits.ts';
import { LaneState } from './lane-state.ts';
import type { BreakerState, LaneNews, Pace } from './pace.ts';
import { statusOf } from './pace-status.ts';

export function createMemoryPace(
  limits: Readonly<Record<PacedName, LaneLimits>>,
  now: () => number = () => performance.now(),
): Pace {
  const lanes = new Map<PacedName, LaneState>();
  const breakers = new Map<PacedName, BreakerState>();
  const listeners: ((news: LaneNews) => void)[] = [];
  let asked = 0;
  let waiting: ((lane: PacedName) => number) | undefined;

  const laneOf = (name: PacedName): LaneState => {
    const lane = lanes.get(name) ?? new LaneState(limits[name]);
    lanes.set(name, lane);
    return lane;
  };
  const tell = (news: LaneNews) => listeners.forEach((listener) => listener(news));

  return {
    now,
    silenceMs: Infinity,
    async ask({ lane, ...ask }) {
      asked += 1;
      return laneOf(lane).ask(now(), { ...ask, token: String(asked) });
    },
    end(lane, ended) {
      laneOf(lane).end(now(), ended);
      tell({ lane, void: false });
    },
    async block(lane, milliseconds) {
      laneOf(lane).block(now(), milliseconds);
      tell({ lane, void: true });
    },
    async apply(lane, settings, { reset = false } = {}) {
      laneOf(lane).apply(now(), settings, reset);
      tell({ lane, void: true });
    },
    async status(lane): Promise<LaneStatus> {
      const state = laneOf(lane);
      const at = now();
      return statusOf(lane, {
        ...state.look(at),
        settings: state.settings,
        now: at,
        epoch: Date.now(),
        waiting: waiting?.(lane) ?? 0,
        breakers: [breakers.get(lane) ?? 'closed'],
      });
    },
    breaker: (lane, state) => void breakers.set(lane, state),
    onNews: (listener) => void listeners.push(listener),
    countWaiting(count) {
      waiting = count;
    },
    close: async () => undefined,
  };
}
