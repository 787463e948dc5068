/** What the API answers with, for its documentation; requests are in contracts/schema. */
import { Type } from 'typebox';
import { Id, pageFields } from '../contracts/schema/common.ts';

export const text = (description: string) => Type.String({ description });

/** What `identityOf` says beside the id. */
export const runFields = {
  workflowId: text('the workflow in Temporal'),
  webUi: Type.Optional(text('its page in the Temporal Web UI')),
};

export const Problem = Type.Object(
  {
    type: text('urn:boxoffice:problem:{code}'),
    title: text('what kind of trouble this is'),
    status: Type.Integer({ description: 'the HTTP status' }),
    detail: text('what happened here'),
    code: text('stable name of the problem'),
    moneyMoved: text('none, held, captured, refunded or unknown'),
    nextAction: text('what to do now'),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          field: text('path of the field'),
          value: Type.Optional(text('what came')),
          accepted: text('what would be accepted'),
        }),
      ),
    ),
    workflowId: Type.Optional(text('the purchase or refund that is meant')),
    otherPayment: Type.Optional(text('the purchase that is in the way')),
    refundable: Type.Optional(Type.Integer({ description: 'minor units that a refund could still give back' })),
    available: Type.Optional(Type.Integer({ description: 'minor units of a venue that could be paid out' })),
    because: Type.Optional(text('why a decision was not taken')),
  },
  { description: 'problem details (RFC 9457)' },
);

const viewOf = (what: string, id: string, statuses: string) =>
  Type.Object(
    {
      id: text(id),
      ...runFields,
      status: text(statuses),
      stage: Type.Optional(text('where it stands')),
      attention: Type.Optional(text('whom it waits for')),
      moneyMoved: text('where the money is'),
      next: Type.Optional(text('what happens next')),
      result: Type.Optional(Type.Object({}, { additionalProperties: true, description: 'the end, once there is one' })),
    },
    { additionalProperties: true, description: what },
  );

export const PaymentView = viewOf(
  'a purchase',
  'the idempotency key',
  'live, pending, authorized, requires_action (then with clientSecret), or an end: completed, declined, expired, cancelled, unfulfilled, refused',
);
export const RefundView = viewOf(
  'a refund',
  'the refund id',
  'live, pending, or an end: completed, failed, rejected, cancelled',
);

export const CustomerActionView = Type.Object(
  {
    id: text('the idempotency key'),
    ...runFields,
    intentId: text("the provider's id of the payment"),
    clientSecret: text("for the customer's browser only"),
    expiresAt: text('until when the customer is waited for, ISO 8601'),
  },
  { description: 'what the customer needs' },
);

export const MoveView = viewOf(
  "a ticket's transfer or burn",
  "the transfer id, or the burn's key",
  'live, or an end: transferred, burned, rejected, cancelled',
);

export const EventCancellationView = viewOf(
  'the cancellation of an event',
  'the event id',
  'live, pending, or an end: completed, cancelled',
);

export const PayoutView = viewOf(
  'a payout',
  'the payout id',
  'live, pending, or an end: paid, returned, rejected, expired, cancelled',
);

export const DeadLetterView = Type.Object(
  {
    id: text('its number'),
    status: text('open or closed'),
    queueName: text('money, communication or background'),
    jobType: text('what kind of work it is'),
    ...runFields,
    step: text('what came to rest, or was given up'),
    error: text('why'),
    attempts: Type.Integer({ description: 'sent calls' }),
    moneyMoved: text('what is known about the money'),
    failedAt: text('since when, ISO 8601'),
  },
  { additionalProperties: true, description: 'a dead letter' },
);

export const DeadLetterBatchView = viewOf(
  'one decision about many dead letters',
  'the batch key',
  'live, pending, or an end: completed, cancelled',
);

const laneFields = {
  lane: text('the lane'),
  settings: Type.Object(
    {},
    {
      additionalProperties: true,
      description: 'what people set: revision, stopped, percent, adaptive, and perSecond, concurrent where they did',
    },
  ),
};

export const LaneAnswerView = Type.Object(
  {
    ...laneFields,
    inForce: Type.Boolean({ description: 'all workers hold to it now; else it is recorded and tried again' }),
    queue: Type.Optional(text("what Temporal's queue was told: held, freed, weighed or not told")),
    next: Type.Optional(text('what is still open, and what to do about it')),
  },
  { description: 'what became of a change' },
);

export const LanesView = Type.Object(
  { lanes: Type.Array(Type.Object(laneFields, { additionalProperties: true })) },
  { description: 'the lanes' },
);

export const MonitorView = Type.Object(
  {
    settings: Type.Object({}, { additionalProperties: true, description: 'in force now' }),
    overrides: Type.Object({}, { additionalProperties: true, description: 'of these, what people set' }),
    incidents: Type.Array(Type.Object({}, { additionalProperties: true }), { description: 'open ones' }),
    sample: Type.Optional(Type.Object({}, { additionalProperties: true, description: 'the last one' })),
  },
  { description: 'the monitor' },
);

export const AlertAnswerView = Type.Object(
  {
    id: text("the incident's id"),
    severity: text('critical, warning or info'),
    message: text('what is wrong'),
    acknowledged: Type.Optional(Type.Object({ by: text('who'), at: text('when, ISO 8601') })),
  },
  { additionalProperties: true, description: 'an incident' },
);

export const AlertsView = Type.Object(
  { alerts: Type.Array(AlertAnswerView), nextCursor: Type.Optional(text('of the next page')) },
  { description: 'incidents' },
);

export const StartedAlertView = Type.Object(
  { id: text("the test alert's id"), workflowId: text('the workflow that delivers it') },
  { description: 'a test alert on its way' },
);

export const AnalyticsEventView = Type.Object(
  { id: text('the idempotency key'), ...runFields, status: text('pending, recorded or expired') },
  { additionalProperties: true, description: 'an event to count' },
);

export const ReportRunView = Type.Object(
  {
    id: text('venue and day'),
    ...runFields,
    status: text('pending, completed or expired'),
    location: Type.Optional(text('where the report is')),
    sha256: Type.Optional(text('of its CSV, in hex')),
  },
  { additionalProperties: true, description: 'the making of a report' },
);

export const IdParams = Type.Object({ id: Id('id') }, { additionalProperties: false });

export const ListQuery = Type.Object(
  {
    ...pageFields(),
    eventId: Type.Optional(Id('eventId')),
    orderId: Type.Optional(Id('orderId')),
    status: Type.Optional(
      Type.Enum(['live', 'completed', 'declined', 'expired', 'cancelled', 'unfulfilled'], {
        description: 'status: live, completed, declined, expired, cancelled or unfulfilled',
      }),
    ),
  },
  { additionalProperties: false },
);

/** The refusals that a route can answer with, for its documentation. */
export function answers(success: Readonly<Record<number, unknown>>, ...refusals: number[]) {
  const problems = [400, 401, 403, 429, 503, ...refusals].map((status) => [status, Problem] as const);
  return { ...success, ...Object.fromEntries(problems) };
}
