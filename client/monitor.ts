/** The monitor under people's hands, over the API, which knows who the person is. */
import type { ConfigureRequest, MonitorStatus } from '../contracts/monitor.ts';
import { type ApiAccess, callApi, withQuery } from './http.ts';

export type MonitorChangeRecord = ConfigureRequest & { changedAt: string };

export interface MonitorCalls {
  /** @throws ApiError with code `not_found` where no monitor was ever started. */
  status(): Promise<MonitorStatus>;
  /** Newest first; 50 where `limit` is absent, 200 at most. */
  changes(filter?: { limit?: number }): Promise<MonitorChangeRecord[]>;
  /**
   * Sets thresholds over what the environment says, for all tenants; null takes one back. Doing it again is safe.
   * @throws ApiError with code `invalid_request` or `forbidden`: nothing was changed.
   * @throws UnavailableError: unknown whether it was.
   */
  configure(settings: ConfigureRequest['settings'], reason: string): Promise<MonitorStatus>;
}

export const createMonitorCalls = (access: ApiAccess | undefined): MonitorCalls => ({
  status: async () => (await callApi(access, 'GET', '/monitor')) as MonitorStatus,
  changes: async (filter = {}) => {
    const answer = await callApi(access, 'GET', withQuery('/monitor/changes', filter));
    return (answer as { changes: MonitorChangeRecord[] }).changes;
  },
  configure: async (settings, reason) =>
    (await callApi(access, 'POST', '/monitor/settings', { settings, reason })) as MonitorStatus,
});
