/** Runs the lane's script on the Redis of the moment, and learns its clock from every answer. */
import type { Redis } from 'ioredis';
import type { PacedName } from '../contracts/lane-limits.ts';
import type { PaceClock } from './pace-clock.ts';
import { paceScript } from './pace-script.ts';

/** What kind of answer, Redis' clock in milliseconds, and what belongs to the kind. */
export type Reply = [kind: string, now: string, ...rest: unknown[]];

export class LaneScript {
  readonly #redis: Redis;
  readonly #clock: PaceClock;
  readonly #text = paceScript();
  #sha: Promise<string> | undefined;
  #server: Promise<string> | undefined;

  constructor(redis: Redis, clock: PaceClock) {
    this.#redis = redis;
    this.#clock = clock;
    // Another server may take its place: which one it is, is asked again.
    redis.on('close', () => {
      this.forgetServer();
      this.#sha = undefined;
    });
  }

  /** Rejects with what ioredis rejects with. */
  async run(lane: PacedName, endpoint: string, request: object): Promise<Reply> {
    const [run, sha] = [await this.#runId(), await this.#loaded()];
    const body = JSON.stringify({ ...request, lane, run });
    const sentAt = this.#clock.now();
    try {
      const reply = (await this.#redis.evalsha(sha, 7, ...keysOf(lane, endpoint), body)) as Reply;
      this.#clock.learn(sentAt, this.#clock.now(), Number(reply[1]));
      return reply;
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('NOSCRIPT')) this.#sha = undefined;
      throw error;
    }
  }

  forgetServer(): void {
    this.#server = undefined;
  }

  /** Which server this is: another one, or one that was started again, remembers nothing that can be relied on. */
  #runId(): Promise<string> {
    this.#server ??= (async () => {
      const found = /^run_id:(\w+)/m.exec(await this.#redis.info('server'))?.[1];
      if (found === undefined) throw new Error('INFO server names no run_id');
      return found;
    })().catch((error: unknown) => {
      this.#server = undefined;
      throw error;
    });
    return this.#server;
  }

  #loaded(): Promise<string> {
    this.#sha ??= (this.#redis.script('LOAD', this.#text) as Promise<string>).catch((error: unknown) => {
      this.#sha = undefined;
      throw error;
    });
    return this.#sha;
  }
}

const keysOf = (lane: PacedName, endpoint: string): string[] =>
  ['', ':ring', ':slots', ':holes', ':waiters', ':processes', `:ring:${endpoint}`].map(
    (name) => `boxoffice:lane:{${lane}}${name}`,
  );
