import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallEntry } from '../sim/call-log.ts';
import type { SimState } from '../sim/control.ts';
import type { FaultSpec } from '../sim/faults.ts';

/** The commands that are logged and can be faulted; they stand in the log as `method`. */
export type Command = 'CONNECT' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA';

/** A refusal with its SMTP status. */
export class SmtpRefusal extends Error {
  override name = 'SmtpRefusal';
  readonly responseCode: number;

  constructor(responseCode: number, message: string) {
    super(message);
    this.responseCode = responseCode;
  }
}

const refusal = (code: number): SmtpRefusal =>
  new SmtpRefusal(code, code < 500 ? '4.3.0 Temporary failure, try again later' : '5.7.1 Refused');

export interface Stage<T> {
  command: Command;
  /** SMTP status of the success. */
  success: number;
  /** Reads what the command carries. Nothing is kept yet; the Message-ID stands in the log as the key. */
  read: () => Promise<{ key: string | null; params: Record<string, unknown>; value: T }>;
  /** What the command does. Throws {@link SmtpRefusal}. */
  effect: (value: T) => void;
}

/** What is played before the effect. @returns false when the connection is gone */
async function before(fault: FaultSpec | undefined, socket: Socket | undefined): Promise<boolean> {
  if (fault?.kind === 'close') {
    socket?.destroy();
    return false;
  }
  if (fault?.kind === 'slow' && fault.after !== true) await delay(fault.ms);
  if (fault?.kind === 'status' && fault.after !== true) throw refusal(fault.status);
  if (fault?.kind === 'rate_limit') throw new SmtpRefusal(451, '4.7.0 Too many messages, slow down');
  return true;
}

/** What is played after it. @returns false when the answer is lost */
async function after(
  { holds }: SimState,
  { entry, fault, socket }: { entry: CallEntry; fault: FaultSpec | undefined; socket: Socket | undefined },
): Promise<boolean> {
  if (fault?.kind === 'slow' && fault.after === true) await delay(fault.ms);
  if (fault?.kind === 'status') throw refusal(fault.status);
  const hungUp = new AbortController();
  socket?.once('close', () => hungUp.abort());
  const held = fault?.kind === 'hold' ? await holds.hold(entry, hungUp.signal) : 'answer';
  if (fault?.kind !== 'lose_answer' && held === 'answer') return true;
  socket?.destroy();
  return false;
}

/**
 * Plays one command: log, fault, effect. Throws {@link SmtpRefusal} for a refusal.
 * @returns true when success is to be answered, false when the connection is gone and nobody waits for an answer
 */
export async function playStage<T>(state: SimState, socket: Socket | undefined, stage: Stage<T>): Promise<boolean> {
  const { log, faults } = state;
  const { command: method } = stage;
  const entry = log.open({ method, path: '/' });
  try {
    const { key, params, value } = await stage.read();
    entry.idempotencyKey = key;
    entry.params = params;
    const fault = faults.take({ method, path: '/', idempotencyKey: key });
    entry.fault = fault?.kind ?? null;
    if (!(await before(fault, socket))) {
      log.close(entry, 'closed', null);
      return false;
    }
    stage.effect(value);
    if (!(await after(state, { entry, fault, socket }))) {
      log.close(entry, 'lost', stage.success);
      return false;
    }
    log.close(entry, 'answered', stage.success);
    return true;
  } catch (error) {
    if (!(error instanceof SmtpRefusal)) throw error;
    log.close(entry, 'answered', error.responseCode);
    throw error;
  } finally {
    log.close(entry, 'abandoned', null);
  }
}
