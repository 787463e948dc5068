/** Collects what many callers want for a moment, and does it at once. */
export interface BatcherOptions<Item, Result> {
  /** What belongs together: items of different groups are never in one batch. */
  groupOf: (item: Item) => string;
  /** All or nothing. Answers in the order of the items. */
  run: (group: string, items: readonly Item[]) => Promise<readonly Result[]>;
  /** After such an error one item may be to blame, and the others may be fine. */
  blamesItem: (error: unknown) => boolean;
  maxItems: number;
  /** How long the first one waits for others. Milliseconds. */
  maxDelayMs: number;
}

interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

/** Each caller hears of its own item only, whatever became of the others. */
export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): (item: Item) => Promise<Result> {
  const { groupOf, run, blamesItem, maxItems, maxDelayMs } = options;
  const waiting: Waiting<Item, Result>[] = [];
  let timer: NodeJS.Timeout | undefined;

  /** A batch that fails for one item's sake is halved until that one stands alone. */
  async function settle(group: string, batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await run(
        group,
        batch.map(({ item }) => item),
      );
      batch.forEach(({ resolve }, index) => resolve(results[index]!));
    } catch (error) {
      if (batch.length === 1 || !blamesItem(error)) return batch.forEach(({ reject }) => reject(error));
      const half = Math.ceil(batch.length / 2);
      await settle(group, batch.slice(0, half));
      await settle(group, batch.slice(half));
    }
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const groups = new Map<string, Waiting<Item, Result>[]>();
    for (const one of waiting.splice(0)) {
      const group = groupOf(one.item);
      groups.set(group, [...(groups.get(group) ?? []), one]);
    }
    for (const [group, batch] of groups) void settle(group, batch);
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (waiting.length >= maxItems) flush();
      else timer ??= setTimeout(flush, maxDelayMs);
    });
}
