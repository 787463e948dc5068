/** What a setting of the monitor may be, and which one holds: a person's over the environment's. Pure. */
import { type ConfigureRequest, defaultMonitorSettings, type MonitorSettings } from './monitor.ts';

export type MonitorSetting = keyof MonitorSettings;

export interface SettingRange {
  minimum: number;
  maximum: number;
  /** After a number: `10 minutes`. */
  unit: string;
}

const jobs = { minimum: 0, maximum: 10_000_000, unit: 'jobs' };
const minutes = { minimum: 0, maximum: 43_200, unit: 'minutes' };
const hours = { minimum: 0, maximum: 720, unit: 'hours' };
const seconds = { minimum: 1, maximum: 604_800, unit: 'seconds' };

/** Whole numbers, both ends included. */
export const settingRanges: Readonly<Record<MonitorSetting, SettingRange>> = {
  everySeconds: { minimum: 1, maximum: 600, unit: 'seconds' },
  moneyDepth: jobs,
  moneyAgeMinutes: minutes,
  moneyFailed: jobs,
  communicationDepth: jobs,
  backgroundDepth: jobs,
  failureRatePercent: { minimum: 0, maximum: 100, unit: 'percent' },
  failureWindowMinutes: { minimum: 1, maximum: 1_440, unit: 'minutes' },
  laneStoppedMinutes: minutes,
  laneBlockedMinutes: minutes,
  personWaitsMinutes: minutes,
  authorizationEndsHours: hours,
  evidenceDueHours: hours,
  cooldownCriticalSeconds: seconds,
  cooldownSeconds: seconds,
  escalateAfterSeconds: seconds,
};

export const monitorSettingNames = Object.keys(settingRanges) as MonitorSetting[];

/** `a whole number from 0 to 100 percent` */
export const acceptedOf = (name: MonitorSetting): string => {
  const { minimum, maximum, unit } = settingRanges[name];
  return `a whole number from ${minimum} to ${maximum} ${unit}`;
};

const isAccepted = (name: MonitorSetting, value: unknown): boolean =>
  value === null ||
  (Number.isInteger(value) &&
    (value as number) >= settingRanges[name].minimum &&
    (value as number) <= settingRanges[name].maximum);

export interface SettingFault {
  field: string;
  /** As JSON, shortened. */
  value: string;
  accepted: string;
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? typeof value).slice(0, 60);

/** Everything about the settings of a request that is not accepted; none where all of it is. */
export function settingFaults(settings: unknown): SettingFault[] {
  const form = `an object of settings, such as {"moneyDepth": 80}; null takes one back`;
  if (typeof settings !== 'object' || settings === null || Object.keys(settings).length === 0)
    return [{ field: 'settings', value: shown(settings), accepted: form }];
  return Object.entries(settings).flatMap(([name, value]) => {
    const field = `settings.${name}`;
    const known = monitorSettingNames.find((setting) => setting === name);
    if (!known) return [{ field, value: shown(value), accepted: `one of ${monitorSettingNames.join(', ')}` }];
    if (isAccepted(known, value)) return [];
    return [{ field, value: shown(value), accepted: `${acceptedOf(known)}, or null` }];
  });
}

/** Set by people. */
export type Overrides = Readonly<Partial<MonitorSettings>>;

/** The overrides after a change. */
export function overridesAfter(before: Overrides, settings: ConfigureRequest['settings']): Overrides {
  return Object.fromEntries(Object.entries({ ...before, ...settings }).filter(([, value]) => value !== null));
}

/** What holds. `configured` is unknown before the first sample. */
export const settingsUnder = (
  overrides: Overrides,
  configured: MonitorSettings = defaultMonitorSettings,
): MonitorSettings => ({ ...configured, ...overrides });

/** A change to be recorded before it holds. */
export interface MonitorChange {
  /** An opaque id: recorded twice, it is the same change. */
  changeId: string;
  request: ConfigureRequest;
  overrides: Overrides;
  /** Business time, ISO 8601 UTC. */
  now: string;
}
