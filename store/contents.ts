/** Links and codes that only a message may show. Their time is real time: it is a person who has to be in time. */
import type { MessageContentBody } from '../contracts/schema/contents.ts';
import { type Pool, withTenant } from '../infrastructure/postgres.ts';
import { fromRow, type Row } from './rows.ts';

export interface MessageContent {
  link?: string;
  code?: string;
  /** ISO 8601. */
  expiresAt: string;
}

export const createMessageContents = (pool: Pool) => ({
  /** Answers until when it can be read. */
  put({
    tenantId,
    ref,
    link,
    code,
    minutes,
  }: MessageContentBody & { tenantId: string; ref: string }): Promise<{ expiresAt: string }> {
    return withTenant(pool, tenantId, async (tx) => {
      const row = await tx.first<{ expiresAt: string }>(
        `insert into message_contents (tenant_id, ref, link, code, expires_at)
         values ($1, $2, $3, $4, now() + $5::int * interval '1 minute') returning expires_at as "expiresAt"`,
        [tenantId, ref, link ?? null, code ?? null, minutes],
      );
      return row!;
    });
  },

  /** Undefined once it has expired, too. The answer is secret: send it, never log it. */
  read(tenantId: string, ref: string): Promise<MessageContent | undefined> {
    return withTenant(pool, tenantId, async (tx) => {
      const row = await tx.first<Row<MessageContent>>(
        `select link, code, expires_at as "expiresAt" from message_contents
         where tenant_id = $1 and ref = $2 and expires_at > now()`,
        [tenantId, ref],
      );
      return row && fromRow<MessageContent>(row);
    });
  },
});
