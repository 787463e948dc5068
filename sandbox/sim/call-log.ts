import { wallClock } from './clock.ts';

/**
 * `open` is being worked on · `held` its effect is done and the answer waits for a release · `answered` · `lost` the
 * effect is done and the connection was destroyed · `closed` the connection was destroyed before anything was done ·
 * `abandoned` the caller hung up before the answer.
 */
export type CallState = 'open' | 'held' | 'answered' | 'lost' | 'closed' | 'abandoned';

/** One call as the provider saw it. Times are real milliseconds since the epoch, whatever the simulator's clock says. */
export interface CallEntry {
  seq: number;
  receivedAt: number;
  answeredAt: number | null;
  method: string;
  path: string;
  idempotencyKey: string | null;
  account: string | null;
  params: Record<string, unknown>;
  /** The status that was (or would have been) answered. */
  status: number | null;
  state: CallState;
  /** The kind of the fault that was applied. */
  fault: string | null;
  /** The answer came from an idempotency key, nothing was executed. */
  replayed: boolean;
  /** Calls under way when this one arrived, itself included. */
  inFlight: number;
}

export type NewCall = Pick<CallEntry, 'method' | 'path'> & Partial<Pick<CallEntry, 'idempotencyKey' | 'params'>>;

export interface LogFilter {
  /** Only calls after this sequence number. */
  since?: number;
  state?: string;
}

export class CallLog {
  #entries: CallEntry[] = [];
  #seq = 0;
  #inFlight = 0;

  get inFlight(): number {
    return this.#inFlight;
  }

  open(call: NewCall): CallEntry {
    this.#seq += 1;
    this.#inFlight += 1;
    const entry: CallEntry = {
      seq: this.#seq,
      receivedAt: wallClock(),
      answeredAt: null,
      method: call.method,
      path: call.path,
      idempotencyKey: call.idempotencyKey ?? null,
      account: null,
      params: call.params ?? {},
      status: null,
      state: 'open',
      fault: null,
      replayed: false,
      inFlight: this.#inFlight,
    };
    this.#entries.push(entry);
    return entry;
  }

  /** Ends a call, once. */
  close(entry: CallEntry, state: Exclude<CallState, 'open' | 'held'>, status: number | null): void {
    if (entry.answeredAt !== null) return;
    entry.answeredAt = wallClock();
    entry.state = state;
    entry.status = status;
    this.#inFlight -= 1;
  }

  list(filter: LogFilter = {}): CallEntry[] {
    const since = filter.since ?? 0;
    return this.#entries.filter(
      (entry) => entry.seq > since && (filter.state === undefined || entry.state === filter.state),
    );
  }

  /** Forgets the calls; sequence numbers go on, and calls under way stay counted. */
  clear(): void {
    this.#entries = [];
  }
}
