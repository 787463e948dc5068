/** The ports of reconciliation, served by the store, by Temporal and by the client, as a webhook is. */
import { createReconciliationActivities } from '../activities/reconciliation.ts';
import { createReconciliationChainActivities } from '../activities/reconciliation-chain.ts';
import type { JudgePorts } from '../activities/reconciliation-judge.ts';
import { createReconciliationRecordActivities } from '../activities/reconciliation-records.ts';
import type { ChainReader } from '../activities/providers/chain/reading.ts';
import type { ReconciliationProvider } from '../activities/providers/stripe/reconciliation.ts';
import { createBoxoffice } from '../client/index.ts';
import type { LaneCaller } from '../lanes/call.ts';
import type { Store } from '../store/index.ts';
import { isRunning, type WorkflowStarter } from './record-ports.ts';

interface Served {
  store: Store;
  temporal: WorkflowStarter;
  lanes: LaneCaller;
}

const judgePorts = ({ store, temporal }: Pick<Served, 'store' | 'temporal'>): JudgePorts => {
  const { refunds } = createBoxoffice({ temporal: { client: temporal } });
  return {
    rows: store.reconciliation,
    isRunning: (workflowId, firstRunId) => isRunning(temporal, workflowId, firstRunId),
    // Whatever kind of workflow it is: it hears of it by the same signal.
    deliver: (workflowId, event) => refunds.deliver(workflowId, event),
  };
};

export const reconciliationActivities = ({ store, temporal, lanes }: Served, provider: ReconciliationProvider) =>
  createReconciliationActivities({
    ...judgePorts({ store, temporal }),
    provider,
    lanes,
    books: store.reconciliationBooks,
    rows: store.reconciliation,
  });

export const reconciliationChainActivities = ({ store, temporal, lanes }: Served, chain: ChainReader) =>
  createReconciliationChainActivities({
    ...judgePorts({ store, temporal }),
    chain,
    lanes,
    books: store.reconciliationBooks,
    rows: store.reconciliation,
  });

export const reconciliationRecordActivities = ({ store, temporal }: Pick<Served, 'store' | 'temporal'>) => {
  const { disputes, refunds, payouts } = createBoxoffice({ temporal: { client: temporal } });
  return createReconciliationRecordActivities({
    rows: store.reconciliation,
    books: store.reconciliationBooks,
    hear: {
      dispute: (request, event) => disputes.deliver(request, event),
      refundReturn: (request, event) => refunds.deliverReturn(request, event),
      payoutReturn: (tenantId, payoutId, event) => payouts.cameBack(tenantId, payoutId, event),
    },
  });
};
