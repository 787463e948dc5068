/** Incidents as people look them up, and who acknowledged them. All of it is the tenant's `platform`. */
import { headlineOf } from '../contracts/alert-words.ts';
import type { Incident, Severity } from '../contracts/alerts.ts';
import { platform } from '../contracts/ids.ts';
import type { Acknowledgement, TrackedIncident } from '../contracts/incidents.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { cursorOf, pageOf, pageSizeOf } from './payment-reads.ts';
import { fromRow, type Row, storableText } from './rows.ts';

/** A row of `alert_history`. */
export interface AlertRecord extends TrackedIncident {
  /** As the first notice said it. */
  message: string;
}

export interface AlertFilter {
  severity?: Severity;
  /** True: those that go on; false: those that are over. */
  open?: boolean;
  /** 1 to 200; 50 where it is absent. */
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
}

export interface AlertPage {
  /** Newest first. */
  alerts: AlertRecord[];
  nextCursor?: string;
}

interface Columns extends Incident {
  id: number;
  message: string;
  lastValue: number;
  reopened: number;
  notices: number;
  noticedAt?: string;
  escalated: boolean;
  by?: string;
  at?: string;
  endedAt?: string;
}

const columns = `id, alert_id as "alertId", alert_type as type, subject, severity, metric_value as value,
  threshold_value as threshold, since, created_at as "openedAt", message, last_value as "lastValue", reopened, notices,
  noticed_at as "noticedAt", escalated, acknowledged_by as by, acknowledged_at as at, ended_at as "endedAt"`;

function recordOf(row: Row<Columns>): AlertRecord {
  const {
    id: _,
    message,
    lastValue,
    reopened,
    notices,
    noticedAt,
    escalated,
    by,
    at,
    endedAt,
    ...incident
  } = fromRow<Columns>(row);
  return {
    incident,
    message,
    lastValue,
    reopened,
    notices,
    ...(noticedAt === undefined ? {} : { noticedAt }),
    escalated,
    ...(by === undefined || at === undefined ? {} : { acknowledged: { by, at } }),
    ...(endedAt === undefined ? {} : { endedAt }),
  };
}

/** Who acknowledged it stands in the row alone. */
function rowOf(tracked: TrackedIncident) {
  const { incident, acknowledged: _, ...standing } = tracked;
  return { ...standing, ...incident, message: headlineOf(incident) };
}

const isOpen = ({ endedAt }: TrackedIncident) => endedAt === undefined;

const given = `jsonb_to_recordset($1) as given("alertId" text, type text, subject text, severity text, value float8,
  threshold float8, since timestamptz, "openedAt" timestamptz, message text, "lastValue" float8, reopened integer,
  notices integer, "noticedAt" timestamptz, escalated boolean, "endedAt" timestamptz)`;

/**
 * Brings rows up to date, ended ones before open ones: an end makes room for what is open now. A row that cannot be opened,
 * because another one of its type and subject is, stays as it is; the monitor hears of that one in the answer.
 */
async function write(tx: Tx, incidents: readonly TrackedIncident[], now: string): Promise<void> {
  for (const some of [incidents.filter((tracked) => !isOpen(tracked)), incidents.filter(isOpen)]) {
    if (some.length === 0) continue;
    const rows = JSON.stringify(some.map(rowOf));
    await tx.affected(
      `update alert_history old
       set last_value = given."lastValue", reopened = given.reopened, notices = given.notices,
         noticed_at = given."noticedAt", escalated = given.escalated, ended_at = given."endedAt", looked_at = $2
       from ${given}
       where tenant_id = '${platform}' and alert_id = given."alertId" and looked_at <= $2
         and (given."endedAt" is not null or not exists (
           select from alert_history rival where rival.tenant_id = '${platform}' and rival.alert_type = given.type
             and rival.subject = given.subject and rival.ended_at is null and rival.alert_id <> given."alertId"))`,
      [rows, now],
    );
    await tx.affected(
      `insert into alert_history (tenant_id, alert_id, severity, alert_type, subject, message, metric_value,
         threshold_value, last_value, since, reopened, notices, noticed_at, escalated, created_at, ended_at, looked_at)
       select '${platform}', "alertId", severity, type, subject, message, value, threshold, "lastValue", since, reopened,
         notices, "noticedAt", escalated, "openedAt", "endedAt", $2
       from ${given} on conflict do nothing`,
      [rows, now],
    );
  }
}

/** Tests apart: they are over as soon as they are written, and the monitor never sees one. */
const standingIn = (tx: Tx, alertIds: readonly string[]) =>
  tx.rows<Row<Columns>>(
    `select ${columns} from alert_history
     where tenant_id = '${platform}' and (ended_at is null or alert_id = any($1)) order by id`,
    [alertIds],
  );

const find = (tx: Tx, alertId: string) =>
  tx.first<Row<Columns>>(`select ${columns} from alert_history where tenant_id = '${platform}' and alert_id = $1`, [
    alertId,
  ]);

async function listIn(tx: Tx, { severity, open, limit = 50, cursor }: AlertFilter): Promise<AlertPage> {
  const size = pageSizeOf(limit);
  const rows = await tx.rows<Row<Columns>>(
    `select ${columns} from alert_history
     where tenant_id = '${platform}' and ($1::text is null or severity = $1)
       and ($2::boolean is null or (ended_at is null) = $2) and ($3::bigint is null or id < $3)
     order by id desc limit $4`,
    [severity ?? null, open ?? null, cursorOf(cursor), size + 1],
  );
  const { items, next } = pageOf(rows, size, { item: recordOf, number: ({ id }) => id });
  return { alerts: items, ...next };
}

export const createAlerts = (pool: Pool) => ({
  /**
   * Writes how the monitor's incidents stand at `now`; doing it again changes nothing. Answers every open row, those of an
   * earlier monitor among them, and the rows of `incidents`: with who acknowledged them.
   */
  sync(incidents: readonly TrackedIncident[], now: string): Promise<TrackedIncident[]> {
    return withTenant(pool, platform, async (tx) => {
      await write(tx, incidents, now);
      const rows = await standingIn(
        tx,
        incidents.map(({ incident }) => incident.alertId),
      );
      return rows.map((row) => {
        const { message: _, ...tracked } = recordOf(row);
        return tracked;
      });
    });
  },

  /** What is over as soon as it is there: an alert that somebody asked for. Doing it again changes nothing. */
  recordTest(incident: Incident): Promise<void> {
    const { openedAt } = incident;
    const tracked = {
      incident,
      lastValue: incident.value,
      reopened: 0,
      notices: 1,
      noticedAt: openedAt,
      escalated: false,
    };
    return withTenant(pool, platform, (tx) => write(tx, [{ ...tracked, endedAt: openedAt }], openedAt));
  },

  /** Undefined where there is none (any more). */
  get(alertId: string): Promise<AlertRecord | undefined> {
    return withTenant(pool, platform, async (tx) => {
      const row = await find(tx, alertId);
      return row && recordOf(row);
    });
  },

  /** @throws InvalidCursorError */
  list: (filter: AlertFilter = {}): Promise<AlertPage> => withTenant(pool, platform, (tx) => listIn(tx, filter)),

  /** The first one stays. Answers the row as it is then; undefined where there is none. An alert that is over, too. */
  acknowledge(alertId: string, { by, at }: Acknowledgement): Promise<AlertRecord | undefined> {
    return withTenant(pool, platform, async (tx) => {
      await tx.affected(
        `update alert_history set acknowledged = true, acknowledged_by = $2, acknowledged_at = $3
         where tenant_id = '${platform}' and alert_id = $1 and not acknowledged`,
        [alertId, storableText(by), at],
      );
      const row = await find(tx, alertId);
      return row && recordOf(row);
    });
  },
});
