/** Samples as the monitor takes them while the database is away, but for what a test changes. */
import type { QueueSample, Sample } from '../../contracts/monitor.ts';
import { sampleOf as wellOf } from './monitor-samples.ts';

export const sampleOf = (at: string, money: Partial<QueueSample> = {}, change: Partial<Sample> = {}): Sample => ({
  ...wellOf({ queues: { money }, books: 'away' }),
  at,
  ...change,
});
