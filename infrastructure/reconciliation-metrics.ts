/** What differs between books, provider and chain, and is open: asked of the database when somebody scrapes. */
import { Gauge, type Registry } from 'prom-client';
import { differenceKinds } from '../contracts/reconciliation.ts';
import { keptFresh } from './fresh.ts';

type Count = () => Promise<readonly { kind: string; count: number }[]>;

export interface ReconciliationGauge {
  /** From now on it is shown. The same from every process that shows it. */
  watch(count: Count): void;
}

/** However many scrape, the database is asked no more often. Milliseconds. */
const freshMs = 5_000;

/** A database that is away fails no scrape: it leaves a gap. */
export function createReconciliationGauge(
  registry: Registry,
  now: () => number = () => performance.now(),
): ReconciliationGauge {
  let read: Count | undefined;
  const gauge = new Gauge({
    name: 'reconciliation_differences',
    help: 'Open differences between the books, the card provider and the chain, of all tenants',
    labelNames: ['kind'] as const,
    registers: [],
    async collect() {
      if (!read) return;
      try {
        const open = new Map((await read()).map(({ kind, count }) => [kind, count]));
        for (const kind of differenceKinds) this.set({ kind }, open.get(kind) ?? 0);
      } catch {
        this.reset();
      }
    },
  });
  registry.registerMetric(gauge);
  return {
    watch: (count) => {
      read = keptFresh(count, freshMs, now);
    },
  };
}
