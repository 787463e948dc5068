/** Gauges of the lanes: names of the legacy contract and what it lacked. Filled when somebody scrapes them. */
import { Gauge, type Registry } from 'prom-client';
import type { LaneStatus } from '../contracts/lane-control.ts';
import type { LaneName } from '../contracts/task-queues.ts';
import { keptFresh } from './fresh.ts';

/** However many scrape, the limiter is asked no more often. Milliseconds. */
const freshMs = 1_000;

const gauges: Readonly<Record<string, { help: string; of: (status: LaneStatus) => number }>> = {
  rate_limiter_tokens_available: {
    help: 'Calls that could start now by the rate alone; 0 while the lane is closed or stopped',
    of: ({ settings, blockedUntil, effectivePerSecond, lastSecond }) =>
      settings.stopped || blockedUntil > 0 ? 0 : Math.max(0, Math.floor(effectivePerSecond) - lastSecond),
  },
  rate_limiter_concurrent_requests: { help: 'Calls in flight, of all processes', of: ({ inFlight }) => inFlight },
  rate_limiter_max_concurrent: { help: 'Calls that may be in flight', of: ({ concurrent }) => concurrent },
  rate_limiter_effective_rate: {
    help: 'Calls a second as lowered by people and by the adaptive rate',
    of: ({ effectivePerSecond }) => effectivePerSecond,
  },
  rate_limiter_waiting: { help: 'Callers that wait for their turn, of all processes', of: ({ waiting }) => waiting },
  rate_limiter_blocked: {
    help: '1 while the provider has asked for a pause',
    of: ({ blockedUntil }) => (blockedUntil > 0 ? 1 : 0),
  },
  rate_limiter_stopped: {
    help: '1 while somebody has stopped the lane',
    of: ({ settings }) => (settings.stopped ? 1 : 0),
  },
};

type Readings = readonly { lane: LaneName; status: LaneStatus | undefined }[];

const unwatched = async (): Promise<Readings> => [];

export interface LaneGauges {
  /** From now on these lanes are shown. */
  watch(lanes: readonly LaneName[], status: (lane: LaneName) => Promise<LaneStatus>): void;
}

/** A limiter that is away is one of the things to be seen, so it fails no scrape: it leaves gaps, and a 1 in its gauge. */
export function createLaneGauges(registry: Registry, now: () => number = () => performance.now()): LaneGauges {
  let current = unwatched;
  const register = (name: string, help: string, of: (status: LaneStatus | undefined) => number | undefined) =>
    new Gauge({
      name,
      help,
      labelNames: ['lane'] as const,
      registers: [registry],
      async collect() {
        for (const { lane, status } of await current()) {
          const value = of(status);
          if (value === undefined) this.remove({ lane });
          else this.set({ lane }, value);
        }
      },
    });

  for (const [name, { help, of }] of Object.entries(gauges)) register(name, help, (status) => status && of(status));
  register('rate_limiter_away', '1 while the limiter does not answer, so that nothing is sent', (status) =>
    status ? 0 : 1,
  );

  return {
    watch: (lanes, status) => {
      const read = () =>
        Promise.all(
          lanes.map(async (lane) => ({
            lane,
            status: await status(lane).then(
              (found) => found,
              () => undefined,
            ),
          })),
        );
      current = keptFresh(read, freshMs, now);
    },
  };
}
