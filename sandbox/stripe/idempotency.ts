import type { SimAnswer } from '../sim/http.ts';
import type { SimClock } from '../sim/clock.ts';
import { invalidRequest, StripeFailure } from './errors.ts';

/** Facts of https://docs.stripe.com/api/idempotent_requests */
const maxLength = 255;
const keptMs = 24 * 3600 * 1000;

export interface KeyRecord {
  key: string;
  account: string;
  path: string;
  parameters: string;
  createdAt: number;
  requestId: string;
  /** Absent while the first call is being executed. */
  answer?: SimAnswer;
}

export interface KeyedRequest {
  key: string;
  account: string;
  path: string;
  /** Canonical text of the parameters. */
  parameters: string;
  requestId: string;
}

const mismatch = (message: string): StripeFailure => new StripeFailure(400, { type: 'idempotency_error', message });

/** The answers that are kept by key, for each account. */
export class IdempotencyKeys {
  #records = new Map<string, KeyRecord>();
  readonly #clock: SimClock;

  constructor(clock: SimClock) {
    this.#clock = clock;
  }

  list(): KeyRecord[] {
    return [...this.#records.values()];
  }

  /**
   * The record of an earlier call with this key, or undefined for the first.
   * Throws what Stripe answers to a key that is too long, fits another request, or is in use at this moment.
   */
  find({ key, account, path, parameters }: KeyedRequest): KeyRecord | undefined {
    if (key.length > maxLength) {
      throw invalidRequest(
        `Idempotency keys can be at most ${maxLength} characters long (this one has ${key.length}).`,
      );
    }
    const record = this.#records.get(`${account} ${key}`);
    if (!record) return undefined;
    if (record.answer && this.#clock.now() - record.createdAt >= keptMs) {
      this.#records.delete(`${account} ${key}`);
      return undefined;
    }
    const remedy = `Try using a key other than '${key}' if you meant to execute a different request.`;
    if (record.path !== path) {
      throw mismatch(
        `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${path}' vs '${record.path}'). ${remedy}`,
      );
    }
    if (record.parameters !== parameters) {
      throw mismatch(
        `Keys for idempotent requests can only be used with the same parameters they were first used with. ${remedy}`,
      );
    }
    if (!record.answer) {
      throw new StripeFailure(409, {
        type: 'idempotency_error',
        code: 'idempotency_key_in_use',
        message: `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
      });
    }
    return record;
  }

  begin(request: KeyedRequest): KeyRecord {
    const record: KeyRecord = { ...request, createdAt: this.#clock.now() };
    this.#records.set(`${record.account} ${record.key}`, record);
    return record;
  }

  /** Forgets a call that was refused before anything was executed. */
  abandon({ account, key }: KeyRecord): void {
    this.#records.delete(`${account} ${key}`);
  }
}
