import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startMonitor } from '../../client/monitor-control.ts';
import { keepMonitor } from '../../workers/monitor-start.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('is started at once and every minute, until the worker ends', async () => {
  const start = vi.fn(async () => undefined);
  const kept = keepMonitor({ start, log: { warn: vi.fn() } });
  expect(start).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(59_999);
  expect(start).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(60_001);
  expect(start).toHaveBeenCalledTimes(3);
  await kept.close();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(start).toHaveBeenCalledTimes(3);
});

it('is tried again while Temporal is away, and says so once', async () => {
  const warn = vi.fn();
  const start = vi.fn(() => Promise.reject(new Error('away')));
  const kept = keepMonitor({ start, log: { warn } });
  await vi.advanceTimersByTimeAsync(180_000);
  expect([start.mock.calls.length, warn.mock.calls.length]).toEqual([4, 1]);
  start.mockResolvedValueOnce(undefined as never);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(warn).toHaveBeenCalledTimes(2);
  await kept.close();
});

it('is one for the namespace, joined where it runs and begun anew where it has ended', async () => {
  vi.useRealTimers();
  const temporal = new FakeTemporal();
  await startMonitor(temporal.client);
  const { request, input } = temporal.runs.get('monitor')!;
  expect(request).toMatchObject({ workflowType: { name: 'monitor' }, taskQueue: { name: 'monitoring' } });
  // WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
  expect([request.workflowIdReusePolicy, request.workflowIdConflictPolicy, input]).toEqual([1, 2, {}]);
});
