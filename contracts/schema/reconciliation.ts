/** Reconciliation as it is asked for, and as it comes over HTTP. Who closes a difference is the subject of the token. */
import { Type, type Static } from 'typebox';
import { Day, Id, pageFields, RowNumber, Text } from './common.ts';
import { InvalidRequestError } from './validate.ts';
import { dayOf } from '../days.ts';

export const ReconciliationRequestSchema = Type.Object(
  { tenantId: Id('tenantId'), day: Day() },
  { additionalProperties: false, description: 'a tenant (or platform) and a day' },
);

export const ReconciliationBody = Type.Object({ day: Day() }, { additionalProperties: false, description: 'a day' });

export const ReconciliationQuery = Type.Object(
  {
    day: Type.Optional(Day()),
    open: Type.Optional(Type.Boolean({ description: 'open: false shows closed differences too; true unless given' })),
    ...pageFields(),
  },
  { additionalProperties: false },
);
export type ReconciliationQuery = Static<typeof ReconciliationQuery>;

export const DifferenceParams = Type.Object(
  { id: RowNumber('id: the number of a difference') },
  { additionalProperties: false },
);

export const CloseDifferenceBody = Type.Object(
  { reason: Text('reason', 500) },
  { additionalProperties: false, description: 'why it is no difference any more, or why it may stay' },
);

/** Nothing has happened yet on a day to come. @throws InvalidRequestError */
export function checkDay(day: string, now: number): void {
  if (day <= dayOf(now)) return;
  throw new InvalidRequestError([{ field: 'day', value: day, accepted: 'a day in UTC that has begun, as 2027-01-31' }]);
}
