/**
 * Gauges of what the monitor saw, under the legacy contract's names. The monitor's activities run in whichever process
 * takes them, so that one that takes none any more must not go on showing what it saw last: its gauges become gaps. When
 * the last sample was taken stays, and the newest of all processes is the truth.
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import { type Sample, type SampledQueue, sampledQueues } from '../contracts/monitor.ts';
import type { TaskQueue } from '../contracts/task-queues.ts';

/** What was seen holds for so many times the interval, and for a minute at least. */
const keptIntervals = 3;
const keptSeconds = 60;

interface Reading {
  queue_name: TaskQueue;
  depths: Readonly<Record<string, number>>;
  oldestSeconds: number;
}

const readingsOf = ({ queues, lanes }: Sample): Reading[] => [
  ...queues.map(({ queue, waiting, active, waitingForPerson, oldestSeconds }) => ({
    queue_name: queue,
    depths: { waiting, active, waiting_for_person: waitingForPerson },
    oldestSeconds,
  })),
  ...lanes.map(({ lane, waiting, inFlight, oldestSeconds }) => ({
    queue_name: lane,
    depths: { waiting, active: inFlight },
    oldestSeconds,
  })),
];

export interface QueueGauges {
  show(sample: Sample): void;
  /** Jobs that failed, by a sample that was not counted before. */
  failed(queue: SampledQueue, jobs: number): void;
}

/** @param now epoch milliseconds */
export function createQueueGauges(registry: Registry, now: () => number = Date.now): QueueGauges {
  let last: Sample | undefined;
  const current = (): Reading[] => {
    if (!last) return [];
    const kept = Math.max(keptSeconds, keptIntervals * last.configured.everySeconds);
    return now() - Date.parse(last.at) <= kept * 1_000 ? readingsOf(last) : [];
  };

  /** Filled when somebody scrapes. */
  const register = (
    name: string,
    help: string,
    labels: string[],
    set: (gauge: Gauge, readings: readonly Reading[]) => void,
  ) =>
    new Gauge({
      name,
      help,
      labelNames: labels,
      registers: [registry],
      collect() {
        this.reset();
        set(this, current());
      },
    });

  register(
    'queue_depth',
    'Tasks that wait, running jobs that wait for no person, and those that do; of a lane, tasks and calls in flight',
    ['queue_name', 'status'],
    (gauge, readings) => {
      for (const { queue_name, depths } of readings)
        for (const [status, depth] of Object.entries(depths)) gauge.set({ queue_name, status }, depth);
    },
  );
  register(
    'oldest_job_age_seconds',
    'Age of the oldest job that waits for no person; of a lane, of its oldest task',
    ['queue_name'],
    (gauge, readings) => {
      for (const { queue_name, oldestSeconds } of readings) gauge.set({ queue_name }, oldestSeconds);
    },
  );
  const taken = new Gauge({
    name: 'monitor_last_sample_timestamp_seconds',
    help: 'When this process last took a sample for the monitor; 0: never. The newest of all processes counts',
    registers: [registry],
  });
  const failures = new Counter({
    name: 'failed_jobs_total',
    help: 'Jobs that closed as failed, timed out or terminated, or were given up',
    labelNames: ['queue_name'] as const,
    registers: [registry],
  });
  for (const queue_name of sampledQueues) failures.inc({ queue_name }, 0);

  return {
    show: (sample) => {
      last = sample;
      taken.set(Date.parse(sample.at) / 1_000);
    },
    failed: (queue, jobs) => failures.inc({ queue_name: queue }, jobs),
  };
}
