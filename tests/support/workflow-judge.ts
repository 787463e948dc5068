/** Judging a workflow from outside: by its twin's world and by its history, never by what it says of itself. */
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, expect } from 'vitest';
import type { PaymentResult } from '../../contracts/payment.ts';
import { startWorkflowWorld, type WorkflowWorld } from './workflow-world.ts';
import type { Twin } from './workflow-twins.ts';

/** One world for a test file. */
export function useWorkflowWorld(options?: Parameters<typeof startWorkflowWorld>[0]): () => WorkflowWorld {
  let world: WorkflowWorld | undefined;
  beforeAll(async () => {
    world = await startWorkflowWorld(options);
  });
  afterAll(() => world?.close());
  return () => {
    if (!world) throw new Error('the world is not up');
    return world;
  };
}

const openLetters = (twin: Twin) => [...twin.letters.values()].filter(({ open }) => open).map(({ step }) => step);

/** Either taken with tickets and settled, or nothing is taken, held or owned; a claim and no open letter in any case. */
export function expectSound(twin: Twin, result: { status: string }): void {
  const good = result.status === 'completed' || result.status === 'minted';
  expect(twin.claim.result).toEqual(result);
  expect(openLetters(twin)).toEqual([]);
  expect(twin.tickets === 'minted').toBe(good);
  expect(twin.money).not.toBe('held');
  expect(twin.customer.asked).toBe(false);
  if (!good) expect(twin.money).not.toBe('captured');
}

/** Waits for the end and judges it. */
export async function endOf<Result extends { status: string }>(started: {
  handle: { result(): Promise<Result> };
  twin: Twin;
}): Promise<Result> {
  const result = await started.handle.result();
  expectSound(started.twin, result);
  return result;
}

export async function eventsOf(handle: WorkflowHandle) {
  const { events } = await handle.fetchHistory();
  return events ?? [];
}

/** From start to close, on the server's clock, which skips. Milliseconds. */
export async function durationOf(handle: WorkflowHandle): Promise<number> {
  const { startTime, closeTime } = await handle.describe();
  return (closeTime?.getTime() ?? Number.NaN) - startTime.getTime();
}

export const tasksIn = (events: Awaited<ReturnType<typeof eventsOf>>) =>
  events.filter((event) => event.workflowTaskStartedEventAttributes).length;

/** What was written to the search attributes while it ran, as `stage/attention`. */
export async function upsertsOf(handle: WorkflowHandle): Promise<string[]> {
  return (await eventsOf(handle)).flatMap((event) => {
    const fields = event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields;
    if (!fields) return [];
    const read = (name: string): unknown => {
      const payload = fields[name];
      const value: unknown = payload && defaultPayloadConverter.fromPayload(payload);
      return Array.isArray(value) ? value[0] : value;
    };
    return [`${String(read('Stage'))}/${String(read('Attention'))}`];
  });
}

/** Waits until the server knows that an activity's attempt has failed: the next one waits for its time. */
export async function inRetryPause(handle: WorkflowHandle): Promise<void> {
  await expect
    .poll(async () => (await handle.describe()).raw.pendingActivities?.[0]?.attempt ?? 0, { timeout: 5_000 })
    .toBeGreaterThan(1);
}

export const cancelledBy = (actor: string, reason: string): PaymentResult => ({
  status: 'cancelled',
  moneyMoved: 'none',
  actor,
  reason,
});
