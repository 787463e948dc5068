import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { untouched } from '../../contracts/lane-control.ts';
import { controlledLanes } from '../../contracts/lane-words.ts';
import { createLaneControl, type RunningLaneControl } from '../../lanes/control.ts';
import { PaceAwayError } from '../../lanes/pace.ts';
import { type Log, PaceTwin, QueuesTwin, RecordsTwin } from '../support/lane-twins.ts';

const by = { actor: 'admin-1', reason: 'why' };
const retryEveryMs = 1_000;
let log: Log;
let pace: PaceTwin;
let records: RecordsTwin;
let queues: QueuesTwin;
let failed: string[];
let control: RunningLaneControl;

beforeEach(() => {
  vi.useFakeTimers();
  log = [];
  failed = [];
  pace = new PaceTwin(log);
  records = new RecordsTwin(log);
  queues = new QueuesTwin(log);
  control = createLaneControl({
    pace,
    records,
    queues,
    lanes: controlledLanes,
    failed: (lane, error) => failed.push(`${lane}: ${(error as Error).message}`),
    retryEveryMs,
  });
});
afterEach(() => {
  control.close();
  vi.useRealTimers();
});

describe('a change', () => {
  it.each([
    [{ action: 'limits', perSecond: 5 }, ['apply stripe 1']],
    [{ action: 'brown-out', percent: 50 }, ['apply stripe 1']],
    [{ action: 'adaptive', on: false }, ['apply stripe 1']],
    [{ action: 'reset' }, ['apply stripe 1 reset']],
    [{ action: 'stop' }, ['apply stripe 1', 'hold stripe (why)']],
    [{ action: 'resume' }, ['apply stripe 1', 'free stripe (why)']],
    [{ action: 'weights', weights: { 'acme:arena': 2 } }, ['weigh stripe']],
  ] as const)('%j is recorded, then put into force, then told to Temporal', async (change, rest) => {
    const outcome = await control.change('stripe', change, by);
    expect(log).toEqual([`record stripe ${change.action}`, ...rest]);
    expect(outcome).toMatchObject({ lane: 'stripe', settings: { revision: 1 }, inForce: true });
    expect(records.recorded).toMatchObject([{ change, ...by }]);
  });

  it('that cannot be recorded changes nothing', async () => {
    records.broken.add('stripe');
    await expect(control.change('stripe', { action: 'stop' }, by)).rejects.toThrow('the database is away');
    expect(log).toEqual([]);
  });

  it('says what the queue was told, and tells none of a lane that has none', async () => {
    expect(await control.change('stripe', { action: 'stop' }, by)).toMatchObject({ queue: 'held' });
    expect(await control.change('stripe', { action: 'resume' }, by)).toMatchObject({ queue: 'freed' });
    expect(await control.change('stripe', { action: 'brown-out', percent: 5 }, by)).not.toHaveProperty('queue');
    log.length = 0;
    const outcome = await control.change('square', { action: 'stop' }, by);
    expect(outcome).toEqual({ lane: 'square', settings: { ...untouched, revision: 1, stopped: true }, inForce: true });
    expect(log).toEqual(['record square stop', 'apply square 1']);
  });

  it('of two people at once leaves the queue as the last record says', async () => {
    // The second one is through with everything while the first one's word is on its way.
    queues.meanwhile = () => control.change('stripe', { action: 'resume' }, by);
    expect(await control.change('stripe', { action: 'stop' }, by)).toMatchObject({ queue: 'freed' });
    expect([queues.held.has('stripe'), (await records.read('stripe')).stopped]).toEqual([false, false]);
  });
});

describe('while the limiter is away', () => {
  beforeEach(() => {
    pace.away = true;
  });

  it('a stop is recorded and told to Temporal, and comes into force when the limiter is back', async () => {
    const outcome = await control.change('stripe', { action: 'stop' }, by);
    expect(outcome).toMatchObject({ inForce: false, queue: 'held', settings: { revision: 1, stopped: true } });
    await vi.advanceTimersByTimeAsync(2 * retryEveryMs);
    expect(pace.statuses.size).toBe(0);
    expect(failed).toEqual(['stripe: the limiter does not answer, so nothing is sent']);
    pace.away = false;
    await vi.advanceTimersByTimeAsync(retryEveryMs);
    expect((await pace.status('stripe')).settings).toEqual(outcome.settings);
    log.length = 0;
    await vi.advanceTimersByTimeAsync(5 * retryEveryMs);
    expect(log).toEqual([]);
  });

  it('what comes into force then is the last record, and a reset is not lost', async () => {
    await control.change('email', { action: 'reset' }, by);
    await control.change('email', { action: 'brown-out', percent: 20 }, by);
    pace.away = false;
    log.length = 0;
    await vi.advanceTimersByTimeAsync(retryEveryMs);
    expect(log).toEqual(['apply email 2 reset']);
  });

  it('there is no status', async () => {
    await expect(control.status()).rejects.toThrow(PaceAwayError);
  });
});

describe('while Temporal is away', () => {
  it('the lane obeys, and the queue is told later', async () => {
    queues.away = true;
    expect(await control.change('chain', { action: 'stop' }, by)).toMatchObject({ inForce: true, queue: 'not told' });
    await vi.advanceTimersByTimeAsync(3 * retryEveryMs);
    queues.away = false;
    await vi.advanceTimersByTimeAsync(retryEveryMs);
    expect([queues.held.has('chain'), failed]).toEqual([true, ['chain: no Temporal']]);
  });

  it('a resumed lane is not held for ever', async () => {
    await control.change('chain', { action: 'stop' }, by);
    queues.away = true;
    expect(await control.change('chain', { action: 'resume' }, by)).toMatchObject({ queue: 'not told' });
    queues.away = false;
    await vi.advanceTimersByTimeAsync(retryEveryMs);
    expect(queues.held.size).toBe(0);
  });

  it('weights are not in force', async () => {
    queues.away = true;
    const change = { action: 'weights', weights: { acme: 2 } } as const;
    expect(await control.change('chain', change, by)).toMatchObject({ inForce: false, queue: 'not told' });
    expect(failed).toEqual(['chain: no Temporal']);
  });
});

describe('all lanes', () => {
  it('are stopped and resumed, each with a record of its own', async () => {
    const outcomes = await control.changeAll({ action: 'stop' }, by);
    expect(outcomes.map(({ lane, settings }) => [lane, settings.stopped])).toEqual(
      controlledLanes.map((lane) => [lane, true]),
    );
    expect(controlledLanes).not.toContain('alert');
    expect([...queues.held].toSorted()).toEqual(['chain', 'email', 'sms', 'stripe', 'webhook']);
    await control.changeAll({ action: 'resume' }, by);
    expect((await control.status()).map(({ settings }) => settings)).toEqual(
      controlledLanes.map(() => ({ ...untouched, revision: 2 })),
    );
    expect([queues.held.size, records.recorded.length]).toEqual([0, 2 * controlledLanes.length]);
  });

  it('but one that cannot be recorded are stopped all the same, and the trouble is told', async () => {
    records.broken.add('chain');
    let goOn: (() => void) | undefined;
    queues.meanwhile = () => new Promise<void>((resolve) => (goOn = resolve));
    let ended = false;
    const stopping = control.changeAll({ action: 'stop' }, by).finally(() => (ended = true));
    stopping.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(0);
    expect(ended).toBe(false);
    goOn?.();
    await expect(stopping).rejects.toThrow('the database is away');
    expect(queues.held).toEqual(new Set(['stripe', 'email', 'sms', 'webhook']));
    expect(pace.statuses.size).toBe(controlledLanes.length - 1);
  });
});

describe('at its start', () => {
  it('every lane is brought to what is recorded, and a queue that nobody here holds is left alone', async () => {
    await records.change('stripe', { action: 'stop' }, by);
    await records.change('email', { action: 'resume' }, by);
    queues.held.add('email');
    log.length = 0;
    control.catchUp();
    await vi.advanceTimersByTimeAsync(retryEveryMs);
    expect(log.filter((line) => line.startsWith('apply'))).toHaveLength(controlledLanes.length);
    expect(log.filter((line) => !line.startsWith('apply')).toSorted()).toEqual([
      'free email (as recorded)',
      'hold stripe (as recorded)',
    ]);
  });

  it('it says once of each lane that it did not get through, and ends when it is closed', async () => {
    pace.away = true;
    control.catchUp();
    await vi.advanceTimersByTimeAsync(3 * retryEveryMs);
    expect(failed).toHaveLength(controlledLanes.length);
    control.close();
    log.length = 0;
    await vi.advanceTimersByTimeAsync(3 * retryEveryMs);
    expect(log).toEqual([]);
  });
});
