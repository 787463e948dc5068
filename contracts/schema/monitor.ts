/** What people set on the monitor, as it comes over HTTP. Who sets it is the subject of the token. */
import { Type } from 'typebox';
import { acceptedOf, type MonitorSetting, monitorSettingNames, settingRanges } from '../monitor-settings.ts';
import { Limit, Text } from './common.ts';

function setting(name: MonitorSetting) {
  const { minimum, maximum } = settingRanges[name];
  return Type.Optional(
    Type.Union([Type.Integer({ minimum, maximum }), Type.Null()], {
      description: `${name}: ${acceptedOf(name)}, or null`,
    }),
  );
}

const settings = Object.fromEntries(monitorSettingNames.map((name) => [name, setting(name)])) as Record<
  MonitorSetting,
  ReturnType<typeof setting>
>;

export const ConfigureBody = Type.Object(
  {
    settings: Type.Object(settings, {
      minProperties: 1,
      additionalProperties: false,
      description: 'settings: one or more, such as {"moneyDepth": 80}; null takes one back',
    }),
    reason: Text('reason', 500),
  },
  { additionalProperties: false, description: 'settings and why' },
);

export const MonitorChangesQuery = Type.Object({ limit: Type.Optional(Limit) }, { additionalProperties: false });
