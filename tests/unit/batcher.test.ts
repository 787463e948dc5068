import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createBatcher } from '../../activities/batcher.ts';

class BadItem extends Error {}

/** Items as `group:name`; what is named `bad` fails its batch. */
function batcherOf({ maxItems = 100, away = false, hold = Promise.resolve() } = {}) {
  const batches: string[][] = [];
  const batcher = createBatcher<string, string>({
    groupOf: (item) => item.split(':')[0]!,
    run: async (group, items) => {
      batches.push([...items]);
      await hold;
      if (away) throw new Error('nobody answers');
      if (items.some((item) => item.includes('bad'))) throw new BadItem(group);
      return items.map((item) => `${item} done`);
    },
    blamesItem: (error) => error instanceof BadItem,
    maxItems,
    maxDelayMs: 5,
  });
  return { batches, batcher };
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `a:${index}`);

describe('a batcher', () => {
  it('does at once what comes at once, in its order, and answers each with its own', async () => {
    const { batches, batcher } = batcherOf();
    const results = await Promise.all(names(30).map(batcher));
    expect(batches).toEqual([names(30)]);
    expect(results).toEqual(names(30).map((name) => `${name} done`));
  });

  it('waits for no one once a batch is full', async () => {
    const { batches, batcher } = batcherOf({ maxItems: 10 });
    await Promise.all(names(25).map(batcher));
    expect(batches.map(({ length }) => length)).toEqual([10, 10, 5]);
    expect(batches.flat()).toEqual(names(25));
  });

  it('takes what comes later while a batch is under way', async () => {
    const gate = new EventEmitter();
    const hold = once(gate, 'open').then(() => undefined);
    const { batches, batcher } = batcherOf({ hold });
    const first = batcher('a:1');
    await expect.poll(() => batches).toEqual([['a:1']]);
    const second = batcher('a:2');
    await expect.poll(() => batches).toEqual([['a:1'], ['a:2']]);
    gate.emit('open');
    expect(await Promise.all([first, second])).toEqual(['a:1 done', 'a:2 done']);
  });

  it('keeps groups apart, and one that fails is its own affair', async () => {
    const { batches, batcher } = batcherOf();
    const results = await Promise.allSettled(['a:1', 'b:bad', 'a:2', 'c:1'].map(batcher));
    expect(batches).toEqual([['a:1', 'a:2'], ['b:bad'], ['c:1']]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  });

  it('loses nobody for the sake of one: every other item is done, in its order', async () => {
    const { batches, batcher } = batcherOf();
    const items = names(16).with(5, 'a:bad');
    const results = await Promise.allSettled(items.map(batcher));
    expect(results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason))).toEqual(
      items.map((item) => (item === 'a:bad' ? expect.any(BadItem) : `${item} done`)),
    );
    const done = batches.filter((batch) => !batch.includes('a:bad')).flat();
    expect(done).toEqual(items.filter((item) => item !== 'a:bad'));
    // Halved, not tried one by one.
    expect(batches.length).toBeLessThanOrEqual(9);
  });

  it('asks again for nobody when the fault is no item’s', async () => {
    const { batches, batcher } = batcherOf({ away: true });
    const results = await Promise.allSettled(names(4).map(batcher));
    expect(batches).toHaveLength(1);
    expect(results.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
  });
});
