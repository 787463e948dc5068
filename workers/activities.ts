/** Composition: which activities a process can run, built from what they depend on. */
import { createCardActivities } from '../activities/card.ts';
import { createEventCancellationActivities } from '../activities/event-cancellation.ts';
import { createDecisionActivities } from '../activities/decisions.ts';
import { createDisputeActivities } from '../activities/dispute.ts';
import { createMailActivities } from '../activities/mail.ts';
import { createCardProvider } from '../activities/providers/stripe/provider.ts';
import { createDisputeProvider } from '../activities/providers/stripe/disputes.ts';
import { createPayoutProvider } from '../activities/providers/stripe/payouts.ts';
import { createRefundProvider } from '../activities/providers/stripe/refunds.ts';
import { createChainProvider } from '../activities/providers/chain/provider.ts';
import { parseSender } from '../activities/providers/mail/message-id.ts';
import { createMailProvider } from '../activities/providers/mail/provider.ts';
import { createSmsProvider } from '../activities/providers/sms/provider.ts';
import { createPayoutActivities } from '../activities/payout.ts';
import { createRefundActivities } from '../activities/refund.ts';
import { createRecordActivities } from '../activities/records.ts';
import { createSmsActivities } from '../activities/sms.ts';
import { createChainPace } from '../activities/chain-steps.ts';
import { createTicketMoveActivities } from '../activities/ticket-moves.ts';
import { createTicketActivities } from '../activities/tickets.ts';
import type { LaneName, WorkflowQueue } from '../contracts/task-queues.ts';
import type { Config } from '../infrastructure/config.ts';
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

const requestTimeoutMs = 10_000;
const pollMs = 500;
const gossipMs = 5_000;

export interface Parts {
  config: Config<'stripe' | 'chain' | 'mail' | 'sms' | 'worker'>;
  store: Store;
  lanes: LaneCaller;
  temporal: WorkflowStarter;
  metrics: Metrics;
}

/** Provider activities by lane; a process builds only those of the lanes that it serves. */
export const laneActivities: Readonly<Partial<Record<LaneName, (parts: Parts) => object>>> = {
  stripe: ({ config: { stripe }, store, lanes }) => {
    const account = { secretKey: stripe.STRIPE_SECRET_KEY, apiBase: stripe.STRIPE_API_BASE };
    const steps = store.sentCalls;
    return {
      ...createCardActivities({
        provider: createCardProvider(account),
        lanes,
        steps,
        customers: store.customerActions,
      }),
      ...createPayoutActivities({ provider: createPayoutProvider(account), lanes, steps }),
      ...createRefundActivities({ provider: createRefundProvider(account), lanes, steps, books: store.refunds }),
      ...createDisputeActivities({ provider: createDisputeProvider(account), lanes }),
    };
  },
  chain: ({ config: { chain }, store, lanes }) => {
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
    return { ...createTicketActivities(deps), ...createTicketMoveActivities(deps) };
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

/** What a workflow queue's own worker runs: records as local activities, and whatever meets no provider. */
export const workflowQueueActivities: Readonly<Record<WorkflowQueue, (parts: Parts) => object>> = {
  money: recordActivities,
  communication: recordActivities,
  background: (parts) => ({ ...recordActivities(parts), ...backgroundActivities(parts.store, parts.temporal) }),
  monitoring: recordActivities,
};
