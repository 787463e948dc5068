/** Events of providers, signature already checked: each counts once, in any order and however often it comes. */
import { type Pool, withTenant } from '../infrastructure/postgres.ts';

export interface WebhookEvent {
  /** `platform` for an event that belongs to no tenant. */
  tenantId: string;
  provider: 'stripe';
  eventId: string;
  type: string;
  livemode: boolean;
  payload: unknown;
  now: string;
}

export const createWebhooks = (pool: Pool) => ({
  /**
   * `new` also for an event that came before and was never processed: whoever took it then may have died, so the
   * redelivery has to be worked on. `known`: processed, nothing to do.
   */
  record(event: WebhookEvent): Promise<'new' | 'known'> {
    return withTenant(pool, event.tenantId, async (tx) => {
      const open = await tx.affected(
        `insert into webhook_events as old (tenant_id, provider, event_id, type, livemode, payload, received_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (tenant_id, provider, event_id) do update set received_at = old.received_at
         where old.processed_at is null`,
        [
          event.tenantId, event.provider, event.eventId, event.type, event.livemode,
          JSON.stringify(event.payload), event.now,
        ], // prettier-ignore
      );
      return open === 1 ? 'new' : 'known';
    });
  },

  /** Idempotent: the first time stays. */
  processed({
    tenantId,
    provider,
    eventId,
    now,
  }: Pick<WebhookEvent, 'tenantId' | 'provider' | 'eventId' | 'now'>): Promise<void> {
    return withTenant(pool, tenantId, async (tx) => {
      await tx.affected(
        `update webhook_events set processed_at = coalesce(processed_at, $4)
         where tenant_id = $1 and provider = $2 and event_id = $3`,
        [tenantId, provider, eventId, now],
      );
    });
  },
});
