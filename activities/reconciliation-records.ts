/** A reconciliation's own rows, the ledger's proof, and what a lost webhook would have said. */
import { dayBounds } from '../contracts/days.ts';
import type { ProviderEvent } from '../contracts/messages.ts';
import type {
  DifferenceKind,
  ReconciliationCounts,
  ReconciliationResult,
  Remedy,
} from '../contracts/reconciliation.ts';
import type { DisputeRequest, RefundReturnRequest } from '../contracts/dispute.ts';
import type { ReconciliationRun, RunTotals, Store } from '../store/index.ts';
import { eventOf, following, type Judged } from './reconciliation-judge.ts';

export interface ReconciliationRecordPorts {
  rows: Pick<Store['reconciliation'], 'begin' | 'record' | 'curable' | 'healed' | 'end' | 'list'>;
  books: Pick<Store['reconciliationBooks'], 'unbalanced' | 'transactions'>;
  /** As a webhook does, under the same ids: one that comes late changes nothing. */
  hear: {
    dispute(request: DisputeRequest, event: ProviderEvent): Promise<'delivered' | 'closed'>;
    refundReturn(request: RefundReturnRequest, event: ProviderEvent): Promise<'delivered' | 'closed'>;
    payoutReturn(tenantId: string, payoutId: string, event: ProviderEvent): Promise<void>;
  };
}

export interface EndReconciliationInput extends ReconciliationRun {
  cancelled: boolean;
  compared: ReconciliationCounts;
}

/** As much of a difference as a table shows. */
export interface ShownDifference {
  kind: DifferenceKind;
  objectId: string;
  amount?: number;
  currency?: string;
  state: 'open' | 'healed' | 'closed';
}

export interface EndedReconciliation extends RunTotals {
  status: ReconciliationResult['status'];
  shown: ShownDifference[];
}

export interface Healed {
  /** Absent: none is left. */
  after?: number;
  healed: number;
}

const healedAtOnce = 50;
const shownAtMost = 20;

export type ReconciliationRecordActivities = ReturnType<typeof createReconciliationRecordActivities>;

export function createReconciliationRecordActivities({ rows, books, hear }: ReconciliationRecordPorts) {
  async function tell(tenantId: string, remedy: Remedy): Promise<boolean> {
    switch (remedy.tell) {
      case 'dispute': {
        const { disputeId, paymentKey } = remedy;
        const event = eventOf('charge.dispute.updated', disputeId);
        return (await hear.dispute({ tenantId, disputeId, paymentKey }, event)) === 'delivered';
      }
      case 'refund-return': {
        const { refundId, providerRefundId } = remedy;
        const event = eventOf('refund.failed', providerRefundId);
        return (await hear.refundReturn({ tenantId, refundId, providerRefundId }, event)) === 'delivered';
      }
      case 'payout-return': {
        await hear.payoutReturn(tenantId, remedy.payoutId, eventOf('payout.failed', remedy.providerPayoutId));
        return true;
      }
    }
  }

  return {
    beginReconciliation: (run: ReconciliationRun): Promise<void> => rows.begin(run),

    /** The day's transactions sum to zero, each of them. PostgreSQL refuses others, so this finds what went around it. */
    async compareLedger(run: ReconciliationRun): Promise<Judged> {
      const day = dayBounds(run.day);
      const unbalanced = await books.unbalanced(run.tenantId, day);
      const found = unbalanced.map(({ id, operation, step, currency, sum }) => ({
        kind: 'ledger_unbalanced' as const,
        objectId: String(id),
        ours: { operation, step, currency, sum },
        theirs: null,
        amount: Math.abs(sum),
        currency,
      }));
      if (found.length > 0) await rows.record({ ...run, examined: [], found });
      return { compared: await books.transactions(run.tenantId, day), found: found.length, told: 0 };
    },

    /** Says what a lost webhook would have said, of what this run saw. It books nothing and moves no money. */
    async healDifferences({ after, ...run }: ReconciliationRun & { after: number }): Promise<Healed> {
      const curable = await rows.curable(run, { after, limit: healedAtOnce });
      const told: number[] = [];
      for (const { id, remedy } of curable) if (await tell(run.tenantId, remedy)) told.push(id);
      if (told.length > 0) await rows.healed(run, told);
      return { healed: told.length, ...following(curable, healedAtOnce) };
    },

    async endReconciliation({ cancelled, compared, ...run }: EndReconciliationInput): Promise<EndedReconciliation> {
      const totals = await rows.end(run, { cancelled, compared });
      const found = await rows.list(run.tenantId, { day: run.day, open: false, limit: shownAtMost });
      const shown = found.map(({ kind, objectId, amount, currency, healedAt, closedAt }) => ({
        kind,
        objectId,
        ...(amount === undefined ? {} : { amount }),
        ...(currency === undefined ? {} : { currency }),
        state: closedAt ? ('closed' as const) : healedAt ? ('healed' as const) : ('open' as const),
      }));
      return { ...totals, shown };
    },
  };
}
