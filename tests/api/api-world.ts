/** The API with everything around it in memory: the real client on a fake Temporal, a store of maps, real signatures. */
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { Stripe } from 'stripe';
import { onTestFinished, TestRunner } from 'vitest';
import { buildApp } from '../../api/app.ts';
import type { ApiDeps } from '../../api/deps.ts';
import { createTokenVerifier } from '../../api/tokens.ts';
import { createBoxoffice } from '../../client/index.ts';
import { createMonitorControl } from '../../client/monitor-control.ts';
import type { MessageContentBody } from '../../contracts/schema/contents.ts';
import type { ContactBody } from '../../contracts/schema/setup.ts';
import { createAlertLinks } from '../../infrastructure/alert-links.ts';
import type { DifferenceRecord, ReconciledDay } from '../../contracts/reconciliation.ts';
import { createApiMetrics } from '../../infrastructure/metrics.ts';
import { readSigningKey } from '../../infrastructure/proof-keys.ts';
import { createProofSigner } from '../../infrastructure/proofs.ts';
import { createSigningKey, publicKeysOf, sandboxAudience, sandboxIssuer, signToken } from '../../sandbox/tokens.ts';
import type {
  CustomerAction,
  DecisionRecord,
  DisputeRecord,
  EventCancellationRecord,
  MoveRecord,
  PaymentRecord,
  PayoutRecord,
  RefundRecord,
  RoutedPayout,
  Statement,
  StoredReport,
  VenueBalances,
  WebhookEvent,
} from '../../store/index.ts';
import { AlertsTwin } from '../support/alert-twins.ts';
import { DeadLettersTwin } from '../support/dead-letter-twins.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';
import { createLanesTwin, type LanesTwin } from '../support/lane-twins.ts';
import { authorized } from '../support/orders.ts';
import { FailuresTwin, MonitorHistoryTwin, QueueReadsTwin } from '../support/queue-twins.ts';

export const linkKey = 'l'.repeat(32);
const webhookSecret = 'whsec_test';
export const connectWebhookSecret = 'whsec_connect';

export class FakeStore {
  readonly records = new Map<string, PaymentRecord>();
  readonly refundRecords = new Map<string, RefundRecord>();
  readonly cancellationRecords = new Map<string, EventCancellationRecord>();
  readonly decisionRecords = new Map<string, DecisionRecord[]>();
  readonly disputeRecords = new Map<string, DisputeRecord>();
  /** By charge. */
  readonly charged = new Map<string, { tenantId: string; paymentKey: string }>();
  readonly venueIds = new Map<string, unknown>();
  readonly contactsByRef = new Map<string, ContactBody & { tenantId: string }>();
  readonly recorded = new Map<string, { event: WebhookEvent; processed: boolean }>();

  readonly payments = {
    get: async (tenantId: string, key: string) => this.records.get(`${tenantId}/${key}`),
    list: async (tenantId: string) => ({
      payments: [...this.records].filter(([id]) => id.startsWith(`${tenantId}/`)).map(([, record]) => record),
    }),
  };
  readonly customerActionsByKey = new Map<string, CustomerAction>();
  readonly customerActions = {
    get: async ({ tenantId, paymentKey }: { tenantId: string; paymentKey: string }) =>
      this.customerActionsByKey.get(`${tenantId}/${paymentKey}`),
  };
  readonly refunds = {
    get: async (tenantId: string, refundId: string) => this.refundRecords.get(`${tenantId}/${refundId}`),
  };
  readonly eventCancellations = {
    get: async (tenantId: string, eventId: string) => this.cancellationRecords.get(`${tenantId}/${eventId}`),
  };
  readonly payoutRecords = new Map<string, PayoutRecord>();
  readonly routed = new Map<string, RoutedPayout>();
  readonly statements = new Map<string, Statement>();
  readonly balancesOf = new Map<string, VenueBalances>();
  readonly payouts = {
    get: async (tenantId: string, payoutId: string) => this.payoutRecords.get(`${tenantId}/${payoutId}`),
    statement: async (tenantId: string, payoutId: string) => this.statements.get(`${tenantId}/${payoutId}`),
    balances: async (tenantId: string, venueId: string) => this.balancesOf.get(`${tenantId}/${venueId}`),
    byProvider: async (providerPayoutId: string) => this.routed.get(providerPayoutId),
  };
  /** By account: the venues that are paid on it, and whether they can be. */
  readonly accounts = new Map<string, { venues: { tenantId: string; venueId: string }[]; enabled?: boolean }>();
  readonly venueAccounts = {
    venuesOf: async (account: string) => this.accounts.get(account)?.venues ?? [],
    setPayoutsEnabled: async (_: unknown, account: string, enabled: boolean) =>
      void (this.accounts.get(account)!.enabled = enabled),
  };
  readonly decisions = {
    list: async (tenantId: string, workflowId: string) => this.decisionRecords.get(`${tenantId}/${workflowId}`) ?? [],
  };
  readonly deadLetters = new DeadLettersTwin();
  readonly moveRecords = new Map<string, MoveRecord>();
  readonly moves = {
    get: async (tenantId: string, kind: string, key: string) => this.moveRecords.get(`${tenantId}/${kind}/${key}`),
  };
  readonly disputes = {
    get: async (tenantId: string, disputeId: string) => this.disputeRecords.get(`${tenantId}/${disputeId}`),
    ofPayment: async (tenantId: string, key: string) =>
      [...this.disputeRecords]
        .filter(([id, { paymentKey }]) => id.startsWith(`${tenantId}/`) && paymentKey === key)
        .map(([, record]) => record),
    paymentOf: async ({ chargeId }: { chargeId: string }) => this.charged.get(chargeId),
  };
  readonly venues = {
    put: async (tenantId: string, venueId: string, body: unknown) =>
      void this.venueIds.set(`${tenantId}/${venueId}`, body),
  };
  readonly events = {
    put: async (tenantId: string, _: string, { venueId }: { venueId: string }) =>
      this.venueIds.has(`${tenantId}/${venueId}`),
  };
  readonly contacts = {
    put: async (contact: ContactBody & { tenantId: string; ref: string }) =>
      void this.contactsByRef.set(contact.ref, contact),
  };
  readonly contentsByRef = new Map<string, MessageContentBody & { tenantId: string }>();
  readonly contents = {
    put: async ({ ref, ...content }: MessageContentBody & { tenantId: string; ref: string }) => {
      this.contentsByRef.set(ref, content);
      return { expiresAt: '2099-01-01T00:00:00.000Z' };
    },
  };
  readonly monitorChanges = {
    list: async ({ limit = 50 }: { limit?: number } = {}) => this.changesOfMonitor.slice(0, limit),
  };
  readonly changesOfMonitor: Awaited<ReturnType<ApiDeps['store']['monitorChanges']['list']>> = [];
  readonly incidents = new AlertsTwin();
  readonly alerts = this.incidents.alerts;
  readonly alertNotices = this.incidents.alertNotices;
  readonly differences: (DifferenceRecord & { tenantId: string })[] = [];
  readonly reconciliation = {
    list: async (tenantId: string, { open, limit, before }: { open: boolean; limit: number; before?: number }) =>
      this.differences
        .filter((one) => one.tenantId === tenantId && (!open || one.closedAt === undefined))
        .filter(({ id }) => before === undefined || id < before)
        .toSorted((a, b) => b.id - a.id)
        .slice(0, limit),
    days: async (): Promise<ReconciledDay[]> => [
      {
        day: '2027-01-31',
        status: 'clean',
        differences: 0,
        healed: 0,
        compared: {},
        startedAt: '2027-02-01T02:00:00.000Z',
      },
    ],
    close: async (
      tenantId: string,
      { id, by, reason, now }: { id: number; by: string; reason: string; now: string },
    ) => {
      const found = this.differences.find((one) => one.tenantId === tenantId && one.id === id);
      if (found && found.closedAt === undefined)
        Object.assign(found, { closedAt: now, closedBy: by, closeReason: reason });
      return found;
    },
  };
  readonly reportsByDay = new Map<string, StoredReport>();
  readonly reports = {
    get: async (tenantId: string, venueId: string, day: string) =>
      this.reportsByDay.get(`${tenantId}/${venueId}/${day}`),
    list: async (tenantId: string, { venueId }: { venueId?: string } = {}) => ({
      reports: [...this.reportsByDay]
        .filter(([id]) => id.startsWith(`${tenantId}/${venueId ?? ''}`))
        .map(([, { report, sha256, createdAt }]) => ({ venueId: report.venueId, day: report.day, sha256, createdAt })),
    }),
  };
  readonly monitorHistory = new MonitorHistoryTwin();
  readonly failures = new FailuresTwin();
  readonly webhooks = {
    record: async (event: WebhookEvent): Promise<'new' | 'known'> => {
      const before = this.recorded.get(event.eventId);
      if (before?.processed) return 'known';
      this.recorded.set(event.eventId, { event, processed: false });
      return 'new';
    },
    processed: async ({ eventId }: { eventId: string }) => {
      this.recorded.get(eventId)!.processed = true;
    },
  };
}

export const signingKey = await createSigningKey();

export const decisionKey = await createSigningKey();

export interface TokenWish {
  role?: string;
  tenant?: string;
  sub?: string;
}

export const tokenOf = ({ role = 'service', tenant = 'acme', sub = `${role}-1` }: TokenWish = {}) =>
  signToken(signingKey, { tenant, roles: [role], sub });

export const bearer = async (wish: TokenWish = {}) => ({ authorization: `Bearer ${await tokenOf(wish)}` });

export const verifyToken = createTokenVerifier({
  issuer: sandboxIssuer,
  audience: sandboxAudience,
  keys: { jwks: publicKeysOf(signingKey) },
});

export interface ApiWorld {
  app: FastifyInstance;
  temporal: FakeTemporal;
  store: FakeStore;
  lanes: LanesTwin;
  queues: QueueReadsTwin;
  log: string[];
}

export async function createApiWorld(change: Partial<ApiDeps> = {}): Promise<ApiWorld> {
  const temporal = new FakeTemporal();
  temporal.onStart = (run) => {
    run.early = authorized;
  };
  const store = new FakeStore();
  const lanes = createLanesTwin();
  const queues = new QueueReadsTwin();
  const log: string[] = [];
  const app = await buildApp({
    boxoffice: createBoxoffice({ temporal: { client: temporal.client } }),
    store,
    lanes: lanes.lanes,
    monitor: createMonitorControl(temporal.client),
    queues,
    metrics: createApiMetrics(new Registry()),
    verifyToken,
    signProof: createProofSigner(readSigningKey(JSON.stringify(decisionKey))),
    alertLinks: createAlertLinks(linkKey),
    verifyStripeEvent: (raw, signature) => Stripe.webhooks.constructEvent(raw, signature, webhookSecret, 300),
    verifyConnectEvent: (raw, signature) => Stripe.webhooks.constructEvent(raw, signature, connectWebhookSecret, 300),
    livemode: false,
    contactIdKey: 'k'.repeat(32),
    checks: { postgres: async () => undefined, temporal: async () => undefined },
    logger: pino({ level: 'info' }, { write: (line: string) => void log.push(line) }),
    webUi: { url: 'http://127.0.0.1:8233/', namespace: 'default' },
    deadlineMs: 200,
    // A busy machine is late; what it sheds then is a test of its own.
    maxEventLoopDelayMs: 60_000,
    ...change,
  });
  // Each open one measures the event loop a hundred times a second: hundreds of them slow every test that follows.
  if (TestRunner.getCurrentTest()) onTestFinished(() => app.close());
  return { app, temporal, store, lanes, queues, log };
}

export const stripeSignature = (payload: string, timestamp = Math.floor(Date.now() / 1_000), secret = webhookSecret) =>
  Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });

/** The body of `POST /payments`: tenant and key come from elsewhere. */
export { orderOf } from '../support/orders.ts';
