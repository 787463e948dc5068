import { describe, expect, it } from 'vitest';
import { defaultMonitorSettings, type MonitorSettings } from '../../contracts/monitor.ts';
import {
  monitorSettingNames,
  overridesAfter,
  settingFaults,
  settingRanges,
  settingsUnder,
} from '../../contracts/monitor-settings.ts';
import { ConfigurationError, loadConfig } from '../../infrastructure/config.ts';
import { monitorSettingsOf, monitorVariables } from '../../infrastructure/monitor-config.ts';

describe('what people set', () => {
  it('holds over what is configured until it is taken back', () => {
    const first = overridesAfter({}, { moneyDepth: 80, moneyFailed: 3 });
    expect(settingsUnder(first)).toEqual({ ...defaultMonitorSettings, moneyDepth: 80, moneyFailed: 3 });
    const second = overridesAfter(first, { moneyDepth: null, moneyFailed: 4, cooldownSeconds: null });
    expect(second).toEqual({ moneyFailed: 4 });
    expect(settingsUnder(second, { ...defaultMonitorSettings, moneyDepth: 7 })).toMatchObject({
      moneyDepth: 7,
      moneyFailed: 4,
    });
  });

  it.each([
    [undefined, 'settings', 'undefined'],
    [{}, 'settings', '{}'],
    ['moneyDepth', 'settings', '"moneyDepth"'],
    [{ moneyDpth: 1 }, 'settings.moneyDpth', '1'],
    [{ everySeconds: 0 }, 'settings.everySeconds', '0'],
    [{ everySeconds: 601 }, 'settings.everySeconds', '601'],
    [{ failureRatePercent: 0.5 }, 'settings.failureRatePercent', '0.5'],
    [{ failureRatePercent: '10' }, 'settings.failureRatePercent', '"10"'],
  ])('%j is refused with field, value and what is accepted', (settings, field, value) => {
    expect(settingFaults(settings)).toEqual([{ field, value, accepted: expect.stringMatching(/.{10,}/u) }]);
  });

  it('says every fault at once, and none where there is none', () => {
    expect(settingFaults({ everySeconds: 0, moneyDepth: -1, moneyFailed: 3 }).map(({ field }) => field)).toEqual([
      'settings.everySeconds',
      'settings.moneyDepth',
    ]);
    expect(settingFaults({ everySeconds: 1, moneyDepth: null })).toEqual([]);
  });

  it('has defaults within their ranges', () => {
    for (const name of monitorSettingNames) expect(settingFaults({ [name]: defaultMonitorSettings[name] })).toEqual([]);
    expect(Object.keys(settingRanges).toSorted()).toEqual(Object.keys(defaultMonitorSettings).toSorted());
  });
});

const load = (env: Record<string, string>) => monitorSettingsOf(loadConfig(env, ['monitor']).monitor);

describe('the environment', () => {
  it('is the contract, where it says nothing', () => {
    expect(load({})).toEqual(defaultMonitorSettings);
  });

  it('has a name of its own for each setting', () => {
    const set = Object.keys(monitorVariables).map((name) => {
      const changed = Object.entries(load({ [name]: '99' })).filter(
        ([key, value]) => value !== defaultMonitorSettings[key as keyof MonitorSettings],
      );
      expect([name, changed.map(([, value]) => value)]).toEqual([name, [99]]);
      return changed[0]![0];
    });
    expect(set.toSorted()).toEqual(Object.keys(defaultMonitorSettings).toSorted());
    expect(load({ ALERT_THRESHOLD_MONEY_QUEUE: '99' }).moneyDepth).toBe(99);
    expect(load({ ALERT_THRESHOLD_COMM_QUEUE: '99' }).communicationDepth).toBe(99);
    expect(load({ ALERT_THRESHOLD_FAILURE_RATE: '99' }).failureRatePercent).toBe(99);
  });

  it('is refused with what would be accepted', () => {
    expect(() => load({ ALERT_THRESHOLD_FAILURE_RATE: '0.1' })).toThrow(
      new ConfigurationError(['ALERT_THRESHOLD_FAILURE_RATE is "0.1"; set it to a whole number from 0 to 100 percent']),
    );
  });
});
