/** The two spellings of a lane's rules, Lua and TypeScript, say the same to the same questions at the same times. */
import * as fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { untouched } from '../../contracts/lane-control.ts';
import type { LaneLimits } from '../../contracts/lane-limits.ts';
import { LaneState } from '../../lanes/lane-state.ts';
import { givenClock, paceScript } from '../../lanes/pace-script.ts';
import { type Answer, coldMs, leaseMs } from '../../lanes/pace.ts';
import { startValkey, type OwnValkey } from '../support/valkey.ts';

let valkey: OwnValkey;
let redis: Redis;
let sha: string;
beforeAll(async () => {
  valkey = await startValkey();
  redis = await valkey.connect();
  sha = (await redis.script('LOAD', paceScript(givenClock))) as string;
});
afterAll(() => valkey.stop());

const from = 1_800_000_000_000;
const ms = (max: number) => fc.integer({ min: 0, max });
const op = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('ask' as const),
      want: fc.integer({ min: 1, max: 4 }),
      leadMs: ms(20),
      endpoint: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('end' as const),
      which: fc.nat(),
      unused: fc.boolean(),
      tookMs: ms(900),
      leftMs: ms(60),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('block' as const), milliseconds: ms(2_000) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('renew' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('apply' as const),
      reset: fc.boolean(),
      settings: fc.record(
        {
          stopped: fc.boolean(),
          percent: fc.integer({ min: 1, max: 100 }),
          adaptive: fc.boolean(),
          perSecond: fc.integer({ min: 1, max: 20 }),
          concurrent: fc.integer({ min: 1, max: 8 }),
        },
        { requiredKeys: ['stopped', 'percent', 'adaptive'] },
      ),
    }),
  },
);
const script = fc.array(fc.record({ afterMs: fc.oneof(fc.constant(0), ms(50), ms(1_500)), op }), { maxLength: 60 });
const limits: fc.Arbitrary<LaneLimits> = fc.record(
  {
    perSecond: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(0.5, 2.5, Infinity)),
    concurrent: fc.integer({ min: 1, max: 8 }),
    burst: fc.integer({ min: 1, max: 10 }),
    cooldownMs: fc.constant(1_000),
    bucket: fc.boolean(),
    endpoints: fc.constant({ payouts: 3 }),
  },
  { requiredKeys: ['perSecond', 'concurrent', 'burst', 'cooldownMs', 'endpoints'] },
);

let plays = 0;

it('Lua and TypeScript decide alike, whatever is asked, ended, closed and set', () =>
  fc.assert(
    fc.asyncProperty(limits, script, async (configured, steps) => {
      const lane = `play-${(plays += 1)}`;
      const state = new LaneState(configured, leaseMs);
      let now = from;
      let revision = 0;
      const held: string[] = [];
      const call = async (request: object, endpoint = '') =>
        (await redis.evalsha(
          sha,
          7,
          ...['', ':ring', ':slots', ':holes', ':waiters', ':processes', `:${endpoint}`].map(
            (name) => `{${lane}}${name}`,
          ),
          JSON.stringify({
            ...request,
            lane,
            now,
            run: 'run',
            process: 'me',
            waiting: 0,
            breaker: 'closed',
            error: 0,
            perSecond: Number.isFinite(configured.perSecond) ? configured.perSecond : 0,
            concurrent: configured.concurrent,
            bucket: configured.bucket ?? false,
            burst: configured.burst,
          }),
        )) as string[];
      // Both begin with nothing: the one that forgot is closed until it knows that nothing was sent.
      await call({ op: 'apply', settings: untouched, revision: 0, reset: false });
      state.forgot(now);
      now += coldMs;
      for (const [index, { afterMs, op: step }] of steps.entries()) {
        now += afterMs;
        switch (step.op) {
          case 'ask': {
            const endpoint = step.endpoint ? 'payouts' : undefined;
            const token = `t${index}`;
            const ours = state.ask(now, { token, endpoint, want: step.want, leadMs: step.leadMs });
            const request = {
              op: 'ask',
              token,
              want: step.want,
              lead: step.leadMs,
              ...(endpoint ? { endpointPerSecond: 3 } : {}),
            };
            const [kind, , ...rest] = await call(request, endpoint);
            const theirs: Answer =
              kind === 'later'
                ? { kind: 'later', because: rest[0] as 'rate', at: rest[1] === 'news' ? Infinity : Number(rest[1]) }
                : {
                    kind: 'granted' as const,
                    grants: rest.slice(1).map((at, grant) => ({ token: `${token}.${grant}`, at: Number(at) })),
                  };
            expectAlike(theirs, ours);
            if (ours.kind === 'granted') held.push(...ours.grants.map((grant) => grant.token));
            break;
          }
          case 'end': {
            const [token] = held.splice(held.length === 0 ? 0 : step.which % held.length, 1);
            if (token === undefined) break;
            const ended = step.unused
              ? { token, unused: true }
              : { token, unused: false, tookMs: step.tookMs, leftMs: step.leftMs };
            state.end(now, ended);
            await call({ op: 'end', ended: [ended] });
            break;
          }
          case 'renew':
            state.renew(now, held);
            await call({ op: 'renew', held });
            break;
          case 'block':
            state.block(now, step.milliseconds);
            await call({ op: 'block', milliseconds: step.milliseconds });
            break;
          case 'apply': {
            revision += 1;
            const settings = { ...step.settings, revision };
            state.apply(now, settings, step.reset);
            await call({ op: 'apply', settings, revision, reset: step.reset });
            break;
          }
        }
      }
    }),
    { numRuns: 300 },
  ));

const momentsOf = (answer: Answer) => (answer.kind === 'later' ? [answer.at] : answer.grants.map(({ at }) => at));
const restOf = (answer: Answer) => (answer.kind === 'later' ? answer.because : answer.grants.map(({ token }) => token));

/** Lua's numbers arrive with three decimals. */
function expectAlike(theirs: Answer, ours: Answer): void {
  expect(restOf(theirs)).toEqual(restOf(ours));
  momentsOf(ours).forEach((at, index) => {
    if (Number.isFinite(at)) expect(Math.abs(momentsOf(theirs)[index]! - at)).toBeLessThan(0.01);
    else expect(momentsOf(theirs)[index]).toBe(at);
  });
}
