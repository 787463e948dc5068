/** What the provider says of the accounts of venues. It knows no tenant of ours, so whose they are is looked up. */
import { asSystem, type Pool, withTenant } from '../infrastructure/postgres.ts';

export interface VenueOfAccount {
  tenantId: string;
  venueId: string;
}

export const createVenueAccounts = (pool: Pool) => ({
  /** The venues that are paid on an account at the provider: none for an account that is not ours. */
  venuesOf(account: string): Promise<VenueOfAccount[]> {
    return asSystem(pool, (tx) =>
      tx.rows<VenueOfAccount>(
        `select tenant_id as "tenantId", venue_id as "venueId" from venues where connected_account = $1
         order by tenant_id, venue_id`,
        [account],
      ),
    );
  },

  /** The venue's payouts follow its account, unless it has another one by now. */
  setPayoutsEnabled({ tenantId, venueId }: VenueOfAccount, account: string, enabled: boolean): Promise<void> {
    return withTenant(pool, tenantId, async (tx) => {
      await tx.affected(
        `update venues set payouts_enabled = $4, updated_at = now()
         where tenant_id = $1 and venue_id = $2 and connected_account = $3 and payouts_enabled <> $4`,
        [tenantId, venueId, account, enabled],
      );
    });
  },
});
