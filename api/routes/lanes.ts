/** Lanes under people's hands. They are everybody's: what an admin of any tenant changes holds for all tenants. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
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
import { requesterOf } from '../plugins/auth.ts';
import { ApiProblem } from '../problem.ts';
import { answers, LaneAnswerView, LanesView } from '../schemas.ts';

const tags = ['lanes'];
const control = { access: 'lanes.control' } as const;
const changed = answers({ 200: LaneAnswerView, 202: LaneAnswerView });

export async function laneRoutes(instance: FastifyInstance, { lanes }: ApiDeps): Promise<void> {
  // Where each process paces for itself, there is nothing that could be controlled from here.
  if (!lanes) return;
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();

  const change = async (
    request: FastifyRequest,
    reply: FastifyReply,
    { lane, reason, ...what }: { lane: PacedName; reason: string; change: LaneChange },
  ) => {
    const answer = answerOf(what.change.action, await lanes.change(lane, what.change, by(request, reason)));
    if (answer.next !== undefined) void reply.code(202);
    return answer;
  };

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

  app.post(
    '/lanes/:name/limits',
    {
      config: control,
      schema: {
        tags,
        summary: 'Set calls a second, calls in flight, or both, instead of what is configured',
        params: LaneParams,
        body: LimitsBody,
        response: changed,
      },
    },
    async (request, reply) => {
      checkLimits(request.body);
      const { reason, ...limits } = request.body;
      return change(request, reply, { lane: request.params.name, reason, change: { action: 'limits', ...limits } });
    },
  );

  app.post(
    '/lanes/:name/brown-out',
    {
      config: control,
      schema: {
        tags,
        summary: "Use a part of the lane's rate; 100 ends it",
        params: LaneParams,
        body: BrownOutBody,
        response: changed,
      },
    },
    async (request, reply) => {
      const { reason, percent } = request.body;
      return change(request, reply, { lane: request.params.name, reason, change: { action: 'brown-out', percent } });
    },
  );

  app.post(
    '/lanes/:name/adaptive',
    {
      config: control,
      schema: {
        tags,
        summary: 'Whether 429 and rising latency lower the rate by themselves',
        params: LaneParams,
        body: AdaptiveBody,
        response: changed,
      },
    },
    async (request, reply) => {
      const { reason, on } = request.body;
      return change(request, reply, { lane: request.params.name, reason, change: { action: 'adaptive', on } });
    },
  );

  app.post(
    '/lanes/:name/weights',
    {
      config: control,
      schema: {
        tags,
        summary: 'How much of the lane venues get while several wait; 1 is usual',
        params: WeighedLaneParams,
        body: WeightsBody,
        response: changed,
      },
    },
    async (request, reply) => {
      const { reason, weights } = request.body;
      return change(request, reply, { lane: request.params.name, reason, change: { action: 'weights', weights } });
    },
  );

  for (const [action, summary] of [
    ['stop', 'Start no call any more; those in flight end, and work waits in Temporal'],
    ['resume', 'Start calls again'],
    ['reset', 'Forget what was changed, the lowered rate and the closure of a 429; a stopped lane stays stopped'],
  ] as const)
    app.post(
      `/lanes/:name/${action}`,
      { config: control, schema: { tags, summary, params: LaneParams, body: ReasonBody, response: changed } },
      async (request, reply) =>
        change(request, reply, { lane: request.params.name, reason: request.body.reason, change: { action } }),
    );

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

const by = (request: FastifyRequest, reason: string) => ({ actor: requesterOf(request).requestedBy, reason });

function answerOf(action: LaneAction, outcome: ChangeOutcome): LaneAnswer {
  const next = stillOpen(action, outcome);
  return { ...outcome, ...(next === undefined ? {} : { next }) };
}

function refuseWithoutLimiter(error: unknown): never {
  if (error instanceof PaceAwayError) throw new ApiProblem('limiter_away', error.message, {}, { cause: error });
  throw error;
}
