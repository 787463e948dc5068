/**
 * Many dead letters decided about, a few at a time. Each decision goes to the letter's own workflow, which verifies its
 * proof; sent again after a lost answer, it is the same message.
 */
import { log } from '@temporalio/activity';
import {
  AlreadyEndedError,
  type Boxoffice,
  DecisionRefusedError,
  InvalidOrderError,
  NotFoundError,
} from '../client/index.ts';
import {
  type BatchLetter,
  type DeadLetter,
  type DeadLetterBatch,
  type DecidedLetter,
  isMessageJob,
  retryRefusal,
} from '../contracts/dead-letters.ts';
import type { DecisionRefusal } from '../contracts/decisions.ts';
import type { Store } from '../store/index.ts';

export interface DecideWaveInput {
  batch: Pick<DeadLetterBatch, 'tenantId' | 'actor' | 'decision' | 'evidence' | 'dryRun'>;
  letters: BatchLetter[];
}

export interface DeadLetterPorts {
  letters: Pick<Store['deadLetters'], 'get' | 'reopen'>;
  decisions: Pick<Boxoffice['decisions'], 'standing' | 'waiting' | 'send'>;
  again: Boxoffice['deadLetters']['again'];
}

/** How long one letter's workflow may take to answer; half of what a wave has. Milliseconds. */
const answerMs = 5_000;

type Answer = Omit<DecidedLetter, 'id'>;
const accepted: Answer = { outcome: 'accepted' };
const gone: Answer = { outcome: 'gone' };
const refused = (because: DecisionRefusal): Answer => ({ outcome: 'refused', because });

export type DeadLetterActivities = ReturnType<typeof createDeadLetterActivities>;

export function createDeadLetterActivities({ letters, decisions, again }: DeadLetterPorts) {
  type Batch = DecideWaveInput['batch'];

  async function sendAgain({ tenantId, actor, evidence }: Batch, id: string): Promise<Answer> {
    const reopened = await letters.reopen({ tenantId, id, by: actor, evidence });
    if (reopened.kind === 'gone') return gone;
    if (reopened.kind === 'refused') return refused(reopened.because);
    await again(reopened.message);
    return accepted;
  }

  async function wouldTake({ workflowId, step }: BatchLetter, { decision }: Batch): Promise<Answer> {
    const waiting = await decisions.waiting(workflowId, { deadlineMs: answerMs });
    if (waiting.step !== step) return (await decisions.standing(workflowId)).open ? refused('nothing_waits') : gone;
    return waiting.choices.includes(decision) ? accepted : refused('not_possible');
  }

  async function take({ workflowId, step, proof }: BatchLetter, { actor, decision, evidence }: Batch): Promise<Answer> {
    if (proof === undefined) return gone;
    const payload = { actor, decision, evidence, proof };
    await decisions.send({ workflowId, message: 'resolve', payload }, { deadlineMs: answerMs, step });
    return accepted;
  }

  async function decided(batch: Batch, letter: BatchLetter): Promise<Answer> {
    const known: DeadLetter | undefined = await letters.get(batch.tenantId, letter.id);
    if (!known || known.resolvedAt !== undefined) return gone;
    if (!isMessageJob(known.jobType)) return batch.dryRun ? wouldTake(letter, batch) : take(letter, batch);
    const because = retryRefusal(known, batch.decision);
    if (because) return refused(because);
    return batch.dryRun ? accepted : sendAgain(batch, letter.id);
  }

  return {
    /** Whatever becomes of a letter is an answer, so that one that is stuck holds up no other. */
    decideWave: ({ batch, letters: wave }: DecideWaveInput): Promise<DecidedLetter[]> =>
      Promise.all(wave.map(async (letter) => ({ id: letter.id, ...(await decided(batch, letter).catch(answerOf)) }))),
  };
}

/** What is not a clear answer is none: a database or a Temporal that is away, a worker that does not run. */
function answerOf(error: unknown): Answer {
  if (error instanceof DecisionRefusedError) return refused(error.because);
  if (error instanceof AlreadyEndedError || error instanceof NotFoundError) return gone;
  if (error instanceof InvalidOrderError) return refused('not_possible');
  log.warn('a dead letter gave no answer', { error: error instanceof Error ? error.message : String(error) });
  return { outcome: 'unanswered' };
}
