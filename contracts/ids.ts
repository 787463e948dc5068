/**
 * Every workflow id, and what is derived from one. Ids are stored unencrypted by Temporal, so their parts are opaque;
 * parts match one pattern without `:`, or two tenants could spell the same id.
 */
export const idPartPattern = '^[A-Za-z0-9_-]{1,64}$';
const idPart = new RegExp(idPartPattern);

export class InvalidIdError extends Error {
  constructor(field: string, value: string) {
    const shown = value.length > 40 ? `${value.slice(0, 40)}… (${value.length} characters)` : value;
    super(`${field} "${shown}" is not an id: use 1 to 64 letters, digits, "_" or "-"`);
    this.name = 'InvalidIdError';
  }
}

function join(kind: string, parts: Record<string, string>): string {
  for (const [field, value] of Object.entries(parts)) {
    if (!idPart.test(value)) throw new InvalidIdError(field, value);
  }
  return [kind, ...Object.values(parts)].join(':');
}

export const paymentWorkflowId = (tenantId: string, paymentKey: string) => join('payment', { tenantId, paymentKey });
export const refundWorkflowId = (tenantId: string, refundId: string) => join('refund', { tenantId, refundId });
/** A refund that the provider took back after it had succeeded. */
export const refundReturnWorkflowId = (tenantId: string, refundId: string) =>
  join('refund-return', { tenantId, refundId });
export const payoutWorkflowId = (tenantId: string, payoutId: string) => join('payout', { tenantId, payoutId });
/** A payout that failed after it was paid. */
export const payoutReturnWorkflowId = (tenantId: string, payoutId: string) =>
  join('payout-return', { tenantId, payoutId });
/** The Schedule of a venue's payouts, and the first part of what it starts: Temporal adds the time to that. */
export const payoutScheduleId = (tenantId: string, venueId: string) => join('payouts', { tenantId, venueId });
export const payoutRoundWorkflowId = (tenantId: string, venueId: string) => join('payout-round', { tenantId, venueId });
export const disputeWorkflowId = (tenantId: string, disputeId: string) => join('dispute', { tenantId, disputeId });
export const eventCancellationWorkflowId = (tenantId: string, eventId: string) =>
  join('event-cancellation', { tenantId, eventId });
export const transferWorkflowId = (tenantId: string, transferId: string) => join('transfer', { tenantId, transferId });
export const burnWorkflowId = (tenantId: string, ticketId: string, burnKey: string) =>
  join('burn', { tenantId, ticketId, burnKey });
export const mintWorkflowId = (tenantId: string, ticketId: string, mintKey: string) =>
  join('mint', { tenantId, ticketId, mintKey });
export const emailWorkflowId = (tenantId: string, messageKey: string) => join('email', { tenantId, messageKey });
export const smsWorkflowId = (tenantId: string, messageKey: string) => join('sms', { tenantId, messageKey });

/** One for each namespace. */
export const monitorWorkflowId = 'monitor';
/** What belongs to no tenant. */
export const platform = 'platform';
/** One notice of an incident, over all of its channels. */
export const alertWorkflowId = (alertId: string, number: number) => `${join('alert', { platform, alertId })}:${number}`;
export const analyticsWorkflowId = (tenantId: string, eventKey: string) => join('analytics', { tenantId, eventKey });
/** `day` as 2027-01-31, in UTC. */
export const reportWorkflowId = (tenantId: string, venueId: string, day: string) =>
  join('report', { tenantId, venueId, day });
export const reconciliationWorkflowId = (tenantId: string, day: string) => join('reconciliation', { tenantId, day });
export const cleanupWorkflowId = (day: string) => join('cleanup', { platform, day });
/** The Schedule of what happens once a day, and the first part of what it starts: Temporal adds the time to that. */
export const dailyRoundId = join('daily-round', { platform });
export const resolveDeadLettersWorkflowId = (tenantId: string, batchKey: string) =>
  join('dead-letters', { tenantId, batchKey });

/** A mint's claim is on ticket and key together: the same key may serve another ticket. */
export const mintClaimKeyOf = ({ ticketId, mintKey }: { ticketId: string; mintKey: string }) =>
  `${ticketId}:${mintKey}`;

/** `payment:acme:k1` → `{kind: 'payment', tenantId: 'acme', key: 'k1'}`; undefined for what is not ours. */
export function parseWorkflowId(workflowId: string): { kind: string; tenantId: string; key: string } | undefined {
  const [kind, tenantId, ...rest] = workflowId.split(':');
  if (!kind || !tenantId || rest.length === 0) return undefined;
  return { kind, tenantId, key: rest.join(':') };
}

/**
 * The update that carries the early answer. The fingerprint in the id lets identical requests share one update, while
 * another body meets the validator instead of somebody else's stored answer.
 */
export const authorizedUpdateId = (fingerprint: string) => `authorized:${fingerprint}`;
/** The answer once the customer has acted. A completed update keeps its answer, so this one needs an id of its own. */
export const afterCustomerUpdateId = (fingerprint: string) => `authorized:${fingerprint}:after-customer`;
