/** The activities that workflows call, each with its queue and its risk. Nothing else in this folder proxies. */
import { proxyActivities, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';
import type { AlertActivities } from '../activities/alerts.ts';
import type { AnalyticsActivities } from '../activities/analytics.ts';
import type { CardActivities } from '../activities/card.ts';
import type { CleanupActivities } from '../activities/cleanup.ts';
import type { DailyRoundActivities } from '../activities/daily-round.ts';
import type { EventCancellationActivities } from '../activities/event-cancellation.ts';
import type { DeadLetterActivities } from '../activities/dead-letters.ts';
import type { DecisionActivities } from '../activities/decisions.ts';
import type { DisputeActivities } from '../activities/dispute.ts';
import type { IncidentActivities } from '../activities/incidents.ts';
import type { MailActivities } from '../activities/mail.ts';
import type { PayoutActivities } from '../activities/payout.ts';
import type { PayoutRecordActivities } from '../activities/payout-records.ts';
import type { Operation } from '../activities/ports.ts';
import type { ReconciliationActivities } from '../activities/reconciliation.ts';
import type { ReconciliationChainActivities } from '../activities/reconciliation-chain.ts';
import type { ReconciliationRecordActivities } from '../activities/reconciliation-records.ts';
import type { RefundActivities } from '../activities/refund.ts';
import type { SamplingActivities } from '../activities/sampling.ts';
import type { SmsActivities } from '../activities/sms.ts';
import type { ReportActivities } from '../activities/reports.ts';
import type { RecordActivities } from '../activities/records.ts';
import type { TicketMoveActivities } from '../activities/ticket-moves.ts';
import type { TicketActivities } from '../activities/tickets.ts';
import { backgroundExpiryMs } from '../contracts/expiry.ts';
import {
  alertCall,
  backgroundCall,
  bookkeeping,
  comparison,
  decisionCall,
  longBackgroundCall,
  messageCall,
  moneyCall,
  monitorRecord,
  receiptCall,
  record,
  sampling,
} from '../contracts/retry-profiles.ts';

export const card = proxyActivities<CardActivities>({ ...moneyCall, taskQueue: 'stripe' });
export const refunds = proxyActivities<RefundActivities>({ ...moneyCall, taskQueue: 'stripe' });
export const disputes = proxyActivities<DisputeActivities>({ ...moneyCall, taskQueue: 'stripe' });
export const payouts = proxyActivities<PayoutActivities>({ ...moneyCall, taskQueue: 'stripe' });
export const reconciling = proxyActivities<ReconciliationActivities>({ ...comparison, taskQueue: 'stripe' });
export const reconcilingChain = proxyActivities<ReconciliationChainActivities>({ ...comparison, taskQueue: 'chain' });
export const tickets = proxyActivities<TicketActivities>({ ...moneyCall, taskQueue: 'chain' });
export const ticketMoves = proxyActivities<TicketMoveActivities>({ ...moneyCall, taskQueue: 'chain' });
export const receipts = proxyActivities<Pick<MailActivities, 'sendReceipt'>>({ ...receiptCall, taskQueue: 'email' });
export const mail = proxyActivities<Pick<MailActivities, 'sendMail'>>({ ...messageCall, taskQueue: 'email' });
export const sms = proxyActivities<SmsActivities>({ ...messageCall, taskQueue: 'sms' });
export const samples = proxyActivities<Pick<SamplingActivities, 'takeSample'>>({
  ...sampling,
  taskQueue: 'monitoring',
});
export const monitorRecords = proxyLocalActivities<IncidentActivities & Pick<SamplingActivities, 'recordSample'>>(
  monitorRecord,
);
export const alerts = proxyActivities<AlertActivities>({ ...alertCall, taskQueue: 'alert' });
export const cancellations = proxyLocalActivities<EventCancellationActivities>(record);
export const reconcilingBooks = proxyActivities<ReconciliationRecordActivities>({
  ...bookkeeping,
  taskQueue: 'background',
});
export const reconciliationRecords = proxyLocalActivities<ReconciliationRecordActivities>(record);
export const records = proxyLocalActivities<RecordActivities>(record);
export const payoutRecords = proxyLocalActivities<PayoutRecordActivities>(record);
/** On the workflow's own queue. */
export const deadLetters = proxyActivities<DeadLetterActivities>(decisionCall);
export const analytics = proxyActivities<AnalyticsActivities>({ ...backgroundCall, taskQueue: 'background' });
export const reports = proxyActivities<ReportActivities>({ ...backgroundCall, taskQueue: 'background' });
export const cleaning = proxyActivities<CleanupActivities>({ ...longBackgroundCall, taskQueue: 'background' });
export const rounds = proxyActivities<DailyRoundActivities>({
  ...longBackgroundCall,
  scheduleToCloseTimeout: backgroundExpiryMs,
  taskQueue: 'background',
});
export const decisions = proxyLocalActivities<DecisionActivities>(record);

/** The first run's id names the owner of a claim: a reset makes a new run, and the claim stays its own. */
export function currentOperation(tenantId: string): Operation {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  return { tenantId, workflowId, runId: firstExecutionRunId };
}
