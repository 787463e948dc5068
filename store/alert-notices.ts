/** What became of notices of incidents, channel by channel. All of it is the tenant's `platform`. */
import type { NoticeView } from '../contracts/alert-records.ts';
import { platform } from '../contracts/ids.ts';
import { type Pool, withTenant } from '../infrastructure/postgres.ts';
import { fromRow, type Row, storableText } from './rows.ts';

/** A row of `alert_notices`. */
export interface AlertNoticeRecord extends NoticeView {
  alertId: string;
}

/** A notice that left, or never will. */
export type NewAlertNotice = Omit<AlertNoticeRecord, 'sentAt'>;

export const createAlertNotices = (pool: Pool) => ({
  /** Doing it again changes nothing. */
  record({ alertId, number, kind, channel, outcome, reference, code }: NewAlertNotice) {
    return withTenant(pool, platform, async (tx): Promise<void> => {
      await tx.affected(
        `insert into alert_notices (tenant_id, alert_id, number, kind, channel, outcome, reference, code)
         values ('${platform}', $1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
        [
          alertId, number, kind, channel, outcome,
          reference === undefined ? null : storableText(reference), code === undefined ? null : storableText(code),
        ], // prettier-ignore
      );
    });
  },

  /** Of these incidents, in the order of sending. */
  of(alertIds: readonly string[]): Promise<AlertNoticeRecord[]> {
    return withTenant(pool, platform, async (tx) => {
      const rows = await tx.rows<Row<AlertNoticeRecord>>(
        `select alert_id as "alertId", number, kind, channel, outcome, reference, code, sent_at as "sentAt"
         from alert_notices where tenant_id = '${platform}' and alert_id = any($1) order by id`,
        [alertIds],
      );
      return rows.map((row) => fromRow<AlertNoticeRecord>(row));
    });
  },
});
