/** Facts of refunds. */
import type { MailData } from '../../activities/providers/mail/render.ts';
import type { Store } from '../../store/index.ts';
import { createSaleFacts } from './sales.ts';

export function createRefundFacts(store: Store, supportAddress: string) {
  const sales = createSaleFacts(store);
  return {
    /** Undefined for a refund that has not ended as hoped: nothing else may be confirmed. */
    confirmation: async (tenantId: string, refundId: string): Promise<MailData['refund-confirmation'] | undefined> => {
      const record = await store.refunds.get(tenantId, refundId);
      if (record?.status !== 'completed' || !record.refund || !record.endedAt) return undefined;
      const { refund, endedAt } = record;
      const found = await sales.sold(tenantId, refund.paymentKey);
      return (
        found && {
          venueName: found.venue.name,
          eventName: found.event.name,
          orderId: found.sale.orderId,
          currency: refund.currency,
          amount: refund.amount,
          paid: found.sale.amount,
          refundedAt: refund.refundedAt ?? endedAt,
          burned: refund.burned,
          supportAddress,
        }
      );
    },
  };
}
