/** A lost dispute's shares, when a refund that was set aside beside it turns out not to happen. */
import type { Tx } from '../infrastructure/postgres.ts';
import { post } from './ledger.ts';
import type { Operation } from './operation.ts';
import { feeShareOf } from './refund-rules.ts';
import { lockPayment, readSums } from './refund-state.ts';

interface LostDispute {
  disputeId: string;
  withdrawn: number;
  feeShare: number;
}

/**
 * While the refund was live, its part of the platform's fee counted as given back, so the dispute was lost with less of it.
 * Nothing else would correct that: no money of the payment may be left. Once per refund, after its end is written.
 */
export async function reshareLost(
  tx: Tx,
  { operation, paymentKey, now }: { operation: Operation; paymentKey: string; now: string },
): Promise<void> {
  const { tenantId, workflowId } = operation;
  const lost = await tx.first<LostDispute>(
    `select dispute_id as "disputeId", withdrawn, fee_share as "feeShare" from disputes
     where tenant_id = $1 and payment_key = $2 and outcome = 'lost' order by dispute_seq desc limit 1`,
    [tenantId, paymentKey],
  );
  const payment = lost && (await lockPayment(tx, tenantId, paymentKey));
  if (!payment) return;
  const { taken, feeTaken } = await readSums(tx, tenantId, paymentKey);
  const others = { taken: taken - lost.withdrawn, feeTaken: feeTaken - lost.feeShare };
  const feeShare = feeShareOf(lost.withdrawn, { ...payment, ...others });
  const more = feeShare - lost.feeShare;
  if (more === 0) return;
  const { venueId, currency, availableOn } = payment;
  await post(tx, {
    tenantId,
    operation: workflowId,
    step: 'lost_reshared',
    occurredAt: now,
    venueId,
    currency,
    ...(availableOn === null ? {} : { availableOn }),
    postings: [
      { account: 'platform_fees', amount: more },
      { account: 'venue_payable', amount: -more },
    ],
  });
  await tx.affected(`update disputes set fee_share = $3 where tenant_id = $1 and dispute_id = $2`, [
    tenantId,
    lost.disputeId,
    feeShare,
  ]);
}
