/** What became of notices of incidents, channel by channel. All of it is the tenant's `platform`. */
import type { Channel, ChannelOutcome, NoticeKind } from '../contracts/alerts.ts';
import { platform } from '../contracts/ids.ts';
import { type Pool, withTenant } from '../infrastructure/postgres.ts';
import { fromRow, type Row, storableText } from './rows.ts';

/** A row of `alert_notices`. */
export interface AlertNoticeRecord {
  alertId: string;
  /** Of the incident's notices, 1 for the first. */
  number: number;
  kind: NoticeKind;
  channel: Channel;
  outcome: Exclude<ChannelOutcome, 'cancelled'>;
  /** The provider's: a Message-ID, or a sid. */
  reference?: string;
  /** Why it was given up: the provider's code. */
  code?: string;
  /** ISO 8601 UTC. */
  sentAt: string;
}

export const createAlertNotices = (pool: Pool) => ({
  /** Doing it again changes nothing. */
  record({ alertId, number, kind, channel, outcome, reference, code }: Omit<AlertNoticeRecord, 'sentAt'>) {
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
