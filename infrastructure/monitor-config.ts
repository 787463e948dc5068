/** The monitor's thresholds in the environment: the contract's names, and those of what it did not have. */
import { Type } from 'typebox';
import { defaultMonitorSettings, type MonitorSettings } from '../contracts/monitor.ts';
import { acceptedOf, type MonitorSetting, settingRanges } from '../contracts/monitor-settings.ts';

function setting(name: MonitorSetting) {
  const { minimum, maximum } = settingRanges[name];
  return Type.Integer({ minimum, maximum, default: defaultMonitorSettings[name], description: acceptedOf(name) });
}

export const monitorVariables = {
  MONITOR_INTERVAL_SECONDS: setting('everySeconds'),
  ALERT_THRESHOLD_MONEY_QUEUE: setting('moneyDepth'),
  ALERT_THRESHOLD_MONEY_AGE_MINUTES: setting('moneyAgeMinutes'),
  ALERT_THRESHOLD_MONEY_FAILED: setting('moneyFailed'),
  ALERT_THRESHOLD_COMM_QUEUE: setting('communicationDepth'),
  ALERT_THRESHOLD_BACKGROUND_QUEUE: setting('backgroundDepth'),
  ALERT_THRESHOLD_FAILURE_RATE: setting('failureRatePercent'),
  ALERT_FAILURE_WINDOW_MINUTES: setting('failureWindowMinutes'),
  ALERT_THRESHOLD_LANE_STOPPED_MINUTES: setting('laneStoppedMinutes'),
  ALERT_THRESHOLD_LANE_BLOCKED_MINUTES: setting('laneBlockedMinutes'),
  ALERT_THRESHOLD_PERSON_WAITS_MINUTES: setting('personWaitsMinutes'),
  ALERT_THRESHOLD_AUTHORIZATION_HOURS: setting('authorizationEndsHours'),
  ALERT_THRESHOLD_EVIDENCE_HOURS: setting('evidenceDueHours'),
  ALERT_COOLDOWN_CRITICAL_SECONDS: setting('cooldownCriticalSeconds'),
  ALERT_COOLDOWN_SECONDS: setting('cooldownSeconds'),
  ALERT_ESCALATION_SECONDS: setting('escalateAfterSeconds'),
};

type MonitorVariables = Readonly<Record<keyof typeof monitorVariables, number>>;

/** What the environment sets; people set more while the monitor runs. */
export const monitorSettingsOf = (config: MonitorVariables): MonitorSettings => ({
  everySeconds: config.MONITOR_INTERVAL_SECONDS,
  moneyDepth: config.ALERT_THRESHOLD_MONEY_QUEUE,
  moneyAgeMinutes: config.ALERT_THRESHOLD_MONEY_AGE_MINUTES,
  moneyFailed: config.ALERT_THRESHOLD_MONEY_FAILED,
  communicationDepth: config.ALERT_THRESHOLD_COMM_QUEUE,
  backgroundDepth: config.ALERT_THRESHOLD_BACKGROUND_QUEUE,
  failureRatePercent: config.ALERT_THRESHOLD_FAILURE_RATE,
  failureWindowMinutes: config.ALERT_FAILURE_WINDOW_MINUTES,
  laneStoppedMinutes: config.ALERT_THRESHOLD_LANE_STOPPED_MINUTES,
  laneBlockedMinutes: config.ALERT_THRESHOLD_LANE_BLOCKED_MINUTES,
  personWaitsMinutes: config.ALERT_THRESHOLD_PERSON_WAITS_MINUTES,
  authorizationEndsHours: config.ALERT_THRESHOLD_AUTHORIZATION_HOURS,
  evidenceDueHours: config.ALERT_THRESHOLD_EVIDENCE_HOURS,
  cooldownCriticalSeconds: config.ALERT_COOLDOWN_CRITICAL_SECONDS,
  cooldownSeconds: config.ALERT_COOLDOWN_SECONDS,
  escalateAfterSeconds: config.ALERT_ESCALATION_SECONDS,
});
