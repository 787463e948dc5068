/** Incidents and their notices in memory, by the rules of store/alerts.ts. */
import type { Acknowledgement } from '../../contracts/incidents.ts';
import type { AlertNotice, Incident } from '../../contracts/alerts.ts';
import { headlineOf } from '../../contracts/alert-words.ts';
import type { AlertFilter, AlertNoticeRecord, AlertRecord } from '../../store/index.ts';
import { incidentOf as foundOf } from './incidents.ts';

/** Found some time after it began. */
export const incidentOf = (change: Partial<Incident> = {}): Incident =>
  foundOf({
    alertId: 'queue-depth-money-1800000000',
    since: '2027-01-15T07:58:00.000Z',
    openedAt: '2027-01-15T08:00:00.000Z',
    ...change,
  });

export const noticeOf = (change: Partial<AlertNotice> & { incident?: Incident } = {}): AlertNotice => ({
  incident: incidentOf(),
  kind: 'first',
  number: 1,
  ...change,
});

export class AlertsTwin {
  /** Oldest first. */
  readonly records: AlertRecord[] = [];
  readonly sent: AlertNoticeRecord[] = [];
  away = false;

  clear(): void {
    this.records.length = 0;
    this.sent.length = 0;
    this.away = false;
  }

  add(change: Partial<AlertRecord> & { incident?: Incident } = {}): AlertRecord {
    const incident = change.incident ?? incidentOf();
    const record: AlertRecord = {
      incident,
      message: headlineOf(incident),
      lastValue: incident.value,
      reopened: 0,
      notices: 0,
      escalated: false,
      ...change,
    };
    this.records.push(record);
    return record;
  }

  readonly alerts = {
    get: async (alertId: string) => this.#find(alertId),
    list: async ({ severity, open, limit = 50, cursor }: AlertFilter = {}) => {
      const all = this.records
        .map((record, index) => ({ record, id: index + 1 }))
        .toReversed()
        .filter(
          ({ record, id }) =>
            id < Number(cursor ?? Infinity) && (severity ?? record.incident.severity) === record.incident.severity,
        )
        .filter(({ record }) => open === undefined || (record.endedAt === undefined) === open);
      const page = all.slice(0, limit);
      return {
        alerts: page.map(({ record }) => record),
        ...(all.length > limit ? { nextCursor: String(page.at(-1)!.id) } : {}),
      };
    },
    acknowledge: async (alertId: string, acknowledged: Acknowledgement) => {
      const found = this.#find(alertId);
      if (found) found.acknowledged ??= acknowledged;
      return found;
    },
    recordTest: async (incident: Incident) => void this.add({ incident, endedAt: incident.openedAt }),
  };
  readonly alertNotices = {
    of: async (alertIds: readonly string[]) => this.sent.filter(({ alertId }) => alertIds.includes(alertId)),
  };

  #find(alertId: string): AlertRecord | undefined {
    if (this.away) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    return this.records.find(({ incident }) => incident.alertId === alertId);
  }
}
