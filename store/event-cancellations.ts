/**
 * The record of an event's cancellation: its claim, which closes sales for good, the refunds that it writes down before they
 * are started, and its report. Each method is one transaction, and each can be repeated after a lost answer.
 */
import {
  type CancellationReport,
  type EventCancellationEnd,
  type EventCancellationInput,
  type EventCancellationResult,
  moneyMovedBy,
  nothingYet,
} from '../contracts/event-cancellation.ts';
import { eventRefundIdOf } from '../contracts/hashes.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { lockClaim, takeClaim, type TakeOver, takeOverWithRow, writeResult } from './claims.ts';
import {
  createEventCancellationReads,
  type PlannedRefund,
  readReport,
  readUnclaimed,
  readUnplanned,
} from './event-cancellation-reads.ts';
import type { Operation } from './operation.ts';
import { storableText } from './rows.ts';
import { holdOffClaims } from './sale-rules.ts';

export type RefusedCancellation = Extract<EventCancellationResult, { status: 'refused' }>;

export type EventCancellationClaim =
  | { kind: 'owned' }
  | { kind: 'settled'; result: EventCancellationResult }
  | { kind: 'refused'; result: RefusedCancellation }
  /** Live in another run: take it over only when Temporal says that that run is gone. */
  | { kind: 'foreign'; workflowId: string; runId: string };

export interface ClaimEventCancellation {
  operation: Operation;
  input: Pick<EventCancellationInput, 'request' | 'fingerprint'>;
  /** Business time, ISO 8601. */
  now: string;
}

export interface PlanWave {
  operation: Operation;
  eventId: string;
  /** Of the wave before; 0 at first. */
  cursor: number;
  /** How many refunds may be under way; 0 begins no further one. */
  window: number;
  now: string;
}

export interface Wave {
  /** With what this wave begins among the pending. */
  report: CancellationReport;
  cursor: number;
  /** Written down, and not known to run: start them all. Starting one again changes nothing. */
  start: PlannedRefund[];
}

export interface EndEventCancellation {
  operation: Operation;
  eventId: string;
  end: EventCancellationEnd;
  now: string;
}

const refused = (reason: RefusedCancellation['reason']): EventCancellationClaim => ({
  kind: 'refused',
  result: { status: 'refused', moneyMoved: 'none', reason },
});

async function claimIn(tx: Tx, { operation, input, now }: ClaimEventCancellation): Promise<EventCancellationClaim> {
  const { tenantId, workflowId, runId } = operation;
  const { eventId, reason, requestedBy, tickets } = input.request;
  // Not claimed where there is none: it may be put later, and be cancelled then.
  const event = await tx.first(`select from events where tenant_id = $1 and event_id = $2`, [tenantId, eventId]);
  if (!event) return refused('no_event');
  const existing = await takeClaim(tx, {
    operation, kind: 'event-cancellation', key: eventId, fingerprint: input.fingerprint, queueName: 'money',
    jobType: 'event-cancellation', now, keepForMs: 'forever',
  }); // prettier-ignore
  if (existing?.kind === 'settled') return { kind: 'settled', result: existing.result as EventCancellationResult };
  if (existing?.kind === 'refused') return refused('key_reused');
  if (existing) return existing;

  await holdOffClaims(tx, tenantId, eventId);
  await tx.affected(
    `update events set sales_open = false, cancelled_at = $3, updated_at = now() where tenant_id = $1 and event_id = $2`,
    [tenantId, eventId, now],
  );
  await tx.affected(
    `insert into event_cancellations
       (tenant_id, event_id, workflow_id, run_id, reason, requested_by, tickets, status, report, started_at)
     values ($1, $2, $3, $4, $5, $6, $7, 'live', $8, $9)`,
    [
      tenantId, eventId, workflowId, runId, storableText(reason), requestedBy, tickets, JSON.stringify(nothingYet), now,
    ], // prettier-ignore
  );
  return { kind: 'owned' };
}

async function planIn(tx: Tx, { operation, eventId, cursor, window, now }: PlanWave): Promise<Wave> {
  const { tenantId } = operation;
  // Also the lock that makes waves of one cancellation come one by one. A settled one has an end, which stays.
  const ended = await lockClaim(tx, operation, 'event-cancellation', eventId);
  const { report: before, underWay } = await readReport(tx, { tenantId, eventId, now });
  const room = ended === undefined ? Math.max(0, window - underWay) : 0;
  const next = room > 0 ? await readUnplanned(tx, { tenantId, eventId, cursor, limit: room }) : [];
  if (next.length > 0) {
    const planned = next.map(({ paymentKey }) => ({ paymentKey, refundId: eventRefundIdOf(eventId, paymentKey) }));
    await tx.affected(
      `insert into event_refunds (tenant_id, event_id, payment_key, refund_id, planned_at)
       select $1, $2, payment_key, refund_id, $5 from unnest($3::text[], $4::text[]) as planned (payment_key, refund_id)`,
      [tenantId, eventId, planned.map(({ paymentKey }) => paymentKey), planned.map(({ refundId }) => refundId), now],
    );
  }
  const report = {
    ...before,
    pending: before.pending + next.length,
    notStarted: before.notStarted - next.length,
  };
  await tx.affected(
    `update event_cancellations set report = $3 where tenant_id = $1 and event_id = $2 and status = 'live'`,
    [tenantId, eventId, JSON.stringify(report)],
  );
  return {
    report,
    // At the end of the list it looks again from the beginning: a purchase that was in flight may be paid by then.
    cursor: room > next.length ? 0 : (next.at(-1)?.paymentId ?? cursor),
    start: await readUnclaimed(tx, tenantId, eventId),
  };
}

async function endIn(tx: Tx, { operation, eventId, end, now }: EndEventCancellation): Promise<EventCancellationResult> {
  const { tenantId } = operation;
  const stored = await lockClaim(tx, operation, 'event-cancellation', eventId);
  if (stored !== undefined) return stored;
  const { report } = await readReport(tx, { tenantId, eventId, now });
  const result: EventCancellationResult = { ...end, moneyMoved: moneyMovedBy(report), report };
  await tx.affected(
    `update event_cancellations set status = $3, report = $4, ended_at = $5 where tenant_id = $1 and event_id = $2`,
    [tenantId, eventId, end.status, JSON.stringify(report), now],
  );
  await writeResult(tx, tenantId, { kind: 'event-cancellation', key: eventId, result, now });
  return result;
}

export const createEventCancellations = (pool: Pool) => ({
  ...createEventCancellationReads(pool),

  /**
   * Takes the event's key and closes its sales for good: from the commit on, no purchase of it is let in, and every one that
   * was can be found. Without an event nothing is claimed.
   */
  claim(claim: ClaimEventCancellation): Promise<EventCancellationClaim> {
    return withTenant(pool, claim.operation.tenantId, (tx) => claimIn(tx, claim));
  },

  /** Compare-and-set of the live claim's owner. True also when `operation` owns it already. */
  takeOver(request: Omit<TakeOver, 'kind'>): Promise<boolean> {
    const row = { table: 'event_cancellations', keyColumn: 'event_id' };
    return withTenant(pool, request.operation.tenantId, (tx) =>
      takeOverWithRow(tx, { ...request, kind: 'event-cancellation' }, row),
    );
  },

  /**
   * Looks at all purchases of the event, and writes down the refunds that are to begin now, up to the window. Those that
   * wait for a person do not fill it, or everything would stop behind them. @throws ClaimLostError
   */
  wave(wave: PlanWave): Promise<Wave> {
    return withTenant(pool, wave.operation.tenantId, (tx) => planIn(tx, wave));
  },

  /** The end with its report. A settled claim answers its stored result. @throws ClaimLostError */
  end(ending: EndEventCancellation): Promise<EventCancellationResult> {
    return withTenant(pool, ending.operation.tenantId, (tx) => endIn(tx, ending));
  },
});
