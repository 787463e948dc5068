/** What the client can do with payouts. */
import type { Client } from '@temporalio/client';
import type { ProviderEvent } from '../contracts/messages.ts';
import type { PayoutRequest } from '../contracts/payout.ts';
import type { PayoutSchedule } from '../contracts/schema/payout.ts';
import { schedulePayouts, unschedulePayouts } from './payout-schedule.ts';
import {
  createPayoutHandle,
  type PayoutHandle,
  type RequestedPayout,
  requestPayout,
  startPayoutReturn,
  tellVenue,
} from './payouts.ts';

export interface PayoutCalls {
  /**
   * Starts a payout, or finds the one with the same id; a rejection is a result. Sending the same request again is always
   * safe.
   * @throws InvalidOrderError, IdempotencyConflictError: nothing was started.
   * @throws UnavailableError: unknown whether it arrived; send it again.
   */
  request(request: PayoutRequest): Promise<RequestedPayout>;
  get(tenantId: string, payoutId: string): PayoutHandle;
  /** Pays the venue all that is available, again and again. Replaces what was scheduled for it before. */
  schedule(tenantId: string, venueId: string, schedule: PayoutSchedule): Promise<void>;
  /** False when nothing was scheduled. Payouts that have begun go on. */
  unschedule(tenantId: string, venueId: string): Promise<boolean>;
  /** As `payments.deliver`. */
  deliver(workflowId: string, event: ProviderEvent): Promise<'delivered' | 'closed'>;
  /** Has a payout looked into that a verified webhook says came back after it was paid. */
  cameBack(tenantId: string, payoutId: string, event: ProviderEvent): Promise<void>;
  /** Tells the payouts that wait for a venue that its account has changed. Answers how many were told. */
  venueChanged(tenantId: string, venueId: string, event: ProviderEvent): Promise<number>;
}

export const createPayoutCalls = (client: Client, deliver: PayoutCalls['deliver']): PayoutCalls => ({
  request: (request) => requestPayout(client, request),
  get: (tenantId, payoutId) => createPayoutHandle(client, tenantId, payoutId),
  schedule: (tenantId, venueId, schedule) => schedulePayouts(client, tenantId, venueId, schedule),
  unschedule: (tenantId, venueId) => unschedulePayouts(client, tenantId, venueId),
  deliver,
  cameBack: (tenantId, payoutId, event) => startPayoutReturn(client, { tenantId, payoutId }, event),
  venueChanged: (tenantId, venueId, event) => tellVenue(client, { tenantId, venueId }, event),
});
