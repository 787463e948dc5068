/** The world outside of a monitor, as far as it sees it: what a sample says, and the rows of `alert_history`. */
import type { TrackedIncident } from '../../contracts/incidents.ts';
import type { Sample, SampleRequest } from '../../contracts/monitor.ts';
import type { MonitorChange } from '../../contracts/monitor-settings.ts';
import { sampleOf } from './monitor-samples.ts';

export class MonitorOutside {
  /** What is not well, in the next samples. */
  now: Omit<Parameters<typeof sampleOf>[0] & object, 'at'> = {};
  readonly rows = new Map<string, TrackedIncident>();
  readonly changes = new Map<string, MonitorChange>();
  readonly recorded: Sample[] = [];
  #samples = 0;

  /** As of business time, in milliseconds. */
  sample(_: SampleRequest, milliseconds: number): Sample {
    this.#samples += 1;
    const at = new Date(milliseconds).toISOString();
    const { books = {} } = this.now;
    const sample = sampleOf({ ...this.now, books: books === 'away' ? books : { lanesRecordedAt: at, ...books } });
    // Whatever it carries comes back with the next request.
    return { ...sample, at, cursor: { ends: {}, oldest: { money: { start: `sample ${this.#samples}` } } } };
  }

  /** As store/alerts.ts does it. */
  sync(incidents: readonly TrackedIncident[]): TrackedIncident[] {
    for (const tracked of incidents.toSorted((a, b) => Number(!a.endedAt) - Number(!b.endedAt))) {
      const { alertId } = tracked.incident;
      const known = this.rows.get(alertId);
      const { acknowledged } = known ?? {};
      if (!known && !tracked.endedAt && this.#openOf(tracked)) continue;
      this.rows.set(alertId, { ...tracked, ...(acknowledged ? { acknowledged } : {}) });
    }
    const given = new Set(incidents.map(({ incident }) => incident.alertId));
    return [...this.rows.values()].filter(({ incident, endedAt }) => !endedAt || given.has(incident.alertId));
  }

  acknowledge(by: string): void {
    for (const [alertId, row] of this.rows)
      this.rows.set(alertId, { ...row, acknowledged: { by, at: row.incident.openedAt } });
  }

  #openOf({ incident }: TrackedIncident): TrackedIncident | undefined {
    return [...this.rows.values()].find(
      (row) => !row.endedAt && row.incident.type === incident.type && row.incident.subject === incident.subject,
    );
  }
}
