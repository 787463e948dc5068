/** Payouts to venues: asked for once under their own id, then read, waited for, cancelled; and what a venue's account tells. */
import type { Client } from '@temporalio/client';
import { Type } from 'typebox';
import { fingerprintOf, roundPayoutIdOf } from '../contracts/hashes.ts';
import { payoutWorkflowId } from '../contracts/ids.ts';
import {
  cancelPayoutUpdate,
  payoutStatusQuery,
  type ProviderEvent,
  providerEventSignal,
  workflowTypes,
} from '../contracts/messages.ts';
import {
  openPayoutStages,
  type PayoutMoney,
  type PayoutRequest,
  type PayoutResult,
  type PayoutReturnInput,
  type PayoutRoundInput,
  type PayoutStatus,
} from '../contracts/payout.ts';
import { closedPayoutStatus } from '../contracts/payout-words.ts';
import { Id } from '../contracts/schema/common.ts';
import { PayoutRequest as PayoutRequestSchema } from '../contracts/schema/payout.ts';
import { createValidator } from '../contracts/schema/validate.ts';
import { searchAttributes } from '../contracts/search-attributes.ts';
import { checked } from './errors.ts';
import { createRunHandle, type RunHandle, type RunKind } from './run-handle.ts';
import { signalled } from './signal-start.ts';
import { startOnce } from './start-once.ts';
import { payoutReturnStart, payoutStart } from './start-payout.ts';
import { mayBeClosed, translate } from './temporal-errors.ts';

/** Its `cancel` is in time until money is transferred to the venue. */
export interface PayoutHandle extends RunHandle<PayoutResult, PayoutStatus> {
  readonly payoutId: string;
}

export interface RequestedPayout extends PayoutHandle {
  /** True when this very call started it; false when it was known already. */
  readonly created: boolean;
  readonly runId: string;
}

const kind: RunKind<PayoutStatus['stage'], PayoutResult, PayoutMoney> = {
  statusQuery: payoutStatusQuery,
  cancelUpdate: cancelPayoutUpdate,
  openStages: openPayoutStages,
  closedStatus: closedPayoutStatus,
};
const checkKey = createValidator(Type.Object({ tenantId: Id('tenantId'), payoutId: Id('payoutId') }));
const checkRequest = createValidator(PayoutRequestSchema);

export function createPayoutHandle(client: Client, tenantId: string, payoutId: string): PayoutHandle {
  checked(() => checkKey({ tenantId, payoutId }));
  return { payoutId, ...createRunHandle(client, payoutWorkflowId(tenantId, payoutId), kind) };
}

/** @throws InvalidOrderError, or IdempotencyConflictError when the id was used for another request: nothing was started. */
export async function requestPayout(client: Client, given: PayoutRequest): Promise<RequestedPayout> {
  const request = checked(() => checkRequest(given));
  const started = await startOnce(client, workflowTypes.payout, payoutStart(request, fingerprintOf(request)));
  return { ...createPayoutHandle(client, request.tenantId, request.payoutId), ...started };
}

/** Looks into a paid payout that may have come back; the look that is under way begins again. */
export async function startPayoutReturn(
  client: Client,
  { tenantId, payoutId }: PayoutReturnInput,
  event: ProviderEvent = { provider: 'stripe', eventId: 'none', type: 'payout.failed', objectId: payoutId },
): Promise<void> {
  const input = { tenantId, payoutId };
  await signalled(client, workflowTypes.payoutReturn, payoutReturnStart(input, fingerprintOf(input)), event);
}

/** Pays the venue all that is available, once per scheduled moment (ISO 8601). Answers the payout's id. */
export async function startRoundPayout(
  client: Client,
  { tenantId, venueId, scheduledAt }: PayoutRoundInput & { scheduledAt: string },
): Promise<string> {
  const payoutId = roundPayoutIdOf(venueId, scheduledAt);
  await requestPayout(client, {
    tenantId,
    payoutId,
    venueId,
    reason: `scheduled for ${scheduledAt}`,
    requestedBy: 'schedule',
  });
  return payoutId;
}

/** Tells the payouts that wait for a venue what a verified webhook said of its account. Answers how many were told. */
export async function tellVenue(
  client: Client,
  { tenantId, venueId }: PayoutRoundInput,
  event: ProviderEvent,
): Promise<number> {
  checked(() => checkVenue({ tenantId, venueId }));
  const query = [
    `WorkflowType = '${workflowTypes.payout}'`,
    `ExecutionStatus = 'Running'`,
    `${searchAttributes.tenant.name} = '${tenantId}'`,
    `${searchAttributes.venue.name} = '${venueId}'`,
    `${searchAttributes.stage.name} = 'waiting'`,
  ].join(' AND ');
  let told = 0;
  try {
    for await (const { workflowId, runId } of client.workflow.list({ query })) {
      await client.workflow
        .getHandle(workflowId, runId)
        .signal(providerEventSignal, event)
        .then(() => (told += 1))
        .catch((error: unknown) => (mayBeClosed(error) ? undefined : Promise.reject(error as Error)));
    }
  } catch (error) {
    throw translate(error, `payouts of ${venueId}`);
  }
  return told;
}
const checkVenue = createValidator(Type.Object({ tenantId: Id('tenantId'), venueId: Id('venueId') }));
