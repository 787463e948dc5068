/** A lane that somebody has stopped, by workflow time. The wrapper around it is the real one: it counts, waits and fails. */
import { Context } from '@temporalio/activity';
import { type JobType, jobTypes } from '../../contracts/job-types.ts';
import { ProviderFault } from '../../contracts/provider-fault.ts';
import type { LaneName } from '../../contracts/task-queues.ts';
import { createLaneCaller } from '../../lanes/call.ts';
import { createLimiter } from '../../lanes/limiter.ts';
import { createMemoryPace } from '../../lanes/memory-pace.ts';
import { notSent } from '../../lanes/outcome.ts';
import { createSentCallsTwin, unpaced } from './ledger-twins.ts';
import type { Behaviour } from './workflow-behaviours.ts';
import type { ActivityName, Twin } from './workflow-twins.ts';

/**
 * Instead of a minute of waiting inside of the activity and 10 s outside: the server's clock does not skip while an activity
 * runs, and a day of 10 s takes thousands of attempts. Less than what a step's round has (`patienceMs`), so that more than one
 * attempt fits into it. Milliseconds.
 */
const returnMs = 14 * 60_000;
const tenantId = 'acme';

export interface Passage {
  step: string;
  job: JobType;
  /** So many calls get no trustworthy answer, once the lane is open. */
  failing?: number;
  /** An undo looks into our own books first: where that step sent nothing, it has nothing to ask the provider. */
  undoes?: string;
}

export class StoppedLane {
  /** When the provider heard something through this lane. Epoch milliseconds, workflow time. */
  readonly heard: number[] = [];
  /** Attempts that found the lane stopped. */
  turnedBack = 0;
  readonly #name: LaneName;
  readonly #forMs: number;
  /** The server's clock, since an attempt is said to be scheduled when the one before it failed. */
  readonly #now: () => Promise<number>;
  #opensAt: number | undefined;
  readonly #sentCalls = createSentCallsTwin();
  readonly #lanes = this.#wrapped();

  /** It is stopped when the first one comes to it, for so long. */
  constructor(name: LaneName, options: { forMs: number; env: { currentTimeMs(): Promise<number> } }) {
    this.#name = name;
    this.#forMs = options.forMs;
    this.#now = () => options.env.currentTimeMs();
  }

  /** When it was opened again: undefined as long as nobody came to it. Epoch milliseconds, workflow time. */
  get opensAt(): number | undefined {
    return this.#opensAt;
  }

  /** From now on the activity's calls go through this lane. */
  leadsTo(twin: Twin, activity: ActivityName, { step, job, failing = 0, undoes }: Passage): this {
    let failures = failing;
    const behaviour: Behaviour = async (effect) => {
      const { workflowId } = Context.current().info.workflowExecution!;
      const { round, intentId } = twin.inputsOf(activity).at(-1) as { round: number; intentId?: string };
      if (undoes && intentId === undefined && (await this.sent(workflowId, undoes)) === 0) return effect();
      const policy = jobTypes[job];
      const counted = { step: { tenantId, workflowId, step }, policy, budget: policy.attempts + round };
      return this.#lanes.change(this.#name, counted, async () => {
        this.heard.push(await this.#now());
        failures -= 1;
        if (failures >= 0) throw this.#unanswered();
        return effect();
      });
    };
    twin.always(activity, behaviour);
    return this;
  }

  /** Calls that the step has sent, as its budget counts them. */
  async sent(workflowId: string, step: string): Promise<number> {
    return (await this.#sentCalls.read({ tenantId, workflowId, step })).sent;
  }

  #unanswered(): ProviderFault {
    return new ProviderFault({ provider: this.#name, kind: 'unknown', code: 'ETIMEDOUT', message: 'no answer' });
  }

  #wrapped() {
    const limits = unpaced();
    const free = createLimiter(createMemoryPace(limits), limits);
    return createLaneCaller({
      limiter: {
        ...free,
        reserve: async (lane, options) => {
          const now = await this.#now();
          this.#opensAt ??= now + this.#forMs;
          if (now >= this.#opensAt) return free.reserve(lane, options);
          this.turnedBack += 1;
          throw notSent(lane, 'lane_stopped', 'somebody stopped the lane', returnMs);
        },
      },
      limits,
      sentCalls: this.#sentCalls,
      retryScale: 1,
      stopping: new AbortController().signal,
    });
  }
}
