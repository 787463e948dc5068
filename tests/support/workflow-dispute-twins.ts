/** Twins of what a dispute and a refund's return call, over the worlds of workflow-twins.ts. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { expect } from 'vitest';
import type { DisputeActivities } from '../../activities/dispute.ts';
import { disputeStart, refundReturnStart } from '../../client/dispute-starts.ts';
import type {
  DisputeInput,
  DisputeResult,
  DisputeStanding,
  ProviderDispute,
  RefundReturnInput,
  RefundReturnResult,
} from '../../contracts/dispute.ts';
import { outcomeOf } from '../../contracts/dispute-words.ts';
import { type ProviderEvent, providerEventSignal, workflowTypes } from '../../contracts/messages.ts';
import type { DisputeRecords, Twin, Twins } from './workflow-twins.ts';

/** What a dispute does to the world. */
export interface DisputeOutside {
  /** How it stands at each look; the last one stays. */
  looks: ProviderDispute[];
  /** Transactions that were booked. */
  booked: string[];
  standing: DisputeStanding;
  /** What `returnRefund` answers before it takes the refund back. */
  notYet: number;
  returned: boolean;
}

const outsides = new WeakMap<Twin, DisputeOutside>();

export function outsideOf(twin: Twin): DisputeOutside {
  const known = outsides.get(twin);
  if (known) return known;
  const fresh: DisputeOutside = {
    looks: [disputed()],
    booked: [],
    standing: { currency: 'USD', withdrawn: 0, fee: 0 },
    notYet: 0,
    returned: false,
  };
  outsides.set(twin, fresh);
  return fresh;
}

const withdrawal = { transactionId: 'txn_out', amount: -5_250, fee: 1_500, currency: 'USD' };
const reinstatement = { transactionId: 'txn_back', amount: 5_250, fee: 0, currency: 'USD' };

/** With the bank's money withdrawn, evidence wanted, and no deadline. */
export function disputed(change: Partial<ProviderDispute> = {}): ProviderDispute {
  return {
    disputeId: 'dp_1', chargeId: 'ch_1', status: 'needs_response', amount: 5_250, currency: 'USD', reason: 'fraudulent',
    refundable: false, movements: [withdrawal], ...change,
  }; // prettier-ignore
}

export const inquiry = (change: Partial<ProviderDispute> = {}) =>
  disputed({ status: 'warning_needs_response', refundable: true, movements: [], ...change });
export const lost = (change: Partial<ProviderDispute> = {}) => disputed({ status: 'lost', ...change });
export const won = (change: Partial<ProviderDispute> = {}) =>
  disputed({ status: 'won', refundable: true, movements: [withdrawal, reinstatement], ...change });

function book(outside: DisputeOutside, { movements }: ProviderDispute): DisputeStanding {
  for (const { transactionId, amount, fee } of movements) {
    if (outside.booked.includes(transactionId)) continue;
    outside.booked.push(transactionId);
    const { withdrawn, fee: before, ...rest } = outside.standing;
    outside.standing = { ...rest, withdrawn: withdrawn - amount, fee: before + fee };
  }
  return outside.standing;
}

function settle(outside: DisputeOutside, dispute: ProviderDispute): DisputeResult {
  const { currency, withdrawn, fee } = book(outside, dispute);
  const outcome = outcomeOf(dispute, { withdrawn });
  if (outcome === undefined) throw new Error('settled too early');
  if (outcome === 'withdrawn') return { status: outcome };
  if (outcome === 'won') return { status: outcome, amount: dispute.amount, currency, fee };
  return { status: outcome, amount: withdrawn, currency, fee, locked: ['seat-1'] };
}

export const createDisputeTwins = (twins: Twins): DisputeActivities => ({
  retrieveDispute: (input) => {
    const twin = twins.current;
    const { looks } = outsideOf(twin);
    return twin.perform('retrieveDispute', input, () => (looks.length > 1 ? looks.shift()! : looks[0]!));
  },
});

export const createDisputeRecordTwins = (twins: Twins): DisputeRecords => ({
  claimDispute: (input) => {
    const twin = twins.current;
    return twin.perform('claimDispute', input, () => {
      const { result } = twin.claim;
      if (result) return { kind: 'ended', result: result as DisputeResult };
      twin.claim.owned = true;
      return { kind: 'owned' };
    });
  },
  bookDispute: (input) => {
    const twin = twins.current;
    return twin.perform('bookDispute', input, () => book(outsideOf(twin), input.dispute));
  },
  settleDispute: (input) => {
    const twin = twins.current;
    const end = () => (twin.claim.result ??= settle(outsideOf(twin), input.dispute)) as DisputeResult;
    return twin.perform('settleDispute', input, end);
  },
  returnRefund: (input) => {
    const twin = twins.current;
    const outside = outsideOf(twin);
    return twin.perform('returnRefund', input, () => {
      if (outside.notYet > 0) {
        outside.notYet -= 1;
        return { kind: 'not_yet' };
      }
      outside.returned = true;
      const code = input.refund.failureCode ?? input.refund.status;
      return { kind: 'ended', result: { status: 'returned', amount: 5_250, currency: 'USD', code } };
    });
  },
});

export interface Followed<Input, Result> {
  handle: WorkflowHandle<(input: Input) => Promise<Result>>;
  twin: Twin;
  outside: DisputeOutside;
  /** As the webhook does. */
  hear: (change?: Partial<ProviderEvent>) => Promise<void>;
}

let count = 0;
const said = (objectId: string, type: string): ProviderEvent => ({
  provider: 'stripe',
  eventId: 'evt_1',
  type,
  objectId,
});

/** As much of a workflow world as is needed here. */
interface Place {
  client: Client;
  twinOf: (workflowId: string) => Twin;
}

type Start = ReturnType<typeof disputeStart> | ReturnType<typeof refundReturnStart>;

async function begin<Input, Result>(
  { client, twinOf }: Place,
  type: string,
  { args, ...start }: Start,
  event: ProviderEvent,
  plan: (outside: DisputeOutside, twin: Twin) => void,
): Promise<Followed<Input, Result>> {
  const twin = twinOf(start.workflowId);
  const outside = outsideOf(twin);
  plan(outside, twin);
  const signalled = (change: Partial<ProviderEvent> = {}) =>
    client.workflow.signalWithStart(type, {
      ...start,
      args: [...args],
      signal: providerEventSignal,
      signalArgs: [{ ...event, ...change }],
    });
  await signalled();
  const handle = client.workflow.getHandle<(input: Input) => Promise<Result>>(start.workflowId);
  return { handle, twin, outside, hear: async (change) => void (await signalled(change)) };
}

type DisputePlan = (outside: DisputeOutside, twin: Twin) => void;

/** A dispute as the webhook starts it, with its first event. */
export function startDispute(world: Place, plan: DisputePlan = () => undefined) {
  const disputeId = `dp_${(count += 1)}`;
  const start = disputeStart({ tenantId: 'acme', disputeId, paymentKey: 'key-1' });
  const event = said(disputeId, 'charge.dispute.created');
  return begin<DisputeInput, DisputeResult>(world, workflowTypes.dispute, start, event, plan);
}

export function startRefundReturn(world: Place, plan: DisputePlan = () => undefined) {
  const refundId = `refund-${(count += 1)}`;
  const start = refundReturnStart({ tenantId: 'acme', refundId, providerRefundId: 're_1' });
  const event = said('re_1', 'refund.failed');
  return begin<RefundReturnInput, RefundReturnResult>(world, workflowTypes.refundReturn, start, event, plan);
}

/** Waits for the end: the claim says the same, every movement was booked once, and no letter is open. */
export async function disputeEndOf({ handle, twin, outside }: Followed<DisputeInput, DisputeResult>) {
  const result = await handle.result();
  expect(twin.claim.result).toEqual(result);
  expect(new Set(outside.booked).size).toBe(outside.booked.length);
  expect(outside.standing.withdrawn > 0).toBe(result.status === 'lost');
  expect([...twin.letters.values()].filter(({ open }) => open)).toEqual([]);
  return result;
}
