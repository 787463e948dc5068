/** Signals, updates and queries; client and workflows share this file. One JSON object each, for the Web UI's forms. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AlertResult } from './alerts.ts';
import type { EventCancellationResult, EventCancellationStatus } from './event-cancellation.ts';
import type { ApprovalAnswer, ApprovalRequest, ResolveAnswer, ResolveRequest } from './decisions.ts';
import type { DeadLetterBatchResult, DeadLetterBatchStatus, WaitingFor } from './dead-letters.ts';
import type { DisputeResult, DisputeStatus, RefundReturnResult } from './dispute.ts';
import type { EmailResult } from './mail.ts';
import type { MintResult } from './mint.ts';
import type { ConfigureRequest, MonitorStatus } from './monitor.ts';
import type { EarlyAnswer, PaymentResult, PaymentStatus } from './payment.ts';
import type { PayoutResult, PayoutReturnResult, PayoutStatus } from './payout.ts';
import type { ReconciliationResult, ReconciliationStatus } from './reconciliation.ts';
import type { RefundResult, RefundStatus } from './refund.ts';
import type { SmsResult } from './sms.ts';
import type { Attention } from './search-attributes.ts';
import type { MoveResult, MoveStatus } from './ticket-move.ts';

export interface CancelRequest {
  /** Who cancels: an opaque id of a person or service. */
  actor: string;
  reason: string;
}

/** What a job other than a purchase says of itself. */
export interface JobStatus {
  stage: string;
  attention: Attention;
  next: string;
}

/** What a verified webhook said about an object of ours. */
export interface ProviderEvent {
  provider: 'stripe';
  eventId: string;
  type: string;
  objectId: string;
}

/** `afterCustomer` waits for what follows a customer's 3-D Secure, where there is one. */
export interface AuthorizedRequest {
  fingerprint: string;
  afterCustomer?: true;
}

export const workflowTypes = {
  payment: 'payment',
  refund: 'refund',
  refundReturn: 'refundReturn',
  payout: 'payout',
  payoutReturn: 'payoutReturn',
  payoutRound: 'payoutRound',
  dispute: 'dispute',
  eventCancellation: 'eventCancellation',
  mint: 'mint',
  transfer: 'transfer',
  burn: 'burn',
  sendEmail: 'sendEmail',
  sendSms: 'sendSms',
  monitor: 'monitor',
  alert: 'alert',
  analyticsEvent: 'analyticsEvent',
  generateReport: 'generateReport',
  cleanup: 'cleanup',
  dailyRound: 'dailyRound',
  reconciliation: 'reconciliation',
  resolveDeadLetters: 'resolveDeadLetters',
} as const;

export const authorizedUpdate = defineUpdate<EarlyAnswer, [AuthorizedRequest]>('authorized');
export const cancelUpdate = defineUpdate<PaymentResult, [CancelRequest]>('cancel');
export const cancelRefundUpdate = defineUpdate<RefundResult, [CancelRequest]>('cancel');
export const cancelPayoutUpdate = defineUpdate<PayoutResult, [CancelRequest]>('cancel');
export const cancelPayoutReturnUpdate = defineUpdate<PayoutReturnResult, [CancelRequest]>('cancel');
export const cancelMintUpdate = defineUpdate<MintResult, [CancelRequest]>('cancel');
export const cancelMoveUpdate = defineUpdate<MoveResult, [CancelRequest]>('cancel');
export const cancelEmailUpdate = defineUpdate<EmailResult, [CancelRequest]>('cancel');
export const cancelSmsUpdate = defineUpdate<SmsResult, [CancelRequest]>('cancel');
export const cancelAlertUpdate = defineUpdate<AlertResult, [CancelRequest]>('cancel');
export const cancelDisputeUpdate = defineUpdate<DisputeResult, [CancelRequest]>('cancel');
export const cancelRefundReturnUpdate = defineUpdate<RefundReturnResult, [CancelRequest]>('cancel');
export const cancelEventCancellationUpdate = defineUpdate<EventCancellationResult, [CancelRequest]>('cancel');
export const cancelDeadLettersUpdate = defineUpdate<DeadLetterBatchResult, [CancelRequest]>('cancel');
export const cancelReconciliationUpdate = defineUpdate<ReconciliationResult, [CancelRequest]>('cancel');
export const pauseUpdate = defineUpdate<EventCancellationStatus, [CancelRequest]>('pause');
export const resumeUpdate = defineUpdate<EventCancellationStatus, [CancelRequest]>('resume');
export const pauseSignal = defineSignal<[CancelRequest]>('pause');
export const resumeSignal = defineSignal<[CancelRequest]>('resume');
export const cancelSignal = defineSignal<[CancelRequest]>('cancel');
/** Decisions that move money. As signals too: for batches, and for who has no update. */
export const approveUpdate = defineUpdate<ApprovalAnswer, [ApprovalRequest]>('approve');
export const approveSignal = defineSignal<[ApprovalRequest]>('approve');
export const rejectUpdate = defineUpdate<ApprovalAnswer, [ApprovalRequest]>('reject');
export const rejectSignal = defineSignal<[ApprovalRequest]>('reject');
export const resolveUpdate = defineUpdate<ResolveAnswer, [ResolveRequest]>('resolve');
export const resolveSignal = defineSignal<[ResolveRequest]>('resolve');
/** What the monitor's thresholds are. */
export const configureUpdate = defineUpdate<MonitorStatus, [ConfigureRequest]>('configure');
export const configureSignal = defineSignal<[ConfigureRequest]>('configure');
export const monitorStatusQuery = defineQuery<MonitorStatus>('status');
/** Which step waits for a person, and what it can be told. Of whatever takes `resolve`. */
export const waitingQuery = defineQuery<WaitingFor>('waiting');
export const providerEventSignal = defineSignal<[ProviderEvent]>('providerEvent');
export const jobStatusQuery = defineQuery<JobStatus>('status');
export const refundStatusQuery = defineQuery<RefundStatus>('status');
export const moveStatusQuery = defineQuery<MoveStatus>('status');
export const disputeStatusQuery = defineQuery<DisputeStatus>('status');
export const eventCancellationStatusQuery = defineQuery<EventCancellationStatus>('status');
export const deadLettersStatusQuery = defineQuery<DeadLetterBatchStatus>('status');
export const reconciliationStatusQuery = defineQuery<ReconciliationStatus>('status');
export const payoutStatusQuery = defineQuery<PayoutStatus>('status');
export const statusQuery = defineQuery<PaymentStatus>('status');
