/** How an activity's twin behaves in one attempt: it gets the effect that the real activity would have, and decides. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import { failureTypes, type FailureDetail, type FailureType } from '../../contracts/failures.ts';

export type Behaviour = <T>(effect: () => T) => T | Promise<T>;

function failure(type: FailureType, code: string, sent: number, retry: object): ApplicationFailure {
  const detail: FailureDetail = { provider: 'twin', code, sent };
  return ApplicationFailure.create({ type, message: `twin: ${code}`, details: [detail], ...retry });
}

const final = (type: FailureType, code: string, sent: number) => failure(type, code, sent, { nonRetryable: true });

export const fenced = () => final(failureTypes.fenced, 'fenced', 0);
export const decline = (code: string) => final(failureTypes.declined, code, 1);
export const refuse = (code: string) => final(failureTypes.refused, code, 1);

export const answers: Behaviour = (effect) => effect();

export const declines =
  (code: string): Behaviour =>
  () => {
    throw decline(code);
  };

export const refuses =
  (code: string): Behaviour =>
  () => {
    throw refuse(code);
  };

/** Every sent call is used up, and whether one of them had its effect is open. */
export const exhausts =
  ({ sent = 10, commits = false } = {}): Behaviour =>
  (effect) => {
    if (commits) effect();
    throw final(failureTypes.budgetExhausted, 'budget_exhausted', sent);
  };

/** Not sent, or without a trustworthy answer: Temporal tries again after `afterMs`. */
export const failsFor =
  (afterMs: number): Behaviour =>
  () => {
    throw failure(failureTypes.retry, 'ECONNREFUSED', 0, { nextRetryDelay: afterMs });
  };

/** The effect is there and its answer is lost; the next attempt comes after `afterMs`. */
export const losesAnswer =
  (afterMs: number): Behaviour =>
  (effect) => {
    effect();
    throw failure(failureTypes.retry, 'ETIMEDOUT', 1, { nextRetryDelay: afterMs });
  };

/** A fault that nobody foresaw, and that no retry can heal. */
export const breaks: Behaviour = () => {
  throw ApplicationFailure.nonRetryable('twin: out of order');
};

/** Waits, heartbeating where the server expects it: a cancel comes back with a heartbeat. */
async function beating<T>(waited: Promise<T>): Promise<T> {
  const context = Context.current();
  const beat = setInterval(() => context.info.heartbeatTimeoutMs && context.heartbeat(), 20);
  try {
    return await waited;
  } finally {
    clearInterval(beat);
  }
}

const untilCancelled = () => beating(Context.current().cancelled.catch(() => undefined));

/** Under way until it is cancelled, and ends as cancelled; with `commits` its effect had happened before. */
export const hangs =
  ({ commits = false } = {}): Behaviour =>
  async (effect) => {
    if (commits) effect();
    await untilCancelled();
    return Context.current().cancelled;
  };

/** Under way when the cancel comes, too far to turn back: it answers as if there were none. */
export const answersWhenCancelled: Behaviour = async (effect) => {
  await untilCancelled();
  return effect();
};

/** It had its effect when the cancel came, and answers with an ordinary failure, as a lost answer does. */
export const losesAnswerWhenCancelled: Behaviour = async (effect) => {
  await untilCancelled();
  effect();
  throw failure(failureTypes.retry, 'ETIMEDOUT', 1, {});
};

/** The worker is gone in the middle: neither heartbeat nor answer. */
export const fallsSilent =
  ({ commits = false } = {}): Behaviour =>
  async (effect) => {
    if (commits) effect();
    return Context.current().cancelled;
  };

/** A door that a test opens: what goes through waits there, heartbeating, and no cancel turns it back. */
export class Gate {
  readonly #opened: Promise<void>;
  open: () => void = () => undefined;

  constructor() {
    this.#opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }

  readonly passes: Behaviour = async (effect) => {
    await beating(this.#opened);
    return effect();
  };
}
