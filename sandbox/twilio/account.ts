/** The state of the one account: what was sent and called, who said STOP, and what is planned for a number. */
import type { SimClock } from '../sim/clock.ts';
import type { StatusCallbacks } from './callbacks.ts';
import type { TwilioCode } from './errors.ts';
import type { Call, CallStatus, Message, MessageStatus } from './resources.ts';

/** What becomes of the next messages to a number, or calls of it. */
export interface Plan {
  to: string;
  /** Refused with this code. */
  refuse?: TwilioCode;
  /** Taken, and ending like that. */
  end?: { message?: 'delivered' | 'undelivered' | 'failed'; call?: 'completed' | 'busy' | 'no-answer' | 'failed' };
  errorCode?: number;
  /** How many more; without end where absent. */
  times?: number;
}

/** How soon things move on by themselves. Milliseconds. */
export interface Pace {
  /** With false nothing moves before it is told to. */
  automatic: boolean;
  sentMs: number;
  endMs: number;
}

export class Account {
  readonly sid: string;
  readonly token: string;
  readonly numbers: readonly string[];
  readonly clock: SimClock;
  readonly callbacks: StatusCallbacks;
  readonly messages: Message[] = [];
  readonly calls: Call[] = [];
  readonly stopped = new Set<string>();
  plans: Plan[] = [];
  pace: Pace = { automatic: true, sentMs: 100, endMs: 300 };

  constructor(settings: {
    sid: string;
    token: string;
    numbers: readonly string[];
    clock: SimClock;
    callbacks: StatusCallbacks;
  }) {
    this.sid = settings.sid;
    this.token = settings.token;
    this.numbers = settings.numbers;
    this.clock = settings.clock;
    this.callbacks = settings.callbacks;
  }

  /** Takes the plan for this number, if there is one, and counts it down. */
  planFor(to: string): Plan | undefined {
    const plan = this.plans.find((one) => one.to === to && (one.times ?? 1) > 0);
    if (plan?.times !== undefined) plan.times -= 1;
    return plan;
  }

  moveMessage(message: Message, status: MessageStatus, errorCode: number | null = message.errorCode): void {
    const now = this.clock.now();
    Object.assign(message, { status, errorCode, updatedAt: now });
    if (status === 'sent' || status === 'delivered') message.sentAt ??= now;
    this.callbacks.message(message);
  }

  moveCall(call: Call, status: CallStatus): void {
    const now = this.clock.now();
    Object.assign(call, { status, updatedAt: now });
    if (status === 'in-progress') call.startedAt ??= now;
    if (status === 'completed') call.startedAt ??= now;
    if (!['queued', 'ringing', 'in-progress'].includes(status)) call.endedAt ??= now;
    this.callbacks.call(call);
  }

  /** What is due by the clock happens, in order. */
  advance(): void {
    const now = this.clock.now();
    for (const message of this.messages) {
      while (message.steps[0] && message.steps[0].at <= now) this.moveMessage(message, message.steps.shift()!.status);
    }
    for (const call of this.calls) {
      while (call.steps[0] && call.steps[0].at <= now) this.moveCall(call, call.steps.shift()!.status);
    }
  }
}
