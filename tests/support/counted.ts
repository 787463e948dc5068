import type { Metric } from 'prom-client';

/** What a metric of ours says, by the values of its labels as `a/b/c`; without labels by ''. */
export async function countedBy(metric: Pick<Metric, 'get'>): Promise<Record<string, number>> {
  const { values } = await metric.get();
  return Object.fromEntries(values.map(({ labels, value }) => [Object.values(labels).join('/'), value]));
}
