/** How payouts and their returns are started over the twins, and judged by them. */
import { expect } from 'vitest';
import { payoutReturnStart, payoutStart } from '../../client/start-payout.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import { workflowTypes } from '../../contracts/messages.ts';
import type {
  PayoutInput,
  PayoutRequest,
  PayoutResult,
  PayoutReturnInput,
  PayoutReturnResult,
} from '../../contracts/payout.ts';
import type { Twin } from './workflow-twins.ts';
import type { Started, WorkflowWorld } from './workflow-world.ts';

export type StartedPayout = Started<PayoutInput, PayoutResult> & { request: PayoutRequest };
let count = 0;

export const payoutRequest = (change: Partial<PayoutRequest> = {}): PayoutRequest => ({
  tenantId: 'acme',
  payoutId: `payout-${(count += 1)}`,
  venueId: 'arena',
  reason: 'weekly',
  requestedBy: 'clerk-7',
  ...change,
});

/** `plan` sets the twin up before anything can call it. */
export async function startPayout(
  { client, twinOf }: WorkflowWorld,
  plan?: (twin: Twin) => void,
  options?: { workflowTaskTimeout?: '1 second' },
): Promise<StartedPayout> {
  const request = payoutRequest();
  const { args, ...start } = payoutStart(request, fingerprintOf(request));
  const twin = twinOf(start.workflowId);
  plan?.(twin);
  const handle = await client.workflow.start<(input: PayoutInput) => Promise<PayoutResult>>(workflowTypes.payout, {
    ...start,
    ...options,
    args: [...args],
  });
  return { handle, twin, request };
}

export async function startReturn(
  { client, twinOf }: WorkflowWorld,
  plan?: (twin: Twin) => void,
): Promise<Started<PayoutReturnInput, PayoutReturnResult>> {
  const input = { tenantId: 'acme', payoutId: `payout-${(count += 1)}` };
  const { args, ...start } = payoutReturnStart(input, fingerprintOf(input));
  const twin = twinOf(start.workflowId);
  plan?.(twin);
  const handle = await client.workflow.start<(input: PayoutReturnInput) => Promise<PayoutReturnResult>>(
    workflowTypes.payoutReturn,
    { ...start, args: [...args] },
  );
  return { handle, twin };
}

/** Provider and books say the same: paid and settled, or released and nothing on its way; no open letter. */
function expectPayoutSound(twin: Twin, result: PayoutResult): void {
  const { books, atProvider, transfer } = twin.payout;
  expect(twin.claim.result).toEqual(result);
  expect([...twin.letters.values()].filter(({ open }) => open)).toEqual([]);
  if (result.status === 'paid') {
    expect([books, atProvider?.status]).toEqual(['settled', 'paid']);
    return;
  }
  expect(['untouched', 'waiting', 'released']).toContain(books);
  expect([undefined, 'failed', 'canceled']).toContain(atProvider?.status);
  if (result.moneyMoved === 'with_us') expect([transfer, atProvider]).toEqual([undefined, undefined]);
}

/** Waits for the end and judges it. */
export async function payoutEndOf(started: {
  handle: { result(): Promise<PayoutResult> };
  twin: Twin;
}): Promise<PayoutResult> {
  const result = await started.handle.result();
  expectPayoutSound(started.twin, result);
  return result;
}
