import { Type, type Static } from 'typebox';
import { Id } from './common.ts';
import { createValidator, InvalidRequestError } from './validate.ts';

/** A UTC time to the millisecond. */
const utcTime = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,3})?Z$';

/** Free text is not taken: it is where names and addresses would come in. */
const property = Type.Union([
  Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
  Type.Number({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
  Type.Boolean(),
]);

/** Something that happened and is to be counted. No personal data: ids, numbers, yes and no. */
export const AnalyticsEvent = Type.Object(
  {
    tenantId: Id('tenantId'),
    eventKey: Id('eventKey: one per event, so that it is counted once'),
    type: Type.String({
      pattern: '^[a-z][a-z0-9]*([._-][a-z0-9]+)*$',
      maxLength: 64,
      description: 'type: lower-case words joined by ".", "_" or "-", 64 characters at most, such as ticket.viewed',
    }),
    venueId: Type.Optional(Id('venueId')),
    occurredAt: Type.String({ pattern: utcTime, description: 'occurredAt: a UTC time such as 2027-06-01T22:00:00Z' }),
    properties: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_]{0,63}$' }), property, {
        additionalProperties: false,
        maxProperties: 24,
        description:
          'properties: at most 24, each name 1 to 64 letters, digits or "_", each value an id (1 to 64 letters, digits, "_" or "-"), a number within ±(2^53-1), true or false',
      }),
    ),
  },
  { additionalProperties: false, description: 'an event to count' },
);
export type AnalyticsEvent = Static<typeof AnalyticsEvent>;

/** Body of `POST /analytics/events`: the tenant from the token, the key from the header. */
export const AnalyticsEventBody = Type.Omit(AnalyticsEvent, ['tenantId', 'eventKey'], { additionalProperties: false });

const checkShape = createValidator(AnalyticsEvent);

/** @throws InvalidRequestError; nothing was started then. */
export function validateAnalyticsEvent(value: unknown): AnalyticsEvent {
  const event = checkShape(value);
  // 2027-02-30 has the shape of a time, and the database would refuse it when nobody listens any more.
  if (isTime(event.occurredAt)) return event;
  throw new InvalidRequestError([
    { field: 'occurredAt', value: JSON.stringify(event.occurredAt), accepted: 'a time that exists' },
  ]);
}

const isTime = (text: string) => {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString().slice(0, 19) === text.slice(0, 19);
};
