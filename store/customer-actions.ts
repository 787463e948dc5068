/** What a customer needs for 3-D Secure, from when their bank asks for them until they have acted. */
import { type Pool, withTenant } from '../infrastructure/postgres.ts';
import { fromRow, type Row } from './rows.ts';

export interface CustomerAction {
  workflowId: string;
  intentId: string;
  /** A secret of the provider's: for the customer's browser, and for no log and no history. */
  clientSecret: string;
  /** ISO 8601. */
  expiresAt: string;
}

interface PaymentRef {
  tenantId: string;
  paymentKey: string;
}

/** Goes before a statement that ends the payment ($1 tenant, $2 key): with its end nobody is waited for. */
export const forgetCustomer = `with forgotten as (
  delete from customer_actions where tenant_id = $1 and payment_key = $2
)`;

export const createCustomerActions = (pool: Pool) => ({
  /**
   * Written anew by each attempt, and by none after the purchase has ended: its claim is held off meanwhile, so that the
   * end finds what a late attempt wrote.
   */
  put({ tenantId, paymentKey, ...action }: PaymentRef & CustomerAction): Promise<void> {
    return withTenant(pool, tenantId, async (tx) => {
      const live = await tx.first(
        `select from idempotency_keys
         where tenant_id = $1 and kind = 'payment' and key = $2 and status = 'live' for share`,
        [tenantId, paymentKey],
      );
      if (!live) return;
      await tx.affected(
        `insert into customer_actions (tenant_id, payment_key, workflow_id, intent_id, client_secret, expires_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id, payment_key) do update set workflow_id = excluded.workflow_id,
           intent_id = excluded.intent_id, client_secret = excluded.client_secret, expires_at = excluded.expires_at`,
        [tenantId, paymentKey, action.workflowId, action.intentId, action.clientSecret, action.expiresAt],
      );
    });
  },

  /** Undefined where no customer is waited for. */
  get({ tenantId, paymentKey }: PaymentRef): Promise<CustomerAction | undefined> {
    return withTenant(pool, tenantId, async (tx) => {
      const row = await tx.first<Row<CustomerAction>>(
        `select workflow_id as "workflowId", intent_id as "intentId", client_secret as "clientSecret",
           expires_at as "expiresAt"
         from customer_actions where tenant_id = $1 and payment_key = $2`,
        [tenantId, paymentKey],
      );
      return row && fromRow<CustomerAction>(row);
    });
  },

  /** Nobody is waited for, and whatever money was noted as held is not. Idempotent. */
  drop({ tenantId, paymentKey }: PaymentRef): Promise<void> {
    return withTenant(pool, tenantId, async (tx) => {
      await tx.affected(
        `${forgetCustomer} update payments set capture_before = null
         where tenant_id = $1 and payment_key = $2 and capture_before is not null`,
        [tenantId, paymentKey],
      );
    });
  },
});
