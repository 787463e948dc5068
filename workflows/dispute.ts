import { condition, setHandler } from '@temporalio/workflow';
import type { Operation } from '../activities/ports.ts';
import type { DisputeInput, DisputeResult, ProviderDispute } from '../contracts/dispute.ts';
import { alarmsOf, outcomeOf } from '../contracts/dispute-words.ts';
import { cancelDisputeUpdate, disputeStatusQuery, providerEventSignal, type ProviderEvent } from '../contracts/messages.ts'; // prettier-ignore
import { disputePollMs } from '../contracts/retry-profiles.ts';
import { DisputeView } from './dispute-view.ts';
import { Frame } from './frame.ts';
import { untilKnown } from './parking.ts';
import { currentOperation, disputes, records } from './proxies.ts';
import { shielded } from './shielded.ts';
import { businessNow, epochNow } from './time.ts';
import { refuseCancels } from './uncancellable.ts';

/**
 * A dispute: followed until the bank has ended it, with each movement of its money booked as it happens. What to answer is
 * for people, at the provider; here they are told until when. It cannot be cancelled: the money would move unseen.
 */
export function dispute(input: DisputeInput): Promise<DisputeResult> {
  return new Following(input).run();
}

class Following {
  readonly #input: DisputeInput;
  readonly #operation: Operation;
  readonly #view: DisputeView;
  readonly #frame: Frame<DisputeResult>;
  #heard = false;

  constructor(input: DisputeInput) {
    this.#input = input;
    this.#operation = currentOperation(input.request.tenantId);
    this.#view = new DisputeView(input.request);
    this.#frame = new Frame({
      operation: this.#operation,
      queueName: 'money',
      jobType: 'dispute',
      view: this.#view,
      cancelUpdate: cancelDisputeUpdate,
    });
    refuseCancels(cancelDisputeUpdate, 'a dispute cannot be cancelled: answer or accept it at the card provider');
    setHandler(providerEventSignal, (event) => this.#hear(event), { description: 'From verified webhooks' });
    setHandler(disputeStatusQuery, () => this.#view.status(), { description: 'Stage, deadline, what comes next' });
  }

  run(): Promise<DisputeResult> {
    return this.#frame.run({
      claim: () => records.claimDispute({ operation: this.#operation, input: this.#input, now: businessNow() }),
      forward: () => shielded(() => this.#follow()),
      // It holds the workflow where it is, until its code is mended: the dispute goes on at the bank.
      stoppedBy: (error) => {
        throw new Error('stopped while the dispute is open', { cause: error });
      },
      close: () => Promise.reject(new Error('a dispute ends only by its own course')),
    });
  }

  /** What the event says is not believed but looked up: events come in any order. */
  #hear(event: Partial<ProviderEvent> | undefined): void {
    if (event?.objectId === this.#input.request.disputeId) this.#heard = true;
  }

  /** Months, for some banks. Each movement is booked before anything else is waited for. */
  async #follow(): Promise<DisputeResult> {
    const operation = this.#operation;
    const { paymentKey } = this.#input.request;
    const { parking } = this.#frame;
    for (let looks = 0; ; looks++) {
      const found = await this.#lookUp();
      const book = () => records.bookDispute({ operation, paymentKey, dispute: found, now: businessNow() });
      const books = await untilKnown({ step: 'book', mustSucceed: true, run: book }, parking);
      this.#view.stands(found, books);
      if (outcomeOf(found, books)) {
        const settle = () => records.settleDispute({ operation, paymentKey, dispute: found, now: businessNow() });
        return untilKnown({ step: 'settle', mustSucceed: true, run: settle }, parking);
      }
      await condition(() => this.#heard, untilNextLook(found, looks));
    }
  }

  #lookUp(): Promise<ProviderDispute> {
    const { disputeId } = this.#input.request;
    const look = () => {
      this.#heard = false;
      return disputes.retrieveDispute.executeWithOptions({ summary: 'how the dispute stands' }, [{ disputeId }]);
    };
    return untilKnown({ step: 'look', mustSucceed: true, run: look }, this.#frame.parking);
  }
}

/** The next poll, or the moment at which missing evidence becomes louder. Milliseconds. */
function untilNextLook(found: ProviderDispute, looks: number): number {
  const now = epochNow();
  const alarms = alarmsOf(found).filter((alarm) => alarm > now);
  return Math.min(disputePollMs(looks), ...alarms.map((alarm) => alarm - now));
}
