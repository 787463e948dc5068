/**
 * What a provider's error means for the money, in one word. Every provider's error table maps to these classes, and the
 * lane wrapper alone decides from the class what Temporal does next.
 *
 * - `not_sent`: nothing left this machine (refused connection, no route): safe to try again, no sent call used up.
 * - `unknown`: sent, no trustworthy answer (time-out, reset, 5xx): the effect may exist. Never read as failed.
 * - `rate_limited`: the provider did not look at the call: the whole lane closes for `retryAfterMs`.
 * - `busy`: the provider is at work on the same key or object right now; ask again soon.
 * - `declined`: a business "no" (the card, the recipient). Final.
 * - `refused`: our request is wrong for this provider. Final, and a bug or a configuration fault.
 */
export type FaultClass = 'not_sent' | 'unknown' | 'rate_limited' | 'busy' | 'declined' | 'refused';

/** The one error type that provider adapters throw. `facts` holds opaque ids and codes only, never personal data. */
export class ProviderFault extends Error {
  readonly provider: string;
  readonly kind: FaultClass;
  /** The provider's own code, e.g. `card_declined`, `ETIMEDOUT`. */
  readonly code: string;
  /** When to come again; for `rate_limited` absent when the provider did not say. Milliseconds. */
  readonly retryAfterMs: number | undefined;
  readonly facts: Readonly<Record<string, string | number | boolean>>;

  constructor(fault: {
    provider: string;
    kind: FaultClass;
    code: string;
    message: string;
    retryAfterMs?: number | undefined;
    facts?: Record<string, string | number | boolean>;
    cause?: unknown;
  }) {
    super(fault.message, fault.cause === undefined ? undefined : { cause: fault.cause });
    this.name = 'ProviderFault';
    this.provider = fault.provider;
    this.kind = fault.kind;
    this.code = fault.code;
    this.retryAfterMs = fault.retryAfterMs;
    this.facts = fault.facts ?? {};
  }
}
