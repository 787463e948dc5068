import { readFileSync } from 'node:fs';
import type { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createApiMetrics, createMetrics } from '../../infrastructure/metrics.ts';
import { type Described, problemsOf } from '../support/metric-rules.ts';

/** Names of the legacy contract: a metric of another name breaks dashboards, which is worse than a rule. */
const exempt = [
  'payment_amount_total_cents: counter metrics should have "_total" suffix',
  'refund_amount_total_cents: counter metrics should have "_total" suffix',
];

/** As Prometheus reads it: help, type and labels of each family. */
async function described(registry: Registry): Promise<Described[]> {
  return registry.getMetricsAsArray().map((metric) => {
    const { name, help, type, labelNames = [] } = metric as unknown as Described & { labelNames?: string[] };
    return { name, help, type, labels: labelNames };
  });
}

describe.each([
  ['worker', createMetrics, exempt],
  ['API', createApiMetrics, []],
] as const)('the metrics of a %s', (_, create, exemptions) => {
  it("keep promtool's rules, but for the contract's own names", async () => {
    const metrics = await described(create().registry);
    expect(metrics.length).toBeGreaterThan(10);
    expect(metrics.flatMap(problemsOf).toSorted()).toEqual([...exemptions].toSorted());
  });
});

it('the exemptions stand in docs/contracts.md', () => {
  const page = readFileSync(new URL('../../docs/contracts.md', import.meta.url), 'utf8');
  const [, listed = ''] = /`promtool check metrics`[^\n]*?but for ([^\n]*)/.exec(page) ?? [];
  for (const line of exempt) expect(listed).toContain(`\`${line.split(':')[0]!}\``);
});

it.each<[string, Partial<Described>, string]>([
  ['jobs', { type: 'counter' }, 'should have "_total"'],
  ['jobs_total', { type: 'gauge' }, 'should not have "_total"'],
  ['job_age_milliseconds', {}, 'base unit'],
  ['job_age_minutes', {}, 'base unit'],
  ['job_age_ms', {}, 'abbreviated'],
  ['job_gauge', {}, 'include type'],
  ['job:age', {}, "':'"],
  ['jobAge', {}, 'snake_case'],
  ['job_age', { labels: ['queueName'] }, 'snake_case'],
  ['job_age_count', {}, 'reserved'],
  ['job_age_bucket', {}, '_bucket'],
  ['job_age', { help: ' ' }, 'no help'],
  ['job_age', { labels: ['le'] }, 'le'],
])('%s %j breaks a rule', (name, change, problem) => {
  const found = problemsOf({ name, help: 'x', type: 'gauge', labels: [], ...change });
  expect(found).toEqual([expect.stringContaining(problem)]);
});
