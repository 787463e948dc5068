/** What a person can do with one dead letter: see how it stands, close it, resolve it. */
import { NotFoundError, UnavailableError } from '../client/index.ts';
import { type DeadLetter, isMessageJob, retryRefusal, type WaitingFor } from '../contracts/dead-letters.ts';
import type { Resolution, ResolveAnswer } from '../contracts/decisions.ts';
import { type Deciding, prepareDecision, refusedDecision, sendDecision } from './deciding.ts';
import type { ApiDeps } from './deps.ts';
import { ApiProblem } from './problem.ts';

/** How long whoever looks at a letter waits for what its workflow says. Milliseconds. */
const lookMs = 3_000;

type Resolving = Deciding & { decision: Resolution };

export function createLetterHands(deps: ApiDeps) {
  const { boxoffice, store } = deps;
  const letters = store.deadLetters;

  async function runs(workflowId: string): Promise<boolean> {
    try {
      return (await boxoffice.decisions.standing(workflowId)).open;
    } catch (error) {
      // Nobody knows it any more, so nobody can go on with it.
      if (error instanceof NotFoundError) return false;
      throw error;
    }
  }

  /** A message is nobody's run: it is sent again under its own claim. */
  const waitingOf = (letter: DeadLetter, running: boolean): Promise<WaitingFor> | WaitingFor => {
    if (!isMessageJob(letter.jobType))
      return running ? boxoffice.decisions.waiting(letter.workflowId, { deadlineMs: lookMs }) : { choices: [] };
    const possible = !running && retryRefusal(letter, 'retry') === undefined;
    return possible ? { step: letter.step, choices: ['retry'] } : { choices: [] };
  };

  return {
    async find(tenantId: string, id: string): Promise<DeadLetter> {
      const letter = await letters.get(tenantId, id);
      if (!letter) throw new ApiProblem('not_found', `There is no dead letter ${id}`);
      return letter;
    },

    /** What Temporal does not say now is left out: the letter itself is to be read all the same. */
    async standingOf(letter: DeadLetter): Promise<{ workflow?: 'running' | 'ended'; waiting?: WaitingFor }> {
      try {
        const running = await runs(letter.workflowId);
        const waiting = letter.resolvedAt === undefined ? await waitingOf(letter, running) : { choices: [] };
        return { workflow: running ? 'running' : 'ended', waiting };
      } catch (error) {
        if (error instanceof UnavailableError || error instanceof NotFoundError) return {};
        throw error;
      }
    },

    async close(letter: DeadLetter, said: { tenantId: string; by: string; reason: string }): Promise<DeadLetter> {
      const { id, runId, workflowId } = letter;
      if (letter.resolvedAt === undefined && (await runs(workflowId))) throw waits(letter);
      const closed = await letters.close({ id, runId, ...said });
      if (closed?.closedBy === said.by && closed.closeReason === said.reason) return closed;
      throw closed?.resolvedAt === undefined ? waits(letter) : isClosed(closed);
    },

    async resolve(letter: DeadLetter, deciding: Resolving): Promise<ResolveAnswer> {
      if (letter.resolvedAt !== undefined) throw isClosed(letter);
      if (isMessageJob(letter.jobType)) return sendAgain(letter, deciding);
      const { expiresAt: _, ...message } = await prepareDecision(deps, deciding).catch(closeInstead(letter));
      return (await sendDecision(deps, message, letter.step).catch(closeInstead(letter))) as ResolveAnswer;
    },
  };

  async function sendAgain(
    letter: DeadLetter,
    { tenantId, subject, decision, reason }: Resolving,
  ): Promise<ResolveAnswer> {
    const { id, workflowId, step } = letter;
    const because = retryRefusal(letter, decision);
    if (because) throw refusedDecision(workflowId, because);
    const reopened = await letters.reopen({ tenantId, id, by: subject, evidence: reason });
    if (reopened.kind === 'refused') throw refusedDecision(workflowId, reopened.because);
    if (reopened.kind === 'gone') throw isClosed({ ...letter, ...(await letters.get(tenantId, id)) });
    await boxoffice.deadLetters.again(reopened.message);
    return { taken: 'retry', step };
  }
}

const isClosed = ({ id, workflowId, outcome = 'resolved' }: DeadLetter) =>
  new ApiProblem('already_ended', `Dead letter ${id} is closed: ${outcome}`, { workflowId });

const waits = ({ id, workflowId }: DeadLetter) =>
  new ApiProblem('letter_waits', `Dead letter ${id} is of ${workflowId}, which still runs`, { workflowId });

/** Its workflow has ended, or is forgotten: there is nobody to tell. */
const closeInstead =
  ({ id, workflowId }: DeadLetter) =>
  (error: unknown): never => {
    if (!(error instanceof NotFoundError) && !(error instanceof ApiProblem && error.code === 'already_ended'))
      throw error;
    const nextAction = `Look at how it ended; where nobody is needed any more, close the letter (POST /dead-letters/${id}/close, or boxoffice dead-letters close)`;
    throw new ApiProblem('already_ended', `${workflowId} has ended`, { workflowId, nextAction });
  };
