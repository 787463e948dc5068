/** Until when the money of a purchase is held: for those who watch the clock. No decision depends on it. */
import { type Pool, withTenant } from '../infrastructure/postgres.ts';

export interface HeldMoney {
  tenantId: string;
  paymentKey: string;
  /** When the hold ends. ISO 8601. */
  captureBefore: string;
}

export const createAuthorizations = (pool: Pool) => ({
  /** Idempotent; a purchase that has ended is left as it is. */
  held({ tenantId, paymentKey, captureBefore }: HeldMoney): Promise<void> {
    return withTenant(pool, tenantId, async (tx) => {
      await tx.affected(
        `update payments set capture_before = $3
         where tenant_id = $1 and payment_key = $2 and status = 'live' and capture_before is distinct from $3::timestamptz`,
        [tenantId, paymentKey, captureBefore],
      );
    });
  },
});
