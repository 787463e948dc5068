/** What people set on lanes, as it comes over HTTP. Who sets it is the subject of the token. */
import { type Static, type TObject, type TProperties, Type } from 'typebox';
import { laneNames } from '../task-queues.ts';
import { controlledLanes } from '../lane-words.ts';
import { Limit, Text } from './common.ts';
import { InvalidRequestError } from './validate.ts';

const oneOf = (lanes: readonly string[]) => `one of ${lanes.join(', ')}`;

/** Square and QuickBooks have limits, but no queue whose work could be weighed. */
const weighedLanes = controlledLanes.filter((lane) => laneNames.some((name) => name === lane));

export const LaneParams = Type.Object(
  { name: Type.Enum(controlledLanes, { description: `name: ${oneOf(controlledLanes)}` }) },
  { additionalProperties: false },
);
export const WeighedLaneParams = Type.Object(
  { name: Type.Enum(weighedLanes, { description: `name: ${oneOf(weighedLanes)}` }) },
  { additionalProperties: false },
);

const body = <Properties extends TProperties>(
  properties: Properties,
  description: string,
): TObject<Properties & { reason: ReturnType<typeof Text> }> =>
  Type.Object({ ...properties, reason: Text('reason', 500) }, { additionalProperties: false, description });

export const ReasonBody = body({}, 'why');

export const LimitsBody = body(
  {
    perSecond: Type.Optional(
      Type.Number({
        minimum: 0.01,
        maximum: 100_000,
        description: 'perSecond: calls in any second, 0.01 to 100000; it may be more than what is configured',
      }),
    ),
    concurrent: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100_000,
        description: 'concurrent: calls in flight at once, 1 to 100000; it may be more than what is configured',
      }),
    ),
  },
  'perSecond, concurrent or both',
);
export type LimitsBody = Static<typeof LimitsBody>;

/** A schema cannot say that one of two fields has to be there. @throws InvalidRequestError */
export function checkLimits({ perSecond, concurrent }: LimitsBody): void {
  if (perSecond === undefined && concurrent === undefined)
    throw new InvalidRequestError([{ field: 'perSecond', accepted: 'perSecond, concurrent or both' }]);
}

export const BrownOutBody = body(
  {
    percent: Type.Integer({
      minimum: 1,
      maximum: 100,
      description: 'percent: how much of the rate is used, 1 to 100; to use none of it, stop the lane',
    }),
  },
  'a brown-out',
);

export const AdaptiveBody = body(
  {
    on: Type.Boolean({ description: 'on: whether 429 and rising latency lower the rate by themselves, true or false' }),
  },
  'adaptive or not',
);

const fairnessKey = '^[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_-]{1,64})?$';

export const WeightsBody = body(
  {
    weights: Type.Record(
      Type.String({ pattern: fairnessKey }),
      Type.Union([Type.Number({ minimum: 0.001, maximum: 1_000 }), Type.Null()]),
      {
        minProperties: 1,
        maxProperties: 100,
        additionalProperties: false,
        description:
          'weights: 1 to 100 of {"tenant:venue" or "tenant": 0.001 to 1000 (1 is usual), or null for as the work itself says}',
      },
    ),
  },
  'weights of venues within a lane',
);

export const LaneChangesQuery = Type.Object(
  {
    lane: Type.Optional(Type.Enum(controlledLanes, { description: `lane: ${oneOf(controlledLanes)}` })),
    limit: Type.Optional(Limit),
  },
  { additionalProperties: false },
);
