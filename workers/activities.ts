/** Composition: which activities a process can run, built from what they depend on. */
import { alertActivities } from './alerts.ts';
import { createCardActivities } from '../activities/card.ts';
import { createEventCancellationActivities } from '../activities/event-cancellation.ts';
import { createDeadLetterActivities } from '../activities/dead-letters.ts';
import { createDecisionActivities } from '../activities/decisions.ts';
import { createDisputeActivities } from '../activities/dispute.ts';
import { createIncidentActivities } from '../activities/incidents.ts';
import { createMailActivities } from '../activities/mail.ts';
import { createCardProvider } from '../activities/providers/stripe/provider.ts';
import { createDisputeProvider } from '../activities/providers/stripe/disputes.ts';
import { createReconciliationProvider } from '../activities/providers/stripe/reconciliation.ts';
import { createPayoutProvider } from '../activities/providers/stripe/payouts.ts';
import { createRefundProvider } from '../activities/providers/stripe/refunds.ts';
import { createChainReader } from '../activities/providers/chain/reading.ts';
import { createChainProvider } from '../activities/providers/chain/provider.ts';
import { parseSender } from '../activities/providers/mail/message-id.ts';
import { createMailProvider } from '../activities/providers/mail/provider.ts';
import { createSmsProvider } from '../activities/providers/sms/provider.ts';
import { createPayoutActivities } from '../activities/payout.ts';
import { createRefundActivities } from '../activities/refund.ts';
import { createQueueCounts } from '../activities/queue-counts.ts';
import { createRecordActivities } from '../activities/records.ts';
import { createSamplingActivities, mostCalls } from '../activities/sampling.ts';
import { createSmsActivities } from '../activities/sms.ts';
import { createChainPace } from '../activities/chain-steps.ts';
import { createTicketMoveActivities } from '../activities/ticket-moves.ts';
import { createTicketActivities } from '../activities/tickets.ts';
import { createDeadLetterSending, createDecisionSending } from '../client/index.ts';
import type { LaneName, WorkflowQueue } from '../contracts/task-queues.ts';
import type { Config } from '../infrastructure/config.ts';
import { monitorSettingsOf } from '../infrastructure/monitor-config.ts';
import { readProofKeys } from '../infrastructure/proof-keys.ts';
import { createProofVerifier } from '../infrastructure/proofs.ts';
import type { Metrics } from '../infrastructure/metrics.ts';
import type { LaneCaller } from '../lanes/call.ts';
import type { Store } from '../store/index.ts';
import { backgroundActivities } from './background.ts';
import { createMailFacts } from './mail-facts.ts';
import { createMessageLedger, createSmsLedger } from './message-ledger.ts';
import { createEventCancellationPorts, createRecordPorts, type WorkflowStarter } from './record-ports.ts';
import { createSmsFacts } from './sms-facts.ts';
import { payoutRecordActivities } from './payout-records.ts';
import {
  reconciliationActivities,
  reconciliationChainActivities,
  reconciliationRecordActivities,
} from './reconciliation-ports.ts';

const requestTimeoutMs = 10_000;
const pollMs = 500;
const gossipMs = 5_000;
/** One of the monitor's calls to Temporal. */
const countMs = 5_000;

export interface Parts {
  config: Config<'temporal' | 'stripe' | 'chain' | 'mail' | 'sms' | 'monitor' | 'alerts' | 'worker'>;
  store: Store;
  lanes: LaneCaller;
  temporal: WorkflowStarter;
  metrics: Metrics;
}

/** Provider activities by lane; a process builds only those of the lanes that it serves. */
export const laneActivities: Readonly<Partial<Record<LaneName, (parts: Parts) => object>>> = {
  stripe: ({ config: { stripe }, store, lanes, temporal }) => {
    const account = { secretKey: stripe.STRIPE_SECRET_KEY, apiBase: stripe.STRIPE_API_BASE };
    const steps = store.sentCalls;
    return {
      ...createCardActivities({
        provider: createCardProvider(account),
        lanes,
        steps,
        customers: store.customerActions,
        authorizations: store.authorizations,
      }),
      ...createPayoutActivities({ provider: createPayoutProvider(account), lanes, steps }),
      ...createRefundActivities({ provider: createRefundProvider(account), lanes, steps, books: store.refunds }),
      ...createDisputeActivities({ provider: createDisputeProvider(account), lanes }),
      ...reconciliationActivities({ store, temporal, lanes }, createReconciliationProvider(account)),
    };
  },
  chain: ({ config: { chain }, store, lanes, temporal }) => {
    const deps = {
      provider: createChainProvider({
        rpcUrl: chain.CHAIN_RPC_URL,
        chainId: chain.CHAIN_ID,
        contract: chain.CHAIN_CONTRACT_ADDRESS as `0x${string}`,
        issuerKey: chain.CHAIN_ISSUER_KEY as `0x${string}`,
        maxFeeCap: BigInt(chain.CHAIN_MAX_FEE_GWEI) * 1_000_000_000n,
        requestTimeoutMs,
        pace: createChainPace(lanes),
      }),
      lanes,
      steps: store.sentCalls,
      mints: store.mints,
      moves: store.moves,
      claims: store.claims,
      transactions: store.chain,
      confirmations: chain.CHAIN_CONFIRMATIONS,
      bumpAfterMs: chain.CHAIN_BUMP_AFTER_SECONDS * 1_000,
      gossipMs,
      pollMs,
    };
    const reader = createChainReader({
      rpcUrl: chain.CHAIN_RPC_URL,
      contract: chain.CHAIN_CONTRACT_ADDRESS as `0x${string}`,
      confirmations: chain.CHAIN_CONFIRMATIONS,
      requestTimeoutMs,
      pace: createChainPace(lanes),
    });
    return {
      ...createTicketActivities(deps),
      ...createTicketMoveActivities(deps),
      ...reconciliationChainActivities({ store, temporal, lanes }, reader),
    };
  },
  email: ({ config: { mail }, store, lanes }) =>
    createMailActivities({
      provider: createMailProvider({ smtpUrl: mail.SMTP_URL, from: mail.MAIL_FROM, timeoutMs: requestTimeoutMs }),
      lanes,
      messages: createMessageLedger(store),
      facts: createMailFacts(store, parseSender(mail.MAIL_FROM).address),
      domain: parseSender(mail.MAIL_FROM).domain,
    }),
  sms: ({ config: { sms }, store, lanes }) =>
    createSmsActivities({
      provider: createSmsProvider({
        accountSid: sms.TWILIO_ACCOUNT_SID,
        authToken: sms.TWILIO_AUTH_TOKEN,
        apiBase: sms.TWILIO_API_BASE,
        from: sms.TWILIO_FROM,
      }),
      lanes,
      messages: createSmsLedger(store),
      steps: store.sentCalls,
      facts: createSmsFacts(store),
    }),
  alert: alertActivities,
};

/** The local activities of whatever moves money, tickets or messages. */
export const recordActivities = ({ config, store, temporal }: Pick<Parts, 'config' | 'store' | 'temporal'>) => ({
  ...createRecordActivities(createRecordPorts(store, temporal)),
  ...createEventCancellationActivities(createEventCancellationPorts(store, temporal)),
  ...payoutRecordActivities(store, temporal),
  ...createDecisionActivities({
    verify: createProofVerifier(readProofKeys(config.worker.DECISION_KEYS)),
    decisions: store.decisions,
  }),
});

/** What the monitor sees. */
const samplingActivities = ({ config, store, temporal, metrics }: Parts) =>
  createSamplingActivities({
    counts: () => createQueueCounts(temporal, { most: mostCalls, callMs: countMs }),
    books: store.monitorReads,
    records: store.queueMetrics,
    gauges: metrics.queues,
    settings: monitorSettingsOf(config.monitor),
  });

/** What the monitor writes down. */
const incidentActivities = ({ store }: Parts) =>
  createIncidentActivities({ alerts: store.alerts, changes: store.monitorChanges });

/** Decisions about many dead letters, sent to their workflows. */
const deadLetterActivities = ({ store, temporal }: Parts) =>
  createDeadLetterActivities({
    letters: store.deadLetters,
    decisions: createDecisionSending(temporal),
    again: createDeadLetterSending(temporal).again,
  });

/** What a workflow queue's own worker runs: records as local activities, and whatever meets no provider. */
export const workflowQueueActivities: Readonly<Record<WorkflowQueue, (parts: Parts) => object>> = {
  money: recordActivities,
  communication: recordActivities,
  background: (parts) => ({
    ...recordActivities(parts),
    ...deadLetterActivities(parts),
    ...reconciliationRecordActivities(parts),
    ...backgroundActivities(parts.store, parts.temporal),
  }),
  monitoring: (parts) => ({ ...recordActivities(parts), ...samplingActivities(parts), ...incidentActivities(parts) }),
};
