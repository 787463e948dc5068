/** What a workflow costs, counted from its history on a real server: events and workflow tasks are its throughput. */
import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import { eventsOf, tasksIn, useWorkflowWorld } from '../support/workflow-judge.ts';

const world = useWorkflowWorld({ server: 'dev', queues: ['money', 'communication'] });

async function costOf(handle: WorkflowHandle): Promise<{ events: number; tasks: number }> {
  await handle.result();
  const events = await eventsOf(handle);
  expect(events.some((event) => event.startChildWorkflowExecutionInitiatedEventAttributes)).toBe(false);
  return { events: events.length, tasks: tasksIn(events) };
}

const ticketsOf = (count: number) => {
  const tickets = Array.from({ length: count }, (_, index) => ({ ticketId: `seat-${index}`, price: 5_250 / count }));
  return {
    tickets,
    lines: tickets.map(({ ticketId, price }) => ({ kind: 'ticket' as const, ticketId, amount: price })),
  };
};

test.each([1, 20])(
  'a purchase of %i ticket(s), early answer included: at most 36 events and 5 tasks',
  async (count) => {
    const purchase = await world().purchase(undefined, ticketsOf(count));
    await purchase.early;
    const { events, tasks } = await costOf(purchase.handle);
    expect(events).toBeLessThanOrEqual(36);
    expect(tasks).toBeLessThanOrEqual(5);
  },
);

test('a mint alone: at most 12 events and 2 tasks', async () => {
  const { events, tasks } = await costOf((await world().mint()).handle);
  expect(events).toBeLessThanOrEqual(12);
  expect(tasks).toBeLessThanOrEqual(2);
});

test('a mail alone: at most 11 events and 2 tasks', async () => {
  const { events, tasks } = await costOf((await world().email()).handle);
  expect(events).toBeLessThanOrEqual(11);
  expect(tasks).toBeLessThanOrEqual(2);
});
