/**
 * Retry profiles by risk. None limits attempts: the budget of *sent calls* does (job-types.ts), because waiting for a
 * lane or a dead worker is no attempt. Cancellation types are spelled out everywhere: the wrong one loses money.
 */
import type { ActivityOptions, LocalActivityOptions } from '@temporalio/common';
import { ActivityCancellationType } from '@temporalio/common';
import { priorities } from './job-types.ts';

/** Slower than the contract's first pause; the wrapper overrides it after a sent call (nextRetryDelay). */
const providerRetry = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '20s' } as const;

/**
 * Moves money or tickets. The workflow waits until a cancelled call has really ended, so that its undo sees the
 * effect; a cancel travels on a heartbeat, hence the short time-out.
 */
export const moneyCall = {
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '5 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: providerRetry,
} as const satisfies ActivityOptions;

/** Undoes what may have happened: no schedule-to-close, ever, or a hold stays on somebody's card. */
export const compensation = { ...moneyCall } as const satisfies ActivityOptions;

/** A message. At-least-once by nature, so it may give up; the purchase never waits longer than this for its receipt. */
export const receiptCall = {
  scheduleToCloseTimeout: '60 seconds',
  startToCloseTimeout: '30 seconds',
  heartbeatTimeout: '5 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: providerRetry,
} as const satisfies ActivityOptions;

/** A message that is its own workflow: it has the contract's twelve hours. */
export const messageCall = {
  ...receiptCall,
  scheduleToCloseTimeout: '12 hours',
} as const satisfies ActivityOptions;

/**
 * A notice of an incident on one channel. Nothing counts its calls: it has to leave while the database is away. It is tried
 * for half an hour, then the monitor's next one has taken its place.
 */
export const alertCall = {
  scheduleToCloseTimeout: '30 minutes',
  startToCloseTimeout: '60 seconds',
  heartbeatTimeout: '5 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
} as const satisfies ActivityOptions;

/** The first notice of an incident, which may be over before a next one: it has as long as any other message. */
export const firstAlertWindow = '12 hours';

/** Some decisions sent to their workflows; each is the same message when it is sent again. */
export const decisionCall = {
  startToCloseTimeout: '30 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: providerRetry,
} as const satisfies ActivityOptions;

/** Reads a great deal, page by page, behind all other work, and changes nothing outside: a cancel stops it at its next call. */
export const comparison = {
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '30 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: providerRetry,
  priority: { priorityKey: priorities.background },
} as const satisfies ActivityOptions;

/** The same on a workflow queue, where nothing heartbeats: database and Temporal only. */
export const bookkeeping = {
  startToCloseTimeout: '1 minute',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: providerRetry,
} as const satisfies ActivityOptions;

/**
 * A job of the background, which meets the database or Temporal only. It expires as a whole, from its workflow's start
 * (workflows/expiry.ts); the pause after a failed attempt is the job's own (activities/background-job.ts), this one follows
 * a worker that died.
 */
export const backgroundCall = {
  startToCloseTimeout: '1 minute',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '5 seconds', backoffCoefficient: 1 },
} as const satisfies ActivityOptions;

/** One that takes long and says how far it is: after a worker died, the next one goes on from there within seconds. */
export const longBackgroundCall = {
  ...backgroundCall,
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '5 seconds',
} as const satisfies ActivityOptions;

/** One short database transaction, as a local activity. A longer maximum interval made recovery lag the database by half a minute. */
export const record = {
  startToCloseTimeout: '10 seconds',
  localRetryThreshold: '30 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: {
    initialInterval: '200 milliseconds',
    backoffCoefficient: 2,
    maximumInterval: '5 seconds',
    // The store's "no": asking again in this very task changes nothing, and would fill the history for days. The step
    // parks instead.
    nonRetryableErrorTypes: [
      'CaptureMismatchError',
      'ClaimLostError',
      'DisputeStateError',
      'MintStateError',
      'PayoutStateError',
      'RefundStateError',
    ],
  },
} as const satisfies LocalActivityOptions;

/**
 * A step without an outcome for this long is shown to a person, whatever it waits for: waiting uses up no sent call, so a
 * provider that is down would otherwise never be noticed here. Milliseconds.
 */
export const patienceMs = 15 * 60_000;

/**
 * Between two tries of parked work, while a person is being waited for: after a day of them rarely, so that it may wait for
 * months in one history. Milliseconds.
 */
export function parkedRetryMs(round: number): number {
  return Math.min(60_000 * 2 ** Math.min(round, 10), round < 100 ? 15 * 60_000 : 6 * 3_600_000);
}

/**
 * Between two looks at a refund that the provider has not ended, for when its webhook does not come: most take a minute,
 * some take days. Milliseconds.
 */
export function refundPollMs(look: number): number {
  return Math.min(60_000 * 2 ** Math.min(look, 10), 6 * 3_600_000);
}

/** Between two looks at a dispute, which takes months, for when its webhook does not come. Milliseconds. */
export function disputePollMs(look: number): number {
  return Math.min(60_000 * 2 ** Math.min(look, 12), 12 * 3_600_000);
}

/** How long before its deadline missing evidence becomes louder, longest first. Milliseconds. */
export const evidenceAlarmsMs = [48 * 3_600_000, 6 * 3_600_000] as const;

/**
 * Between two looks at a payout that has not ended, for when its webhook does not come: a bank takes days, but one that
 * cannot take it at all says so at once. Milliseconds.
 */
export function payoutPollMs(look: number): number {
  return Math.min(60_000 * 2 ** Math.min(look, 10), 6 * 3_600_000);
}

/**
 * Between two looks at what a payout waits for before money moves (a venue that cannot be paid, a balance that does not
 * cover it), for when nobody tells: after some days of them rarely, so that it may wait for a year in one history.
 * Milliseconds.
 */
export function waitingLookMs(look: number): number {
  return (look < 100 ? 1 : 6) * 3_600_000;
}

/** After a reconciliation has told workflows what webhooks had not: when it looks whether that has healed it. Milliseconds. */
export const healingLooksMs = [2_000, 30_000, 300_000] as const;

/** A purchase that is not authorized by then expires (the contract's 24 h). Bounds the authorization, never an undo. */
export const authorizationWindowMs = 24 * 3_600_000;

/** How long a customer has for 3-D Secure; never beyond the window above. Their tickets are held meanwhile. */
export const customerWindowMs = 30 * 60_000;

/** The last look at what the customer did may come this much after their time is over. Milliseconds. */
export const lastLookMs = 60_000;

/** Between two looks at whether the customer has acted, for when the webhook does not come. Milliseconds. */
export function customerPollMs(look: number): number {
  return Math.min(5_000 * 2 ** Math.min(look, 10), 5 * 60_000);
}

/** The capture has to be over this long before the authorization ends at the provider. */
export const captureMarginMs = 10 * 60_000;

/** Whoever can approve is reminded this often, and has this long. Milliseconds. */
export const approvalReminderMs = 24 * 3_600_000;
export const approvalWindowMs = 7 * 24 * 3_600_000;

/** A look at everything: one that comes late is worth less than the next one. */
export const sampling = {
  scheduleToCloseTimeout: '20 seconds',
  startToCloseTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '5 seconds' },
} as const satisfies ActivityOptions;

/**
 * What the monitor writes down, as local activities. The next round writes it again, so a database that is away holds up no
 * alert for long.
 */
export const monitorRecord = {
  startToCloseTimeout: '5 seconds',
  scheduleToCloseTimeout: '6 seconds',
  localRetryThreshold: '6 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '200 milliseconds', maximumAttempts: 2 },
} as const satisfies LocalActivityOptions;
