import { Type, type Static } from 'typebox';
import { isDay, lastClosedDay } from '../days.ts';
import { Id, pageFields } from './common.ts';
import { createValidator, InvalidRequestError } from './validate.ts';

const dayPattern = '^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$';

export const Day = (description: string) =>
  Type.String({ pattern: dayPattern, description: `${description}: a day in UTC, such as 2027-01-31` });

/** The report of a venue's day. Everything of it is its identity: asking twice is asking once. */
export const ReportRequest = Type.Object(
  { tenantId: Id('tenantId'), venueId: Id('venueId'), day: Day('day') },
  { additionalProperties: false, description: 'a report to make' },
);
export type ReportRequest = Static<typeof ReportRequest>;

/** Body of `POST /reports`: the tenant from the token. */
export const ReportBody = Type.Omit(ReportRequest, ['tenantId'], { additionalProperties: false });

export const ReportFilter = Type.Object(
  {
    venueId: Type.Optional(Id('venueId')),
    ...pageFields('^20[0-9]{2}-[0-9]{2}-[0-9]{2}:[A-Za-z0-9_-]{1,64}$'),
  },
  { additionalProperties: false, description: 'a filter: venueId, limit, cursor' },
);
export type ReportFilter = Static<typeof ReportFilter>;

const checkShape = createValidator(ReportRequest);

/** `nowMs`: milliseconds since the epoch. @throws InvalidRequestError, also for a day whose books are still open. */
export function validateReportRequest(value: unknown, nowMs: number): ReportRequest {
  const request = checkShape(value);
  const last = lastClosedDay(nowMs);
  const given = `"${request.day}"`;
  if (!isDay(request.day))
    throw new InvalidRequestError([{ field: 'day', value: given, accepted: 'a day that exists' }]);
  if (request.day > last)
    throw new InvalidRequestError([
      { field: 'day', value: given, accepted: `a day whose books are closed, ${last} at the latest` },
    ]);
  return request;
}
