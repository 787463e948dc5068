/** Dead letters in memory, as far as the API asks for them, and one that a test may begin with. */
import type {
  DeadLetter,
  DeadLetterBatch,
  DeadLetterBatchInput,
  DeadLetterStatistics,
  DeadLetterWish,
} from '../../contracts/dead-letters.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import type { CloseLetter, Reopened, ReopenMessage } from '../../store/index.ts';

export const letterOf = (change: Partial<DeadLetter> = {}): DeadLetter => ({
  id: '7',
  queueName: 'money',
  jobType: 'payment-process',
  workflowId: 'payment:acme:key-1',
  runId: 'run-1',
  step: 'capture',
  error: 'budget_exhausted',
  attempts: 10,
  moneyMoved: 'unknown',
  data: {},
  failedAt: '2027-01-01T12:00:00.000Z',
  retries: [],
  ...change,
});

/** A mail whose only call was refused. */
export const mailLetter = (change: Partial<DeadLetter> = {}): DeadLetter =>
  letterOf({
    id: '8',
    queueName: 'communication',
    jobType: 'send-email',
    workflowId: 'email:acme:welcome-1',
    runId: 'email:acme:welcome-1',
    step: 'send',
    error: 'EAUTH',
    attempts: 1,
    moneyMoved: 'none',
    data: { template: 'welcome', venueId: 'arena', emailRef: 'c_1' },
    ...change,
  });

/** A decision about so many letters, numbered from 1. */
export function batchInput(
  batchKey: string,
  letters: number,
  change: Partial<DeadLetterBatch> = {},
): DeadLetterBatchInput {
  const ids = Array.from({ length: letters }, (_, index) => String(index + 1));
  const batch: DeadLetterBatch = {
    tenantId: 'acme', batchKey, actor: 'grace', decision: 'retry', evidence: 'case 4711', dryRun: false, ids, ...change,
  }; // prettier-ignore
  return {
    batch,
    fingerprint: fingerprintOf(batch),
    letters: ids.map((id) => ({
      id,
      workflowId: `payment:acme:key-${id}`,
      step: 'capture',
      ...(batch.dryRun ? {} : { proof: `proof ${id}` }),
    })),
    more: false,
  };
}

/** Numbers are unique over all tenants, as in the table. */
export class DeadLettersTwin {
  readonly rows: (DeadLetter & { tenantId: string })[] = [];
  /** What it was asked for last. */
  asked: unknown;
  reopening: Reopened = { kind: 'gone' };
  /** It goes away after the first page of an export. */
  failing = false;
  statistic: DeadLetterStatistics = { open: 0, byQueue: {}, byJobType: {}, byMoneyMoved: {}, days: [] };

  add(letter: DeadLetter, tenantId = 'acme'): void {
    this.rows.push({ tenantId, ...letter });
  }

  readonly #of = (tenantId: string): DeadLetter[] =>
    this.rows.flatMap(({ tenantId: owner, ...letter }) => (owner === tenantId ? [letter] : []));

  readonly get = async (tenantId: string, id: string) => this.#of(tenantId).find((letter) => letter.id === id);
  readonly list = async (tenantId: string, wish: DeadLetterWish) => {
    this.asked = wish;
    return { letters: this.#of(tenantId), nextCursor: '7' };
  };
  readonly groups = async (tenantId: string, wish: DeadLetterWish) => {
    this.asked = wish;
    return this.#of(tenantId).map(({ queueName, jobType, step, error, failedAt, moneyMoved }) => ({
      queueName, jobType, step, error, count: 1, oldest: failedAt, newest: failedAt, moneyMoved: { [moneyMoved]: 1 },
    })); // prettier-ignore
  };
  readonly statistics = async (_: string, days: number) => {
    this.asked = days;
    return this.statistic;
  };
  readonly oldest = async (tenantId: string, wish: DeadLetterWish, limit: number) => {
    this.asked = wish;
    return this.#of(tenantId)
      .filter(({ resolvedAt }) => resolvedAt === undefined)
      .slice(0, limit);
  };
  readonly some = async (tenantId: string, ids: readonly string[]) =>
    this.#of(tenantId).filter(({ id }) => ids.includes(id));
  readonly pages = (tenantId: string, wish: DeadLetterWish) => {
    this.asked = wish;
    return onePerPage(this.#of(tenantId), () => this.failing);
  };
  readonly close = async ({ tenantId, id, runId, by, reason }: CloseLetter) => {
    const row = this.rows.find((one) => one.tenantId === tenantId && one.id === id);
    if (row && row.resolvedAt === undefined && row.runId === runId) {
      const closing = { resolvedAt: '2027-01-02T12:00:00.000Z', outcome: 'closed', closedBy: by, closeReason: reason };
      Object.assign(row, closing);
    }
    return this.get(tenantId, id);
  };
  readonly reopen = async (wish: ReopenMessage) => {
    this.asked = wish;
    return this.reopening;
  };
}

async function* onePerPage(letters: readonly DeadLetter[], fails: () => boolean): AsyncGenerator<DeadLetter[]> {
  for (const letter of letters) {
    yield [letter];
    if (fails()) throw new Error('the database is away');
  }
}
