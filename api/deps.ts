/** What the API needs, handed in: the whole of it can be a twin in a test. */
import type { Boxoffice } from '../client/index.ts';
import type { MonitorControl } from '../client/monitor-control.ts';
import type { AlertLinks } from '../infrastructure/alert-links.ts';
import type { QueueReads } from '../client/queue-reads.ts';
import type { ApiMetrics } from '../infrastructure/metrics.ts';
import type { Logger } from '../infrastructure/logger.ts';
import type { SignProof } from '../infrastructure/proofs.ts';
import type { Store } from '../store/index.ts';
import type { Lanes } from './lanes.ts';
import type { RateLimit } from './plugins/hardening.ts';
import type { VerifyToken } from './tokens.ts';

/** As much of a verified Stripe event as is used here. */
export interface StripeEvent {
  id: string;
  type: string;
  livemode: boolean;
  /** Seconds since the epoch. */
  created: number;
  data: { object: object };
  /** The connected account that it is about; absent for our own. */
  account?: string;
}

export interface ApiStore {
  payments: Pick<Store['payments'], 'get' | 'list'>;
  customerActions: Pick<Store['customerActions'], 'get'>;
  refunds: Pick<Store['refunds'], 'get'>;
  eventCancellations: Pick<Store['eventCancellations'], 'get'>;
  payouts: Pick<Store['payouts'], 'get' | 'statement' | 'balances' | 'byProvider'>;
  venueAccounts: Store['venueAccounts'];
  decisions: Pick<Store['decisions'], 'list'>;
  deadLetters: Pick<
    Store['deadLetters'],
    'get' | 'list' | 'groups' | 'statistics' | 'pages' | 'oldest' | 'some' | 'close' | 'reopen'
  >;
  moves: Pick<Store['moves'], 'get'>;
  disputes: Pick<Store['disputes'], 'get' | 'ofPayment' | 'paymentOf'>;
  venues: Pick<Store['venues'], 'put'>;
  events: Pick<Store['events'], 'put'>;
  contacts: Pick<Store['contacts'], 'put'>;
  contents: Pick<Store['contents'], 'put'>;
  webhooks: Store['webhooks'];
  monitorChanges: Pick<Store['monitorChanges'], 'list'>;
  alerts: Pick<Store['alerts'], 'list' | 'get' | 'acknowledge' | 'recordTest'>;
  alertNotices: Pick<Store['alertNotices'], 'of'>;
  reconciliation: Pick<Store['reconciliation'], 'list' | 'days' | 'close'>;
  reports: Pick<Store['reports'], 'get' | 'list'>;
  monitorHistory: Store['monitorHistory'];
  failures: Store['failures'];
}

export interface ApiDeps {
  boxoffice: Pick<
    Boxoffice,
    | 'payments'
    | 'refunds'
    | 'payouts'
    | 'disputes'
    | 'tickets'
    | 'eventCancellations'
    | 'decisions'
    | 'analytics'
    | 'reports'
    | 'alerts'
    | 'deadLetters'
    | 'reconciliation'
  >;
  store: ApiStore;
  /** Absent where each process paces for itself: nobody could control all of them from here. */
  lanes?: Lanes | undefined;
  monitor: MonitorControl;
  queues: QueueReads;
  metrics: ApiMetrics;
  verifyToken: VerifyToken;
  signProof: SignProof;
  /** Of the links in alerts. */
  alertLinks: Pick<AlertLinks, 'read'>;
  /** Throws when the signature is wrong or older than 300 s. */
  verifyStripeEvent: (raw: Buffer, signature: string) => StripeEvent;
  /** As above, with the secret of the endpoint for connected accounts; absent where there is none. */
  verifyConnectEvent?: ((raw: Buffer, signature: string) => StripeEvent) | undefined;
  /** Which of Stripe's modes this deployment lives in; events of the other one are refused. */
  livemode: boolean;
  /** Keys the ids that stand for personal data. */
  contactIdKey: string;
  /** Readiness by name; each rejects when its part is away. */
  checks: Readonly<Record<string, () => Promise<unknown>>>;
  /**
   * Named in readiness without deciding about it. Without the limiter nothing is sent, but work is taken and waits: an
   * API that is taken out for that would turn it away.
   */
  lesserChecks?: Readonly<Record<string, () => Promise<unknown>>> | undefined;
  logger: Logger;
  webUi?: { url: string; namespace: string };
  limit?: RateLimit;
  /** Above it requests are shed. Milliseconds. */
  maxEventLoopDelayMs?: number;
  /** `token` by default. `open` is for a developer's own machine. */
  docs?: 'token' | 'open';
  /** How long a caller waits before 202: 10,000 for a purchase, 5,000 for a refund or payout. Milliseconds. */
  deadlineMs?: number;
  /** How long a decision waits for its workflow's answer: 10,000. Milliseconds. */
  decideMs?: number;
}
