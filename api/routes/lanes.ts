/** Lanes under people's hands. They are everybody's: what an admin of any tenant changes holds for all tenants. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { LaneAction, LaneChange } from '../../contracts/lane-control.ts';
import type { PacedName } from '../../contracts/lane-limits.ts';
import { type ChangeOutcome, type LaneAnswer, laneViewOf, stillOpen } from '../../contracts/lane-words.ts';
import {
  AdaptiveBody,
  BrownOutBody,
  checkLimits,
  LaneChangesQuery,
  LaneParams,
  LimitsBody,
  ReasonBody,
  WeighedLaneParams,
  WeightsBody,
} from '../../contracts/schema/lanes.ts';
import { PaceAwayError } from '../../lanes/pace.ts';
import type { ApiDeps } from '../deps.ts';
import type { Lanes } from '../lanes.ts';
import { requesterOf } from '../plugins/auth.ts';
import { ApiProblem } from '../problem.ts';
import { answers, LaneAnswerView, LanesView } from '../schemas.ts';

type ChangeBody =
  typeof LimitsBody | typeof BrownOutBody | typeof AdaptiveBody | typeof WeightsBody | typeof ReasonBody;

const tags = ['lanes'];
const control = { access: 'lanes.control' } as const;
const changed = answers({ 200: LaneAnswerView, 202: LaneAnswerView });

export async function laneRoutes(instance: FastifyInstance, { lanes }: ApiDeps): Promise<void> {
  // Where each process paces for itself, there is nothing that could be controlled from here.
  if (!lanes) return;
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();

  app.get(
    '/lanes',
    {
      config: { access: 'lanes.read' },
      schema: { tags, summary: 'Every lane as it is now, over all workers', response: answers({ 200: LanesView }) },
    },
    async () => ({ lanes: (await lanes.status().catch(refuseWithoutLimiter)).map(laneViewOf) }),
  );

  app.get(
    '/lanes/changes',
    {
      config: { access: 'lanes.read' },
      schema: {
        tags,
        summary: 'Who changed what, and why; newest first',
        querystring: LaneChangesQuery,
        response: answers({}),
      },
    },
    async (request) => ({ changes: await lanes.changes(request.query) }),
  );

  /** A route that changes one lane: its body says how, and why. */
  const changing = <Body extends ChangeBody>(
    action: LaneAction,
    summary: string,
    body: Body,
    changeOf: (said: Static<Body>) => LaneChange,
    params: TSchema = LaneParams,
  ) =>
    instance.post<{ Params: { name: PacedName }; Body: { reason: string } }>(
      `/lanes/:name/${action}`,
      { config: control, schema: { tags, summary, params, body, response: changed } },
      async (request, reply) => {
        const { params, body: said } = request;
        // The route's schema has checked it.
        const change = changeOf(said as Static<Body>);
        return changeLane(lanes, { lane: params.name, change, reason: said.reason }, request, reply);
      },
    );

  changing(
    'limits',
    'Set calls a second, calls in flight, or both, instead of what is configured',
    LimitsBody,
    (said) => {
      checkLimits(said);
      const { reason: _, ...limits } = said;
      return { action: 'limits', ...limits };
    },
  );
  changing('brown-out', "Use a part of the lane's rate; 100 ends it", BrownOutBody, ({ percent }) => ({
    action: 'brown-out',
    percent,
  }));
  changing('adaptive', 'Whether 429 and rising latency lower the rate by themselves', AdaptiveBody, ({ on }) => ({
    action: 'adaptive',
    on,
  }));
  changing(
    'weights',
    'How much of the lane venues get while several wait; 1 is usual',
    WeightsBody,
    ({ weights }) => ({ action: 'weights', weights }),
    WeighedLaneParams,
  );
  for (const [action, summary] of [
    ['stop', 'Start no call any more; those in flight end, and work waits in Temporal'],
    ['resume', 'Start calls again'],
    ['reset', 'Forget what was changed, the lowered rate and the closure of a 429; a stopped lane stays stopped'],
  ] as const)
    changing(action, summary, ReasonBody, () => ({ action }));

  for (const [action, summary] of [
    ['stop', 'Emergency stop: no call starts on any lane but that of alerts'],
    ['resume', 'End of the emergency stop: every lane is resumed'],
  ] as const)
    app.post(
      `/lanes/${action}`,
      {
        config: control,
        schema: { tags, summary, body: ReasonBody, response: answers({ 200: LanesView, 202: LanesView }) },
      },
      async (request, reply) => {
        const outcomes = await lanes.changeAll({ action }, by(request, request.body.reason));
        const all = outcomes.map((outcome) => answerOf(action, outcome));
        if (all.some(({ next }) => next !== undefined)) void reply.code(202);
        return { lanes: all };
      },
    );
}

/** By whoever asks; 202 while something of it is open. */
export async function changeLane(
  lanes: Lanes,
  { lane, change, reason }: { lane: PacedName; change: LaneChange; reason: string },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<LaneAnswer> {
  const answer = answerOf(change.action, await lanes.change(lane, change, by(request, reason)));
  if (answer.next !== undefined) void reply.code(202);
  return answer;
}

const by = (request: FastifyRequest, reason: string) => ({ actor: requesterOf(request).requestedBy, reason });

function answerOf(action: LaneAction, outcome: ChangeOutcome): LaneAnswer {
  const next = stillOpen(action, outcome);
  return { ...outcome, ...(next === undefined ? {} : { next }) };
}

function refuseWithoutLimiter(error: unknown): never {
  if (error instanceof PaceAwayError) throw new ApiProblem('limiter_away', error.message, {}, { cause: error });
  throw error;
}
