/** All SQL of the project, one file per concern. Every method is one transaction of one tenant. */
import type { Pool } from '../infrastructure/postgres.ts';
import { createAuthorizations } from './authorizations.ts';
import { createAlertNotices } from './alert-notices.ts';
import { createAlerts } from './alerts.ts';
import { createAnalytics } from './analytics.ts';
import { createChain } from './chain.ts';
import { createClaims } from './claims.ts';
import { createCleanup } from './cleanup.ts';
import { createCustomerActions } from './customer-actions.ts';
import { createDailyRounds } from './daily-round.ts';
import { createMessageContents } from './contents.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createEventCancellations } from './event-cancellations.ts';
import { createDecisions } from './decisions.ts';
import { createDisputes } from './disputes.ts';
import { createFailures } from './failures.ts';
import { createLanes } from './lanes.ts';
import { createLedger } from './ledger.ts';
import { createMints } from './mints.ts';
import { createMonitorReads } from './monitor-reads.ts';
import { createMonitorChanges } from './monitor-changes.ts';
import { createMonitorHistory } from './monitor-history.ts';
import { createMoves } from './moves.ts';
import { createPayments } from './payments.ts';
import { createPayoutReturns } from './payout-returns.ts';
import { createPayouts } from './payouts.ts';
import { createQueueMetrics } from './queue-metrics.ts';
import { createReconciliation } from './reconciliation.ts';
import { createReconciliationBooks } from './reconciliation-books.ts';
import { createRefundReturns } from './refund-returns.ts';
import { createRefunds } from './refunds.ts';
import { createReports } from './reports.ts';
import { createSentCalls } from './sent-calls.ts';
import { createContacts, createEvents, createVenues } from './setup.ts';
import { createVenueAccounts } from './venue-accounts.ts';
import { createWebhooks } from './webhooks.ts';

export const createStore = (pool: Pool) => ({
  payments: createPayments(pool),
  refunds: createRefunds(pool),
  payouts: createPayouts(pool),
  payoutReturns: createPayoutReturns(pool),
  refundReturns: createRefundReturns(pool),
  disputes: createDisputes(pool),
  eventCancellations: createEventCancellations(pool),
  claims: createClaims(pool),
  authorizations: createAuthorizations(pool),
  customerActions: createCustomerActions(pool),
  sentCalls: createSentCalls(pool),
  mints: createMints(pool),
  moves: createMoves(pool),
  chain: createChain(pool),
  deadLetters: createDeadLetters(pool),
  decisions: createDecisions(pool),
  venues: createVenues(pool),
  venueAccounts: createVenueAccounts(pool),
  events: createEvents(pool),
  contacts: createContacts(pool),
  contents: createMessageContents(pool),
  webhooks: createWebhooks(pool),
  ledger: createLedger(pool),
  lanes: createLanes(pool),
  queueMetrics: createQueueMetrics(pool),
  monitorReads: createMonitorReads(pool),
  alerts: createAlerts(pool),
  monitorChanges: createMonitorChanges(pool),
  alertNotices: createAlertNotices(pool),
  reconciliation: createReconciliation(pool),
  reconciliationBooks: createReconciliationBooks(pool),
  analytics: createAnalytics(pool),
  reports: createReports(pool),
  cleanup: createCleanup(pool),
  dailyRounds: createDailyRounds(pool),
  monitorHistory: createMonitorHistory(pool),
  failures: createFailures(pool),
});

export type Store = ReturnType<typeof createStore>;

export type { AlertNoticeRecord, NewAlertNotice } from './alert-notices.ts';
export type { AlertFilter, AlertPage, AlertRecord } from './alerts.ts';
export type { EventToRecord, RecordOutcome } from './analytics.ts';
export type { ClaimKind, ClaimOutcome, ClaimResults, NewClaim } from './claims.ts';
export { type CleanedTable, cleanedTables, rowsPerBatch } from './cleanup.ts';
export type { CustomerAction } from './customer-actions.ts';
export type { MessageContent } from './contents.ts';
export { type ChainTransaction, maxVersions, type QueuedTransaction, type SignNext } from './chain.ts';
export type { CloseLetter, GivenUpMessage, Reopened, ReopenMessage } from './dead-letter-closing.ts';
export type { DeadLetterListing, DeadLetterPage } from './dead-letter-reads.ts';
export type { ParkedWork } from './dead-letters.ts';
export type { DecisionRecord, NewDecision } from './decisions.ts';
export {
  BudgetExhaustedError,
  CaptureMismatchError,
  ClaimLostError,
  DisputeStateError,
  MintStateError,
  PayoutStateError,
  MoveStateError,
  RefundStateError,
  StepFencedError,
} from './errors.ts';
export type { DisputeRecord } from './dispute-reads.ts';
export type { ClaimDispute, DisputeClaim, RecordDispute } from './disputes.ts';
export type { EventCancellationRecord, PlannedRefund, PurchaseInFlight } from './event-cancellation-reads.ts';
export type {
  ClaimEventCancellation,
  EndEventCancellation,
  EventCancellationClaim,
  PlanWave,
  Wave,
} from './event-cancellations.ts';
export type { LaneChangeFilter } from './lanes.ts';
export type { Balance, LedgerProof } from './ledger.ts';
export type { ConfirmMints, MintRecord, ReservedTicket, ReserveMints } from './mints.ts';
export type { MoveClaim, MoveRecord, ReserveMove, TicketMove } from './moves.ts';
export type { HeldMoney } from './authorizations.ts';
export type { LaneStanding } from './monitor-lanes.ts';
export type { BooksLook, LookRequest } from './monitor-reads.ts';
export type { Operation, Step } from './operation.ts';
export { InvalidCursorError } from './payment-reads.ts';
export type { PaymentFilter, PaymentPage, PaymentRecord, Sale } from './payment-reads.ts';
export type { ClaimPayment, ClosedResult, CompletedResult, PaymentClaim, SettlePayment } from './payments.ts';
export type { PayoutFilter, PayoutPage, PayoutRecord, RoutedPayout, VenueBalances } from './payout-reads.ts';
export type { BookPayoutReturn, PaidPayout, PayoutToReturn } from './payout-returns.ts';
export type { PaidResult, PayoutClaim, RejectedPayout, ReservePayout } from './payouts.ts';
export type { Curable, DifferenceFilter, ReconciliationRun, RunTotals } from './reconciliation.ts';
export type { EndedPurchase, Listed, Period, UnbalancedTransaction } from './reconciliation-books.ts';
export type { ReturnOutcome, ReturnRefund } from './refund-returns.ts';
export type { RefundFilter, RefundPage, RefundRecord } from './refund-reads.ts';
export type { CompletedRefund, GivenBackRefund, RefundClaim, RejectedRefund, ReserveRefund } from './refunds.ts';
export type { MakeReport, StoredReport } from './reports.ts';
export type { SentCalls } from './sent-calls.ts';
export type { Statement, StatementLine } from './statements.ts';
export type { Event, Venue } from './setup.ts';
export type { WebhookEvent } from './webhooks.ts';
