import { describe, expect, it } from 'vitest';
import { contractLimits, readLimits } from '../../contracts/lane-limits.ts';
import { laneNames } from '../../contracts/task-queues.ts';
import { slotsOf } from '../../workers/slots.ts';

const slots = (env: Record<string, string> = {}) => {
  const { limits } = readLimits(env);
  return Object.fromEntries(
    laneNames.map((lane) => [lane, slotsOf(lane, limits[lane]).maxConcurrentActivityTaskExecutions]),
  );
};

describe('the slots of a worker', () => {
  it('are as many as a lane may have calls in flight, so that what waits is ordered by Temporal', () => {
    expect(slots()).toMatchObject({ stripe: 10, email: 20, sms: 5, webhook: 50, alert: 2 });
  });

  it('are many more on the chain, whose activities mostly wait for confirmations', () => {
    expect(slots()['chain']).toBeGreaterThanOrEqual(20 * contractLimits.chain.concurrent);
  });

  it('follow what the environment says', () => {
    expect(slots({ RATE_LIMIT_STRIPE: '100,40' })['stripe']).toBe(40);
  });

  it('are the default of Temporal where nothing is paced', () => {
    expect(slots({ RATE_LIMITS: 'unpaced' })).toEqual(Object.fromEntries(laneNames.map((lane) => [lane, undefined])));
  });

  it('are never too many to hold', () => {
    expect(slots({ RATE_LIMIT_CHAIN: '500,1000', RATE_LIMIT_WEBHOOK: '10000,5000' })).toMatchObject({
      chain: 1_000,
      webhook: 1_000,
    });
  });
});
