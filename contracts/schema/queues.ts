/** What is asked of queues and metrics over HTTP. */
import { type Static, Type } from 'typebox';
import { jobTypeOf } from '../job-ends.ts';
import { controlledLanes } from '../lane-words.ts';
import { workflowTypes } from '../messages.ts';
import { sampledQueues } from '../monitor.ts';
import { jobStatuses, type PausableQueue, throughputSteps } from '../queue-views.ts';
import { attentions } from '../search-attributes.ts';
import { laneNames, workflowQueues } from '../task-queues.ts';
import { pageFields } from './common.ts';

const oneOf = (names: readonly string[]) => `one of ${names.join(', ')}`;
const strict = { additionalProperties: false } as const;

/** Every task queue. */
export const allQueues = [...workflowQueues, ...laneNames] as const;

const isPausable = (name: string): name is PausableQueue => controlledLanes.some((lane) => lane === name);
/** Queues that can be paused: those of the lanes that people control. */
export const pausableQueues = laneNames.filter(isPausable);

export const QueueParams = Type.Object(
  { name: Type.Enum([...allQueues], { description: `name: ${oneOf(allQueues)}` }) },
  strict,
);
export const JobQueueParams = Type.Object(
  {
    name: Type.Enum([...workflowQueues], {
      description: `name: ${oneOf(workflowQueues)}; a lane's queue holds tasks, not jobs`,
    }),
  },
  strict,
);
export const PausableQueueParams = Type.Object(
  {
    name: Type.Enum(pausableQueues, {
      description: `name: ${oneOf(pausableQueues)}; Temporal cannot hold back a queue of workflows (docs/operations.md says what to do)`,
    }),
  },
  strict,
);

const knownJobs = Object.values(workflowTypes).map(jobTypeOf);

export const JobsQuery = Type.Object(
  {
    status: Type.Optional(Type.Enum([...jobStatuses], { description: `status: ${oneOf(jobStatuses)}` })),
    jobType: Type.Optional(Type.Enum(knownJobs, { description: `jobType: ${oneOf(knownJobs)}` })),
    attention: Type.Optional(Type.Enum([...attentions], { description: `attention: ${oneOf(attentions)}` })),
    ...pageFields('^[A-Za-z0-9_-]{1,2000}$'),
  },
  strict,
);
export type JobsQuery = Static<typeof JobsQuery>;

const Hours = Type.Integer({ minimum: 1, maximum: 720, description: 'hours: how far back, 1 to 720' });

export const ThroughputQuery = Type.Object(
  {
    queue: Type.Optional(Type.Enum([...sampledQueues], { description: `queue: ${oneOf(sampledQueues)}` })),
    per: Type.Optional(Type.Enum([...throughputSteps], { description: `per: ${oneOf(throughputSteps)}` })),
    hours: Type.Optional(Hours),
  },
  strict,
);

export const FailuresQuery = Type.Object({ hours: Type.Optional(Hours) }, strict);
