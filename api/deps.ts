/** What the API needs, handed in: the whole of it can be a twin in a test. */
import type { Boxoffice } from '../client/index.ts';
import type { Logger } from '../infrastructure/logger.ts';
import type { SignProof } from '../infrastructure/proofs.ts';
import type { Store } from '../store/index.ts';
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
}

export interface ApiStore {
  payments: Pick<Store['payments'], 'get' | 'list'>;
  customerActions: Pick<Store['customerActions'], 'get'>;
  refunds: Pick<Store['refunds'], 'get'>;
  decisions: Pick<Store['decisions'], 'list'>;
  venues: Pick<Store['venues'], 'put'>;
  events: Pick<Store['events'], 'put'>;
  contacts: Pick<Store['contacts'], 'put'>;
  contents: Pick<Store['contents'], 'put'>;
  webhooks: Store['webhooks'];
}

export interface ApiDeps {
  boxoffice: Pick<Boxoffice, 'payments' | 'refunds' | 'decisions'>;
  store: ApiStore;
  verifyToken: VerifyToken;
  signProof: SignProof;
  /** Throws when the signature is wrong or older than 300 s. */
  verifyStripeEvent: (raw: Buffer, signature: string) => StripeEvent;
  /** Which of Stripe's modes this deployment lives in; events of the other one are refused. */
  livemode: boolean;
  /** Keys the ids that stand for personal data. */
  contactIdKey: string;
  /** Readiness by name; each rejects when its part is away. */
  checks: Readonly<Record<string, () => Promise<unknown>>>;
  logger: Logger;
  webUi?: { url: string; namespace: string };
  limit?: RateLimit;
  /** Above it requests are shed. Milliseconds. */
  maxEventLoopDelayMs?: number;
  /** `token` by default. `open` is for a developer's own machine. */
  docs?: 'token' | 'open';
  /** How long a caller waits before 202: 10,000 for a purchase, 5,000 for a refund. Milliseconds. */
  deadlineMs?: number;
  /** How long a decision waits for its workflow's answer: 10,000. Milliseconds. */
  decideMs?: number;
}
