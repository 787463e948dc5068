/** Incidents, as they are asked for over HTTP. */
import { type Static, Type } from 'typebox';
import { severities } from '../alerts.ts';
import { pageFields } from './common.ts';

const oneSeverity = Type.Enum([...severities], { description: `severity: ${severities.join(', ')}` });

export const AlertsQuery = Type.Object(
  {
    severity: Type.Optional(oneSeverity),
    open: Type.Optional(
      Type.Boolean({ description: 'open: true for those that go on, false for those that are over' }),
    ),
    ...pageFields(),
  },
  { additionalProperties: false },
);
export type AlertsQuery = Static<typeof AlertsQuery>;

export const TestAlertBody = Type.Object(
  { severity: oneSeverity },
  { additionalProperties: false, description: 'a test alert' },
);
