import { Type, type Static } from 'typebox';
import { lastClosedDay } from '../days.ts';
import { Day, dayPattern, Id, pageFields } from './common.ts';
import { createValidator, InvalidRequestError } from './validate.ts';

/** The report of a venue's day. Everything of it is its identity: asking twice is asking once. */
export const ReportRequest = Type.Object(
  { tenantId: Id('tenantId'), venueId: Id('venueId'), day: Day() },
  { additionalProperties: false, description: 'a report to make' },
);
export type ReportRequest = Static<typeof ReportRequest>;

/** Body of `POST /reports`: the tenant from the token. */
export const ReportBody = Type.Omit(ReportRequest, ['tenantId'], { additionalProperties: false });

export const ReportFilter = Type.Object(
  {
    venueId: Type.Optional(Id('venueId')),
    ...pageFields(`^${dayPattern}:[A-Za-z0-9_-]{1,64}$`),
  },
  { additionalProperties: false, description: 'a filter: venueId, limit, cursor' },
);
export type ReportFilter = Static<typeof ReportFilter>;

const checkShape = createValidator(ReportRequest);

/** `nowMs`: milliseconds since the epoch. @throws InvalidRequestError, also for a day whose books are still open. */
export function validateReportRequest(value: unknown, nowMs: number): ReportRequest {
  const request = checkShape(value);
  const last = lastClosedDay(nowMs);
  if (request.day > last)
    throw new InvalidRequestError([
      { field: 'day', value: `"${request.day}"`, accepted: `a day whose books are closed, ${last} at the latest` },
    ]);
  return request;
}
