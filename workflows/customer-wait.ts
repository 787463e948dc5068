/** Waiting for a customer who has to act before their bank holds the money (3-D Secure). */
import type { ActionRequired, Authorization } from '../contracts/payment.ts';
import type { ProviderEvent } from '../contracts/messages.ts';
import { customerPollMs, customerWindowMs, lastLookMs } from '../contracts/retry-profiles.ts';
import { Hearing } from './hearing.ts';
import { DeadlinePassed } from './outcomes.ts';
import { type Parking, type StepRun, untilKnown } from './parking.ts';
import { epochNow } from './time.ts';

const telling = [
  'payment_intent.amount_capturable_updated',
  'payment_intent.payment_failed',
  'payment_intent.canceled',
];

type Look = Omit<StepRun<Authorization | ActionRequired>, 'step' | 'deadline'>;

export class CustomerWait {
  readonly #intents = new Hearing(telling);
  #until = 0;

  hear(event: Partial<ProviderEvent> | undefined): void {
    this.#intents.hear(event);
  }

  /** Begins the customer's time, which ends by `deadline` (epoch milliseconds) at the latest, and says until when. */
  mayTake(deadline: number): string {
    this.#until = Math.min(epochNow() + customerWindowMs, deadline);
    return this.until;
  }

  /** ISO 8601 UTC. */
  get until(): string {
    return new Date(this.#until).toISOString();
  }

  /**
   * Until the money is held. What an event says is not believed but looked up; without one it is looked now and then, and
   * once more when their time is over, since they may just have been in time.
   * @throws DeadlinePassed when their time is over.
   * @throws ActivityFailure of type Declined when they failed, or the intent is gone.
   */
  async acted(intentId: string, look: Look, parking: Parking): Promise<Authorization> {
    for (let looks = 0; ; looks++) {
      const left = this.#until - epochNow();
      if (left > 0) await this.#intents.of(intentId, Math.min(customerPollMs(looks), left));
      this.#intents.answered(intentId);
      const last = epochNow() >= this.#until;
      const found = await untilKnown({ ...look, step: 'customer', deadline: this.#until + lastLookMs }, parking);
      if (!('status' in found)) return found;
      if (last) throw new DeadlinePassed('customer');
    }
  }
}
