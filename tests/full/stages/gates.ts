/** Gates: where something passes on its way to the outside, and where trouble meets it. The same hands for all of them. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CallEntry } from '../../../sandbox/sim/call-log.ts';
import type { FaultSpec } from '../../../sandbox/sim/faults.ts';
import { type AddedFault, simulatorAt } from '../../support/faults.ts';
import type { Standing, TroubleSpec } from '../../support/trouble.ts';

/** Trouble that is waiting for what passes. */
export interface Blow {
  /** Whether all of it was met: one that hits nothing would prove nothing. */
  met(): Promise<boolean>;
}

export interface Gate {
  /** What passes next has its effect, and its answer waits. */
  stand(): Promise<Pick<Standing, 'reached' | 'release'>>;
  /** What passes next has its effect, and its answer never comes. */
  lose(): Promise<Blow>;
  /** What passes next is refused several times, before its effect. */
  storm(): Promise<Blow>;
}

const stormTimes = 3;
const reachedWithinMs = 60_000;
const lookEveryMs = 150;

/** A gate with a proxy in front of it. */
export function proxyGate(proxy: { add(spec: TroubleSpec): Standing }, texts: readonly string[]): Gate {
  const blow = (spec: Omit<TroubleSpec, 'texts'>): Blow => {
    const standing = proxy.add({ ...spec, texts });
    return { met: async () => standing.spent() };
  };
  return {
    stand: async () => proxy.add({ kind: 'hold', texts }),
    lose: async () => blow({ kind: 'lose' }),
    storm: async () => blow({ kind: 'refuse', times: stormTimes }),
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
  storm: readonly { status: number; times: number }[] = [
    { status: 503, times: stormTimes },
    { status: 500, times: 1 },
  ],
): Gate {
  const simulator = simulatorAt(url);
  const blow = async (specs: readonly (FaultSpec & { times: number })[]): Promise<Blow> => {
    const faults: { spec: (typeof specs)[number]; added: AddedFault }[] = [];
    for (const spec of specs) faults.push({ spec, added: await simulator.add(spec) });
    return {
      met: async () => {
        const applied = await Promise.all(faults.map(({ added }) => added.applied()));
        return faults.every(({ spec }, index) => applied[index] === spec.times);
      },
    };
  };
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
    lose: () => blow([{ kind: 'lose_answer', times: 1, match }]),
    storm: () => blow(storm.map((one) => ({ kind: 'status', match, ...one }))),
  };
}
