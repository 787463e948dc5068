/** Gates: where something passes on its way to the outside, and where trouble meets it. The same hands for all of them. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CallEntry } from '../../../sandbox/sim/call-log.ts';
import type { FaultSpec } from '../../../sandbox/sim/faults.ts';
import { simulatorAt } from '../../support/faults.ts';
import type { Standing, TroubleSpec } from '../../support/trouble.ts';

export interface Gate {
  /** What passes next has its effect, and its answer waits. */
  stand(): Promise<Standing>;
  /** What passes next has its effect, and its answer never comes. */
  lose(): Promise<void>;
  /** What passes next is refused several times, before its effect. */
  storm(): Promise<void>;
}

const stormTimes = 3;
const reachedWithinMs = 60_000;
const lookEveryMs = 150;

/** A gate with a proxy in front of it. */
export function proxyGate(proxy: { add(spec: TroubleSpec): Standing }, texts: readonly string[]): Gate {
  return {
    stand: async () => proxy.add({ kind: 'hold', texts }),
    lose: async () => void proxy.add({ kind: 'lose', texts }),
    storm: async () => void proxy.add({ kind: 'refuse', texts, times: stormTimes }),
  };
}

/** Calls to a simulator, by method and by what its log has as their key or path. */
export interface SimulatorCalls {
  method: string;
  keyRegex?: string;
  path?: string;
}

/** A gate at a simulator. `storm`: what it answers, one after another; 503, and one 500 that is final under its key. */
export function simulatorGate(
  url: string,
  match: SimulatorCalls,
  storm: readonly Partial<FaultSpec>[] = [{ status: 503, times: stormTimes }, { status: 500 }],
): Gate {
  const simulator = simulatorAt(url);
  const isOurs = ({ method, path, idempotencyKey }: CallEntry) =>
    method === match.method &&
    (match.keyRegex === undefined || new RegExp(match.keyRegex).test(idempotencyKey ?? '')) &&
    path.startsWith(match.path ?? '');
  const held = async () => {
    const answer = await fetch(new URL('/_sim/held', url));
    return ((await answer.json()) as { calls: CallEntry[] }).calls.filter(isOurs);
  };
  return {
    // For ever: whoever asks again because it takes so long is held as well.
    stand: async () => {
      const fault = await simulator.add({ kind: 'hold', times: 'forever', match });
      return {
        reached: async () => {
          for (const giveUpAt = Date.now() + reachedWithinMs; (await held()).length === 0; await delay(lookEveryMs))
            if (Date.now() > giveUpAt) throw new Error(`no call came to ${JSON.stringify(match)}`);
        },
        release: async () => {
          await fault.clear();
          for (const { seq } of await held()) await simulator.release(seq);
        },
      };
    },
    lose: async () => void (await simulator.add({ kind: 'lose_answer', match })),
    storm: async () => {
      for (const one of storm) await simulator.add({ kind: 'status', match, ...one } as FaultSpec);
    },
  };
}
