import { Type, type Static } from 'typebox';
import { Id, Text } from './common.ts';

/** How many refunds may be under way at once, unless the request says otherwise. */
export const defaultInFlight = 50;

export const EventCancellationRequest = Type.Object(
  {
    tenantId: Id('tenantId'),
    eventId: Id('eventId'),
    reason: Text('reason', 500),
    requestedBy: Id('requestedBy: who asks, an opaque id'),
    tickets: Type.Enum(['keep', 'burn'], { description: 'tickets: keep or burn' }),
    inFlight: Type.Integer({
      minimum: 1,
      maximum: 500,
      description: 'inFlight: how many refunds may be under way at once, 1 to 500',
    }),
  },
  { additionalProperties: false, description: 'the cancellation of an event' },
);
export type EventCancellationRequest = Static<typeof EventCancellationRequest>;

/** As callers send it: tickets are burned and 50 refunds are under way at once, unless it says otherwise. */
export type EventCancellationWish = Omit<EventCancellationRequest, 'tickets' | 'inFlight'> &
  Partial<Pick<EventCancellationRequest, 'tickets' | 'inFlight'>>;

/** Body of `POST /events/:id/cancellation`: tenant and requester from the token, the event from the path. */
export const EventCancellationBody = Type.Object(
  {
    reason: EventCancellationRequest.properties.reason,
    tickets: Type.Optional(EventCancellationRequest.properties.tickets),
    inFlight: Type.Optional(EventCancellationRequest.properties.inFlight),
  },
  { additionalProperties: false, description: 'the cancellation of an event' },
);
