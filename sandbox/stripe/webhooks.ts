import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Stripe } from 'stripe';

export interface WebhookEndpoint {
  url: string;
  /** `whsec_…` */
  secret: string;
  /** Event types; all of them unless given. */
  events?: string[];
  /** Takes the events of connected accounts instead of the platform's own, as an endpoint created with `connect` does. */
  connect?: boolean;
}

export interface WebhookSettings {
  endpoints: WebhookEndpoint[];
  /** `hold` keeps new deliveries back until a release, `drop` loses them. */
  mode: 'deliver' | 'hold' | 'drop';
  /** Before the first attempt. */
  delayMs: number;
  /** How often each event is sent. */
  copies: number;
  /** With n > 1, every n deliveries are collected and sent one after another, the last first. */
  reorder: number;
  /** Pauses before the second, third … attempt of a delivery that was not answered by 2xx. */
  retryMs: number[];
}

export interface Delivery {
  eventId: string;
  type: string;
  url: string;
  state: 'held' | 'dropped' | 'sending' | 'delivered' | 'given_up';
  attempts: { at: number; status: number | null }[];
}

interface Job {
  delivery: Delivery;
  endpoint: WebhookEndpoint;
  payload: string;
}

/** Header `stripe-signature` as documented: HMAC-SHA256 over `t.payload`. It is stamped with real time. */
function signature(payload: string, secret: string): string {
  const timestamp = Math.floor(Date.now() / 1000);
  const digest = createHmac('sha256', secret).update(`${timestamp}.${payload}`, 'utf8').digest('hex');
  return `t=${timestamp},v1=${digest}`;
}

export class Webhooks {
  settings: WebhookSettings;
  #deliveries: Delivery[] = [];
  #held: Job[] = [];
  #closing = new AbortController();

  constructor(settings: Partial<WebhookSettings>) {
    this.settings = {
      endpoints: [],
      mode: 'deliver',
      delayMs: 0,
      copies: 1,
      reorder: 1,
      retryMs: [200, 1000, 5000, 15_000],
      ...settings,
    };
  }

  /** @returns how many endpoints take events of this type */
  subscribers(type: string, connect: boolean): number {
    return this.#takers(type, connect).length;
  }

  #takers(type: string, connect: boolean): WebhookEndpoint[] {
    return this.settings.endpoints.filter(
      (endpoint) => (endpoint.connect ?? false) === connect && (endpoint.events?.includes(type) ?? true),
    );
  }

  deliver(event: Stripe.Event): void {
    const { mode, copies, reorder } = this.settings;
    const payload = JSON.stringify(event, null, 2);
    for (const endpoint of this.#takers(event.type, event.account !== undefined)) {
      for (let copy = 0; copy < copies; copy += 1) {
        const state = mode === 'drop' ? 'dropped' : mode === 'hold' || reorder > 1 ? 'held' : 'sending';
        const delivery: Delivery = { eventId: event.id, type: event.type, url: endpoint.url, state, attempts: [] };
        this.#deliveries.push(delivery);
        const job = { delivery, endpoint, payload };
        if (state === 'sending') void this.#send(job);
        if (state === 'held') this.#held.push(job);
      }
    }
    if (mode === 'deliver' && reorder > 1 && this.#held.length >= reorder) void this.release('reverse');
  }

  /** Sends what is held back, one after another. @returns how many deliveries that are */
  async release(order: 'forward' | 'reverse' = 'forward'): Promise<number> {
    const jobs = order === 'reverse' ? this.#held.toReversed() : this.#held;
    this.#held = [];
    for (const job of jobs) await this.#send(job);
    return jobs.length;
  }

  async #send({ delivery, endpoint, payload }: Job): Promise<void> {
    delivery.state = 'sending';
    const { delayMs, retryMs } = this.settings;
    for (const pause of [delayMs, ...retryMs]) {
      try {
        if (pause > 0) await delay(pause, undefined, { signal: this.#closing.signal });
      } catch {
        return;
      }
      const status = await this.#post(endpoint, payload);
      delivery.attempts.push({ at: Date.now(), status });
      if (status !== null && status >= 200 && status < 300) {
        delivery.state = 'delivered';
        return;
      }
    }
    delivery.state = 'given_up';
  }

  /** @returns the status, or null where none came */
  async #post({ url, secret }: WebhookEndpoint, payload: string): Promise<number | null> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
          'stripe-signature': signature(payload, secret),
        },
        body: payload,
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(10_000)]),
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return null;
    }
  }

  list(): Delivery[] {
    return this.#deliveries;
  }

  close(): void {
    this.#closing.abort();
  }
}
