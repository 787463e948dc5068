/** Dead letters as they come over HTTP. Who decides, closes or sends again is the subject of the token. */
import { type Static, Type } from 'typebox';
import { resolutions } from '../decisions.ts';
import { dayPattern, Id, pageFields, RowNumber, Text } from './common.ts';
import { InvalidRequestError } from './validate.ts';

const LetterId = RowNumber('id: the number of a dead letter');

export const LetterParams = Type.Object({ id: LetterId }, { additionalProperties: false });

const name = (field: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 200, description: `${field}: e.g. ${example}` });

const hourAndMinute = '([01][0-9]|2[0-3]):[0-5][0-9]';
const time = `T${hourAndMinute}(:[0-5][0-9](\\.[0-9]{1,9})?)?(Z|[+-]${hourAndMinute})`;

const filterFields = {
  queue: Type.Optional(name('queue', 'money')),
  jobType: Type.Optional(name('jobType', 'payment-process')),
  error: Type.Optional(name('error', 'budget_exhausted')),
  since: Type.Optional(
    Type.String({
      pattern: `^${dayPattern}(${time})?$`,
      description: 'since: a day such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z',
    }),
  ),
};
const stateField = {
  state: Type.Optional(
    Type.Enum(['open', 'closed', 'all'], { description: 'state: open (unless given), closed or all' }),
  ),
};

/** Which letters are meant; all that are given have to fit. */
export const DeadLetterFilter = Type.Object(filterFields, {
  additionalProperties: false,
  description: 'a filter of open dead letters',
});
export type DeadLetterFilter = Static<typeof DeadLetterFilter>;

export const DeadLettersQuery = Type.Object(
  {
    ...filterFields,
    ...stateField,
    ...pageFields(),
  },
  { additionalProperties: false },
);

/** For groups, and for the export. */
export const DeadLetterFilterQuery = Type.Object({ ...filterFields, ...stateField }, { additionalProperties: false });
/** All that are given have to fit; those that are open unless `state` says otherwise. */
export type DeadLetterWish = Static<typeof DeadLetterFilterQuery>;

export const DeadLetterStatisticsQuery = Type.Object(
  { days: Type.Optional(Type.Integer({ minimum: 1, maximum: 90, description: 'days: 1 to 90' })) },
  { additionalProperties: false },
);

export const CloseLetterBody = Type.Object(
  { reason: Text('reason', 500) },
  { additionalProperties: false, description: 'why nobody is needed any more' },
);

const DecisionField = Type.Enum(resolutions, { description: `decision: one of ${resolutions.join(', ')}` });
const EvidenceField = Text('evidence (what the decision rests on, e.g. a ticket of the provider)', 500);

export const ResolveLetterBody = Type.Object(
  { decision: DecisionField, evidence: EvidenceField },
  { additionalProperties: false, description: 'a decision about what waits' },
);

const choiceFields = {
  decision: DecisionField,
  evidence: EvidenceField,
  /** Either these or a filter. */
  ids: Type.Optional(
    Type.Array(LetterId, { minItems: 1, maxItems: 200, uniqueItems: true, description: 'ids: 1 to 200 of them' }),
  ),
  filter: Type.Optional(DeadLetterFilter),
};

const DeadLetterChoice = Type.Object(choiceFields, { additionalProperties: false });
/** What is decided, and about which letters: `ids`, or the open ones that fit `filter`. */
export type DeadLetterChoice = Static<typeof DeadLetterChoice>;

export const DeadLetterBatchBody = Type.Object(
  {
    batchKey: Id('batchKey: one for each decision about many'),
    ...choiceFields,
    dryRun: Type.Optional(
      Type.Boolean({ description: 'dryRun: true says what would happen to each letter, and sends nothing' }),
    ),
  },
  { additionalProperties: false, description: 'a decision about many dead letters' },
);
export type DeadLetterBatchBody = Static<typeof DeadLetterBatchBody>;

/** A schema cannot say that exactly one of two fields has to be there. @throws InvalidRequestError */
export function checkChoice({ ids, filter }: Pick<DeadLetterBatchBody, 'ids' | 'filter'>): void {
  if ((ids === undefined) === (filter === undefined))
    throw new InvalidRequestError([{ field: 'ids', accepted: 'either ids or filter ({} for all that are open)' }]);
}
