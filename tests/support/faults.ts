/** Trouble for real parts: faults of the simulators over their control address, and chance that can be repeated. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CallEntry } from '../../sandbox/sim/call-log.ts';
import type { FaultRule, FaultSpec } from '../../sandbox/sim/faults.ts';

export interface AddedFault {
  clear(): Promise<void>;
  /** Calls that have met it so far. */
  applied(): Promise<number>;
}

export interface SimulatorControl {
  /** From now on, until cleared or used up. */
  add(spec: FaultSpec): Promise<AddedFault>;
  /** Waits until a call is held back whose key fits: its effect is done, its answer is not given. */
  held(keyRegex: RegExp): Promise<CallEntry>;
  /** Lets a held call's answer go, or loses it. */
  release(seq: number, how?: 'answer' | 'lose'): Promise<void>;
  /** Every call so far, oldest first. */
  calls(): Promise<CallEntry[]>;
  objects<T>(type: string): Promise<T[]>;
}

const heldWithinMs = 30_000;

/** `url` is any address of the simulator: `endpoints.stripe`, `endpoints.smtp.inbox`. */
export function simulatorAt(url: string): SimulatorControl {
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(new URL(path, url), {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  };
  return {
    add: async (spec) => {
      const { id } = await ask<{ id: number }>('POST', '/_sim/faults', spec);
      return {
        clear: async () => void (await ask('DELETE', `/_sim/faults/${id}`)),
        applied: async () => {
          const { faults } = await ask<{ faults: FaultRule[] }>('GET', '/_sim/faults');
          return faults.find((rule) => rule.id === id)?.applied ?? 0;
        },
      };
    },
    held: async (keyRegex) => {
      const giveUpAt = Date.now() + heldWithinMs;
      while (Date.now() < giveUpAt) {
        const { calls } = await ask<{ calls: CallEntry[] }>('GET', '/_sim/held?waitMs=500');
        const found = calls.find(({ idempotencyKey }) => keyRegex.test(idempotencyKey ?? ''));
        if (found) return found;
        await delay(20);
      }
      throw new Error(`no call with a key like ${keyRegex} was held within ${heldWithinMs / 1_000} s`);
    },
    release: async (seq, how = 'answer') =>
      void (await ask('POST', '/_sim/release', { seq, ...(how === 'lose' ? { lose: true } : {}) })),
    calls: async () => (await ask<{ calls: CallEntry[] }>('GET', '/_sim/log')).calls,
    objects: async <T>(type: string) => (await ask<{ objects: T[] }>('GET', `/_sim/objects/${type}`)).objects,
  };
}

/** The calls of one step of a purchase or refund, by their provider key. */
export const callsOf = (workflowId: string, step: 'authorize' | 'capture' | 'void' | 'refund') =>
  `^${workflowId}/${step}/`;

/** Seeded numbers in [0, 1), so that a run that failed can be repeated (mulberry32). */
export function chanceOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
