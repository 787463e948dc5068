/** Incidents, as they are asked for over HTTP. */
import { type Static, Type } from 'typebox';
import { severities } from '../alerts.ts';

const oneSeverity = Type.Enum([...severities], { description: `severity: ${severities.join(', ')}` });

export const AlertsQuery = Type.Object(
  {
    severity: Type.Optional(oneSeverity),
    open: Type.Optional(
      Type.Boolean({ description: 'open: true for those that go on, false for those that are over' }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'limit: 1 to 200' })),
    cursor: Type.Optional(
      Type.String({ pattern: '^[1-9][0-9]{0,14}$', description: 'cursor: the nextCursor of the page before' }),
    ),
  },
  { additionalProperties: false },
);
export type AlertsQuery = Static<typeof AlertsQuery>;

export const TestAlertBody = Type.Object(
  { severity: oneSeverity },
  { additionalProperties: false, description: 'a test alert' },
);
