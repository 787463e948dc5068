/**
 * What other services import. Needs a Temporal connection, and the API's address only for setting up venues, events and
 * contacts, for decisions and lanes, and for what customers need for 3-D Secure.
 */
import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import type { AnalyticsEvent, AnalyticsEventResult } from '../contracts/analytics.ts';
import type { DisputeRequest, RefundReturnRequest } from '../contracts/dispute.ts';
import type { EmailResult } from '../contracts/mail.ts';
import { type ProviderEvent, providerEventSignal } from '../contracts/messages.ts';
import type { MintResult } from '../contracts/mint.ts';
import type { PurchaseOrder } from '../contracts/payment.ts';
import type { RefundRequest } from '../contracts/refund.ts';
import type { EmailRequest, MintRequest } from '../contracts/schema/jobs.ts';
import type { EventCancellationWish } from '../contracts/event-cancellation.ts';
import {
  createEventCancellationHandle,
  type EventCancellationHandle,
  type StartedEventCancellation,
  startEventCancellation,
} from './event-cancellations.ts';
import { type AlertCalls, type AlertSending, createAlertCalls, createAlertSending } from './alerts.ts';
import { createDeadLetterSending, type DeadLetterSending } from './dead-letter-batches.ts';
import { createDeadLetterCalls, type DeadLetterCalls } from './dead-letters.ts';
import { recordEvent, type StartedJob } from './analytics.ts';
import { createDecisionCalls, createDecisionSending, type DecisionCalls, type DecisionSending } from './decisions.ts';
import type { SmsRequest, SmsResult } from '../contracts/sms.ts';
import { createDisputeHandle, type DisputeHandle } from './disputes.ts';
import { hearOfDispute, hearOfRefundReturn } from './dispute-starts.ts';
import { type ApiAccess, type ApiCalls, createApiCalls } from './http.ts';
import { createLaneCalls, type LaneCalls } from './lanes.ts';
import { createMonitorCalls, type MonitorCalls } from './monitor.ts';
import { type JobHandle, requestMint, startEmail, startSms } from './jobs.ts';
import { listPayments, type PaymentFilter, type PaymentSummary } from './list.ts';
import { createPaymentHandle, type PaymentHandle } from './payment-handle.ts';
import { type PayoutCalls, createPayoutCalls } from './payout-calls.ts';
import { purchase, type PurchaseHandle, type PurchaseOptions } from './purchase.ts';
import { createReconciliationCalls, type ReconciliationCalls } from './reconciliation.ts';
import { createMetricsCalls, createQueueCalls, type MetricsCalls, type QueueCalls } from './queues.ts';
import { createRefundHandle, type RefundHandle, type RequestedRefund, requestRefund } from './refunds.ts';
import { createReportCalls, type ReportCalls } from './reports.ts';
import { watchStarts } from './starts.ts';
import { createTicketCalls, type TicketCalls } from './tickets.ts';
import { mayBeClosed, translate } from './temporal-errors.ts';

export * from './errors.ts';
export type { EventCancellationHandle, StartedEventCancellation } from './event-cancellations.ts';
export type { ChooseLetters, DeadLetterBatchHandle, StartedDeadLetterBatch } from './dead-letter-batches.ts';
export type { DeadLetterCalls, DeadLetterDetails, DeadLetterView } from './dead-letters.ts';
export { createDeadLetterSending, type DeadLetterSending } from './dead-letter-batches.ts';
export { AlreadyEndedError, createDecisionSending, DecisionRefusedError, type DecisionRequest } from './decisions.ts';
export type { StartedJob } from './analytics.ts';
export {
  dailyRoundTime,
  scheduleDailyRound,
  startDailyCleanup,
  startDailyReconciliation,
  startDailyReport,
} from './daily-round.ts';
export { type ApiAccess, ApiError, type CustomerAction } from './http.ts';
export type { DisputeHandle } from './disputes.ts';
export { cancelPurchase } from './cancel-purchase.ts';
export { type JobHandle, startEmail } from './jobs.ts';
export type { AlertCalls, AlertSending } from './alerts.ts';
export type { LaneCalls } from './lanes.ts';
export type { MonitorCalls } from './monitor.ts';
export {
  type DifferenceFilter,
  type ReconciliationCalls,
  type ReconciliationHandle,
  type ReconciliationPage,
  reconciliationStart,
  type StartedReconciliation,
} from './reconciliation.ts';
export type { MetricsCalls, QueueCalls } from './queues.ts';
export { requestRefund } from './refunds.ts';
export type { PaymentFilter, PaymentSummary } from './list.ts';
export type { PaymentHandle } from './payment-handle.ts';
export type { BuyerAnswer, PurchaseHandle, PurchaseOptions } from './purchase.ts';
export type { PayoutHandle, RequestedPayout } from './payouts.ts';
export { startPayoutReturn, startRoundPayout } from './payouts.ts';
export type { RefundHandle, RequestedRefund } from './refunds.ts';
export type { ReportCalls } from './reports.ts';
export type { ReportEntry } from '../contracts/report.ts';
export type { RunHandle } from './run-handle.ts';
export type { MoveHandle, RequestedMove } from './tickets.ts';
export { closedBatchStatus } from '../contracts/dead-letter-words.ts';
export { closedCancellationStatus } from '../contracts/event-cancellation-words.ts';
export { closedStatus } from '../contracts/payment-words.ts';
export { closedPayoutStatus } from '../contracts/payout-words.ts';
export { closedRefundStatus } from '../contracts/refund-words.ts';
export { closedMoveStatus } from '../contracts/ticket-move-words.ts';

export interface BoxofficeOptions {
  temporal:
    | { address: string; namespace: string; apiKey?: string; tls?: ConnectionOptions['tls'] }
    /** Shares a client, and leaves closing it to its owner. */
    | { client: Client };
  api?: ApiAccess;
}

export interface Boxoffice extends ApiCalls {
  payments: {
    /**
     * Starts a purchase, or joins the one with the same key, and waits for the buyer's answer. Sending the same order
     * again is always safe.
     * @throws InvalidOrderError, IdempotencyConflictError: nothing was started.
     * @throws UnavailableError: unknown whether it arrived; send it again.
     */
    purchase(order: PurchaseOrder, options?: PurchaseOptions): Promise<PurchaseHandle>;
    get(tenantId: string, paymentKey: string): PaymentHandle;
    list(filter?: PaymentFilter): Promise<PaymentSummary[]>;
    /** Tells a running purchase what a verified webhook said; `closed` when it needs to hear nothing any more. */
    deliver(workflowId: string, event: ProviderEvent): Promise<'delivered' | 'closed'>;
  };
  refunds: {
    /**
     * Starts a refund, or finds the one with the same id; a rejection is a result. Sending the same request again is always
     * safe.
     * @throws InvalidOrderError, IdempotencyConflictError: nothing was started.
     * @throws UnavailableError: unknown whether it arrived; send it again.
     */
    request(request: RefundRequest): Promise<RequestedRefund>;
    get(tenantId: string, refundId: string): RefundHandle;
    /** As `payments.deliver`. */
    deliver(workflowId: string, event: ProviderEvent): Promise<'delivered' | 'closed'>;
    /** A verified webhook says that a refund which had succeeded failed: that is looked up, by a workflow of its own. */
    deliverReturn(request: RefundReturnRequest, event: ProviderEvent): Promise<'delivered' | 'closed'>;
  };
  disputes: {
    get(tenantId: string, disputeId: string): DisputeHandle;
    /** What a verified webhook said of a dispute; the first one starts following it. `closed` when it has ended. */
    deliver(request: DisputeRequest, event: ProviderEvent): Promise<'delivered' | 'closed'>;
  };
  tickets: TicketCalls;
  eventCancellations: {
    /**
     * Closes an event's sales for good and gives every purchase of it back. Sending the same request again is always safe.
     * @throws InvalidOrderError, IdempotencyConflictError: nothing was started.
     * @throws UnavailableError: unknown whether it arrived; send it again.
     */
    start(request: EventCancellationWish): Promise<StartedEventCancellation>;
    get(tenantId: string, eventId: string): EventCancellationHandle;
  };
  payouts: PayoutCalls;
  mints: { request(request: MintRequest): Promise<JobHandle<MintResult>> };
  /** By people, about what waits for one. */
  decisions: DecisionCalls & DecisionSending;
  /** What waits for a person or was given up. Needs the API. */
  deadLetters: DeadLetterCalls & DeadLetterSending;
  /** The pace of the providers, for all tenants. Needs the API, and a token with the role admin to change it. */
  lanes: LaneCalls;
  /** What is wrong, and when it counts as wrong, for all tenants. Needs the API, and the role admin to change it. */
  monitor: MonitorCalls;
  /** Incidents, for all tenants. Needs the API, and a token with the role admin to acknowledge. */
  alerts: AlertCalls & AlertSending;
  /** The books of a day against the card provider and the chain. */
  reconciliation: ReconciliationCalls;
  /** Task queues as they are, and the tenant's jobs on them. Needs the API. */
  queues: QueueCalls;
  /** What the monitor has seen. Needs the API. */
  metrics: MetricsCalls;
  emails: { send(request: EmailRequest): Promise<JobHandle<EmailResult>> };
  sms: { send(request: SmsRequest): Promise<JobHandle<SmsResult>> };
  analytics: {
    /**
     * Counts an event, once for its key. No personal data: ids, numbers, yes and no.
     * @throws InvalidOrderError, IdempotencyConflictError: nothing was started.
     * @throws UnavailableError: unknown whether it arrived; send it again.
     */
    record(event: AnalyticsEvent): Promise<StartedJob<AnalyticsEventResult>>;
  };
  reports: ReportCalls;
  close(): Promise<void>;
}

export function createBoxoffice({ temporal, api }: BoxofficeOptions): Boxoffice {
  const owned = 'client' in temporal ? undefined : connect(temporal);
  const client = 'client' in temporal ? temporal.client : owned!;
  const starts = watchStarts(client);
  return {
    payments: {
      purchase: (order, options) => purchase({ client, api, starts }, order, options),
      get: (tenantId, paymentKey) => createPaymentHandle(client, api, tenantId, paymentKey),
      list: (filter = {}) => listPayments(client, filter),
      deliver: (workflowId, event) => deliver(client, workflowId, event),
    },
    refunds: {
      request: (request) => requestRefund(client, request),
      get: (tenantId, refundId) => createRefundHandle(client, tenantId, refundId),
      deliver: (workflowId, event) => deliver(client, workflowId, event),
      deliverReturn: (request, event) => hearOfRefundReturn(client, request, event),
    },
    disputes: {
      get: (tenantId, disputeId) => createDisputeHandle(client, tenantId, disputeId),
      deliver: (request, event) => hearOfDispute(client, request, event),
    },
    tickets: createTicketCalls(client),
    eventCancellations: {
      start: (request) => startEventCancellation(client, request),
      get: (tenantId, eventId) => createEventCancellationHandle(client, tenantId, eventId),
    },
    payouts: createPayoutCalls(client, (workflowId, event) => deliver(client, workflowId, event)),
    mints: { request: (request) => requestMint(client, request) },
    decisions: { ...createDecisionCalls(api), ...createDecisionSending(client) },
    deadLetters: { ...createDeadLetterCalls(api), ...createDeadLetterSending(client) },
    lanes: createLaneCalls(api),
    monitor: createMonitorCalls(api),
    alerts: { ...createAlertCalls(api), ...createAlertSending(client) },
    reconciliation: createReconciliationCalls(client, api),
    queues: createQueueCalls(api),
    metrics: createMetricsCalls(api),
    emails: { send: (request) => startEmail(client, request) },
    sms: { send: (request) => startSms(client, request) },
    analytics: { record: (event) => recordEvent(client, event) },
    reports: createReportCalls(client, api),
    ...createApiCalls(api),
    close: async () => owned?.connection.close(),
  };
}

/** Lazy: the service starts without the server and says so when it first needs it. */
function connect({
  address,
  namespace,
  apiKey,
  tls,
}: Exclude<BoxofficeOptions['temporal'], { client: Client }>): Client {
  const connection = Connection.lazy({
    address,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(tls === undefined ? {} : { tls }),
  });
  return new Client({ connection, namespace });
}

async function deliver(client: Client, workflowId: string, event: ProviderEvent): Promise<'delivered' | 'closed'> {
  try {
    await client.workflow.getHandle(workflowId).signal(providerEventSignal, event);
    return 'delivered';
  } catch (error) {
    if (mayBeClosed(error)) return 'closed';
    throw translate(error, workflowId);
  }
}
