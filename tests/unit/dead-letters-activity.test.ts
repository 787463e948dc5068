import { beforeEach, describe, expect, it } from 'vitest';
import { createDeadLetterActivities } from '../../activities/dead-letters.ts';
import {
  AlreadyEndedError,
  DecisionRefusedError,
  InvalidOrderError,
  NotFoundError,
  UnavailableError,
} from '../../client/index.ts';
import type { BatchLetter, DeadLetter, WaitingFor } from '../../contracts/dead-letters.ts';
import type { DecisionMessage } from '../../contracts/decisions.ts';
import type { Reopened } from '../../store/index.ts';
import { attempt } from '../support/ledger-twins.ts';
import { letterOf, mailLetter } from '../support/dead-letter-twins.ts';

const batch = { tenantId: 'acme', actor: 'grace', decision: 'retry', evidence: 'case 4711', dryRun: false } as const;
const reopened: Reopened = {
  kind: 'reopened',
  message: { kind: 'email', request: { tenantId: 'acme', messageKey: 'welcome-1' }, round: 1 },
};

interface Sent {
  message: DecisionMessage;
  step: string | undefined;
}
let known: DeadLetter | undefined;
let sent: Sent[];
let again: unknown[];
let fails: Error | undefined;
let waits: WaitingFor;
let opening: Reopened;

beforeEach(() => {
  [known, sent, again, fails] = [letterOf({ id: '1' }), [], [], undefined];
  waits = { step: 'capture', choices: ['retry'] };
  opening = reopened;
});

const { decideWave } = createDeadLetterActivities({
  letters: { get: async () => known, reopen: async () => opening },
  decisions: {
    standing: async () => ({ firstRunId: 'run-1', open: !(fails instanceof AlreadyEndedError) }),
    waiting: async () => waits,
    send: async (message, { step } = {}) => {
      sent.push({ message, step });
      if (fails) throw fails;
      return { taken: 'retry', step: 'capture' };
    },
  },
  again: async (message) => {
    again.push(message);
    if (fails) throw fails;
  },
});

const letter: BatchLetter = { id: '1', workflowId: 'payment:acme:key-1', step: 'capture', proof: 'proof-1' };
const decide = (change: Partial<typeof batch> | { dryRun: true; decision?: string } = {}, letters = [letter]) =>
  attempt(() => decideWave({ batch: { ...batch, ...change } as typeof batch, letters }));

describe('a decision about a letter', () => {
  it("goes to the letter's workflow with its proof, and only if the letter's step waits", async () => {
    expect(await decide()).toEqual([{ id: '1', outcome: 'accepted' }]);
    const payload = { actor: 'grace', decision: 'retry', evidence: 'case 4711', proof: 'proof-1' };
    expect(sent).toEqual([
      { message: { workflowId: 'payment:acme:key-1', message: 'resolve', payload }, step: 'capture' },
    ]);
  });

  it.each<[string, Error, object]>([
    [
      'is refused',
      new DecisionRefusedError('w', 'not_possible', undefined),
      { outcome: 'refused', because: 'not_possible' },
    ],
    ['finds an end', new AlreadyEndedError('w', undefined), { outcome: 'gone' }],
    ['finds nobody', new NotFoundError('w'), { outcome: 'gone' }],
  ])('that %s is an answer', async (_, error, answer) => {
    fails = error;
    expect(await decide()).toEqual([{ id: '1', ...answer }]);
  });

  it('is not sent where the letter is closed or gone, or was closed when the proofs were made', async () => {
    expect(await decide({}, [{ id: '1', workflowId: 'w', step: 'capture' }])).toMatchObject([{ outcome: 'gone' }]);
    known = letterOf({ id: '1', resolvedAt: '2027-01-02T12:00:00.000Z', outcome: 'known' });
    expect(await decide()).toMatchObject([{ outcome: 'gone' }]);
    known = undefined;
    expect(await decide()).toMatchObject([{ outcome: 'gone' }]);
    expect(sent).toEqual([]);
  });

  it('without an answer holds up no other', async () => {
    fails = new UnavailableError('w', undefined);
    const answers = await decide({}, [letter, { ...letter, id: '2' }]);
    expect(answers).toEqual([
      { id: '1', outcome: 'unanswered' },
      { id: '2', outcome: 'unanswered' },
    ]);
  });
});

describe('a dry run', () => {
  const dry = { dryRun: true } as const;

  it('says what would happen, and sends nothing', async () => {
    expect(await decide(dry)).toMatchObject([{ outcome: 'accepted' }]);
    expect(await decide({ ...dry, decision: 'compensate' })).toMatchObject([
      { outcome: 'refused', because: 'not_possible' },
    ]);
    waits = { choices: [] };
    expect(await decide(dry)).toMatchObject([{ outcome: 'refused', because: 'nothing_waits' }]);
    fails = new AlreadyEndedError('w', undefined);
    expect(await decide(dry)).toMatchObject([{ outcome: 'gone' }]);
    known = mailLetter({ id: '1' });
    expect(await decide(dry)).toMatchObject([{ outcome: 'accepted' }]);
    known = mailLetter({ id: '1', attempts: 2 });
    expect(await decide(dry)).toMatchObject([{ outcome: 'refused', because: 'may_be_sent' }]);
    expect([sent, again]).toEqual([[], []]);
  });
});

describe('a message that was given up', () => {
  beforeEach(() => {
    known = mailLetter({ id: '1' });
  });

  it('is sent again as it was asked for, which takes no proof', async () => {
    expect(await decide({}, [{ id: '1', workflowId: 'email:acme:welcome-1', step: 'send' }])).toEqual([
      { id: '1', outcome: 'accepted' },
    ]);
    expect([again, sent]).toEqual([[reopened.kind === 'reopened' ? reopened.message : undefined], []]);
  });

  it.each<[string, Partial<DeadLetter>, Reopened, object]>([
    ['may have been sent', { attempts: 2 }, reopened, { outcome: 'refused', because: 'may_be_sent' }],
    [
      'cannot be sent again',
      {},
      { kind: 'refused', because: 'not_possible' },
      { outcome: 'refused', because: 'not_possible' },
    ],
    ['was sent in truth', {}, { kind: 'gone' }, { outcome: 'gone' }],
  ])('and %s stays', async (_, change, found, answer) => {
    known = mailLetter({ id: '1', ...change });
    opening = found;
    expect(await decide()).toEqual([{ id: '1', ...answer }]);
    expect(again).toEqual([]);
  });

  it('takes no other decision, and one whose words are of no use now is refused', async () => {
    expect(await decide({ decision: 'mark_failed' } as never)).toMatchObject([{ because: 'not_possible' }]);
    fails = new InvalidOrderError([], new Error('template is gone'));
    expect(await decide()).toMatchObject([{ outcome: 'refused', because: 'not_possible' }]);
  });
});
