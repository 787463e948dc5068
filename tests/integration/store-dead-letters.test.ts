import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../contracts/dead-letters.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import { emailWorkflowId } from '../../contracts/ids.ts';
import type { EmailRequest, EmailResult } from '../../contracts/mail.ts';
import { createMessageLedger } from '../../workers/message-ledger.ts';
import { InvalidCursorError, type ParkedWork } from '../../store/index.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db.stop());

let count = 0;
/** Each test has tenants of its own, so that it sees its own letters only. */
const tenant = () => `tenant-${(count += 1)}`;

type Change = Partial<Omit<ParkedWork, 'operation'>> & { workflowId?: string };

async function park(
  tenantId: string,
  { workflowId = `payment:${tenantId}:key-${(count += 1)}`, ...change }: Change = {},
) {
  await db.store.deadLetters.park({
    operation: { tenantId, workflowId, runId: 'run-1' },
    queueName: 'money',
    jobType: 'payment-process',
    step: 'capture',
    error: 'budget_exhausted',
    attempts: 10,
    moneyMoved: 'unknown',
    data: {},
    ...change,
  });
  const { letters } = await db.store.deadLetters.list(tenantId, { limit: 1 });
  return letters[0]!;
}

const letters = (tenantId: string, wish: object = {}) =>
  db.store.deadLetters.list(tenantId, { limit: 200, ...wish }).then((page) => page.letters.map(({ error }) => error));

/** As if it had been written or resolved then. */
const date = ({ id }: DeadLetter, { failed, resolved }: { failed: string; resolved?: string }) =>
  db.look('update dead_letter_jobs set failed_at = $2, resolved_at = coalesce($3, resolved_at) where id = $1', [
    id,
    failed,
    resolved ?? null,
  ]);

const closing = ({ id, runId }: DeadLetter, tenantId: string, by = 'grace') =>
  db.store.deadLetters.close({ tenantId, id, runId, by, reason: 'paid by hand' });

async function everyOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('the list', () => {
  it('comes in pages, newest first, and finds what every filter wants', async () => {
    const acme = tenant();
    const first = await park(acme, { error: 'a' });
    await date(first, { failed: '2027-01-01T23:00:00Z' });
    await date(await park(acme, { error: 'b', queueName: 'communication' }), { failed: '2027-01-02T00:30:00Z' });
    await date(await park(acme, { error: 'c', jobType: 'refund-process' }), { failed: '2027-01-03T00:00:00Z' });
    await closing(first, acme);
    expect(await letters(acme)).toEqual(['c', 'b']);
    expect(await letters(acme, { state: 'all' })).toEqual(['c', 'b', 'a']);
    expect(await letters(acme, { state: 'closed' })).toEqual(['a']);
    expect(await letters(acme, { queue: 'money' })).toEqual(['c']);
    expect(await letters(acme, { jobType: 'payment-process' })).toEqual(['b']);
    expect(await letters(acme, { error: 'c' })).toEqual(['c']);
    expect(await letters(acme, { state: 'all', since: '2027-01-02' })).toEqual(['c', 'b']);
    expect(await letters(acme, { state: 'all', since: '2027-01-02T02:00:00+02:00' })).toEqual(['c', 'b']);

    const page = await db.store.deadLetters.list(acme, { state: 'all', limit: 2 });
    expect(page.letters.map(({ error }) => error)).toEqual(['c', 'b']);
    const rest = await db.store.deadLetters.list(acme, { state: 'all', limit: 2, cursor: page.nextCursor! });
    expect([rest.letters.map(({ error }) => error), rest.nextCursor]).toEqual([['a'], undefined]);
    await expect(db.store.deadLetters.list(acme, { limit: 2, cursor: 'x' })).rejects.toThrow(InvalidCursorError);
  });

  it('shows a letter as it was written, and what a person did to it', async () => {
    const acme = tenant();
    const written = await park(acme, { data: { intentId: 'pi_1' }, moneyMoved: 'held' });
    expect(written).toEqual({
      id: expect.stringMatching(/^\d+$/), queueName: 'money', jobType: 'payment-process', runId: 'run-1', step: 'capture',
      workflowId: written.workflowId, error: 'budget_exhausted', attempts: 10, moneyMoved: 'held', data: { intentId: 'pi_1' },
      failedAt: expect.stringMatching(/Z$/), retries: [],
    }); // prettier-ignore
    expect(await db.store.deadLetters.get(acme, written.id)).toEqual(written);
    expect(await closing(written, acme)).toMatchObject({
      resolvedAt: expect.stringMatching(/Z$/) as string, outcome: 'closed', closedBy: 'grace', closeReason: 'paid by hand',
    }); // prettier-ignore
  });

  it('shows no tenant the letters of another, nor lets it touch them', async () => {
    const [acme, globex] = [tenant(), tenant()];
    const letter = await park(acme);
    const { deadLetters } = db.store;
    expect(await letters(globex, { state: 'all' })).toEqual([]);
    expect(await deadLetters.get(globex, letter.id)).toBeUndefined();
    expect(await deadLetters.some(globex, [letter.id])).toEqual([]);
    expect(await deadLetters.oldest(globex, {}, 10)).toEqual([]);
    expect(await deadLetters.groups(globex, {})).toEqual([]);
    expect(await deadLetters.statistics(globex, 1)).toMatchObject({ open: 0, byQueue: {} });
    expect(await everyOf(deadLetters.pages(globex, { state: 'all' }))).toEqual([]);
    expect(await closing(letter, globex)).toBeUndefined();
    expect(await deadLetters.reopen({ tenantId: globex, id: letter.id, by: 'x', evidence: 'x' })).toEqual({
      kind: 'gone',
    });
    expect(await deadLetters.get(acme, letter.id)).toEqual(letter);
  });
});

describe('groups', () => {
  it('count what says the same, with the oldest, the newest and what moved', async () => {
    const acme = tenant();
    for (const [failed, moneyMoved] of [
      ['2027-01-01T00:00:00Z', 'unknown'],
      ['2027-01-03T00:00:00Z', 'unknown'],
      ['2027-01-02T00:00:00Z', 'held'],
    ] as const)
      await date(await park(acme, { moneyMoved }), { failed });
    await park(acme, { step: 'void' });
    await closing(await park(acme, { error: 'closed' }), acme);
    const groups = await db.store.deadLetters.groups(acme, {});
    expect(groups).toMatchObject([
      {
        queueName: 'money', jobType: 'payment-process', step: 'capture', error: 'budget_exhausted', count: 3,
        oldest: '2027-01-01T00:00:00.000Z', newest: '2027-01-03T00:00:00.000Z', moneyMoved: { held: 1, unknown: 2 },
      },
      { step: 'void', count: 1, moneyMoved: { unknown: 1 } },
    ]); // prettier-ignore
    const closed = await db.store.deadLetters.groups(acme, { state: 'closed' });
    expect(closed.map(({ error, count }) => [error, count])).toEqual([['closed', 1]]);
  });
});

describe('statistics', () => {
  it('count open letters by what they are, and each day what came and was resolved', async () => {
    const acme = tenant();
    const midnight = new Date().setUTCHours(0, 0, 0, 0);
    const at = (hours: number) => new Date(midnight + hours * 3_600_000).toISOString();
    await date(await park(acme), { failed: at(-48) });
    await date(await park(acme, { queueName: 'communication', jobType: 'send-sms', moneyMoved: 'none' }), {
      failed: at(-0.01),
    });
    const solved = await park(acme);
    await closing(solved, acme);
    await date(solved, { failed: at(-72), resolved: at(0) });
    const found = await db.store.deadLetters.statistics(acme, 3);
    const day = (days: number) => new Date(midnight - days * 86_400_000).toISOString().slice(0, 10);
    expect(found).toEqual({
      open: 2,
      byQueue: { communication: 1, money: 1 },
      byJobType: { 'payment-process': 1, 'send-sms': 1 },
      byMoneyMoved: { none: 1, unknown: 1 },
      oldest: { failedAt: at(-48), seconds: expect.any(Number) },
      days: [
        { day: day(2), opened: 1, resolved: 0 },
        { day: day(1), opened: 1, resolved: 0 },
        { day: day(0), opened: 0, resolved: 1 },
      ],
    });
    expect(Math.abs(found.oldest!.seconds - (Date.now() - Date.parse(at(-48))) / 1_000)).toBeLessThan(60);
  });
});

describe('an export', () => {
  it('reads all of them once, a bounded page at a time, oldest first', async () => {
    const acme = tenant();
    await db.look(
      `insert into dead_letter_jobs (tenant_id, queue_name, job_type, job_data, error, attempts, workflow_id, run_id, step, money_moved)
       select $1::text, 'money', 'payment-process', '{}', 'e' || n, 1, 'payment:' || $1::text || ':' || n, 'r', 'capture', 'none'
       from generate_series(1, 1001) as n`,
      [acme],
    );
    const pages = await everyOf(db.store.deadLetters.pages(acme, {}));
    expect(pages.map((page) => page.length)).toEqual([500, 500, 1]);
    expect(pages.flat().map(({ error }) => error)).toEqual(
      Array.from({ length: 1_001 }, (_, index) => `e${index + 1}`),
    );
  });
});

describe('closing', () => {
  it('is done once, by whoever is first, and not to a run that came to rest since', async () => {
    const acme = tenant();
    const letter = await park(acme);
    expect(await closing({ ...letter, runId: 'another' }, acme)).toEqual(letter);
    const [one, two] = await Promise.all([closing(letter, acme, 'grace'), closing(letter, acme, 'linus')]);
    expect(one).toEqual(two);
    expect(['grace', 'linus']).toContain(one!.closedBy);
    expect(await letters(acme)).toEqual([]);
  });
});

const by = { by: 'grace', evidence: 'the password is right again' };

/** A mail that was given up after so many calls, as the ledger of messages leaves it. */
async function givenUp(tenantId: string, { error = 'EAUTH', calls = 1 }: { error?: string; calls?: number } = {}) {
  const request: EmailRequest = {
    tenantId, messageKey: `m-${(count += 1)}`, emailRef: 'c_1', message: { template: 'welcome', venueId: 'arena' },
  }; // prettier-ignore
  const ledger = createMessageLedger(db.store);
  const now = new Date().toISOString();
  const fingerprint = fingerprintOf(request);
  const claim = () => ledger.claim({ request, fingerprint, now });
  const settle = (result: EmailResult, round?: number) =>
    ledger.settle({ request, result, now, ...(round === undefined ? {} : { round }) });
  const step = { tenantId, workflowId: emailWorkflowId(tenantId, request.messageKey), step: 'send' };
  const call = async (times: number) => {
    for (let call = 0; call < times; call += 1) await db.store.sentCalls.begin({ ...step, budget: 100 });
  };
  await claim();
  await call(calls);
  await settle({ status: 'undeliverable', reason: error });
  const find = async () => (await db.store.deadLetters.list(tenantId, { state: 'all', limit: 1 })).letters[0]!;
  const letter = await find();
  const reopen = () => db.store.deadLetters.reopen({ tenantId, id: letter.id, ...by });
  return { request, claim, settle, call, find, reopen, letter };
}

describe('a message that a person has sent again', () => {
  it('is opened once, as it was asked for, with who wanted it; its letter is resolved when it is sent', async () => {
    const { request, claim, settle, find, reopen } = await givenUp(tenant());
    expect(await claim()).toMatchObject({ kind: 'settled' });
    const message = { kind: 'email', request, round: 1 };
    expect(await reopen()).toEqual({ kind: 'reopened', message });
    // Nobody got as far as starting it, or it is under way: still the same round.
    expect(await reopen()).toEqual({ kind: 'reopened', message });
    expect(await claim()).toEqual({ kind: 'owned' });
    const retry = { ...by, attempts: 1, at: expect.stringMatching(/Z$/) as string };
    expect(await find()).toMatchObject({ retries: [retry] });
    expect(await find()).not.toHaveProperty('resolvedAt');

    await settle({ status: 'sent', messageId: '<1>' }, 1);
    expect(await find()).toMatchObject({ outcome: 'sent', retries: [retry], resolvedAt: expect.any(String) as string });
    expect(await claim()).toMatchObject({ kind: 'settled', result: { status: 'sent' } });
    expect(await reopen()).toEqual({ kind: 'gone' });
  });

  it('that is refused again keeps its one letter, and may go again', async () => {
    const { settle, call, find, reopen, letter } = await givenUp(tenant());
    await reopen();
    await call(1);
    await settle({ status: 'undeliverable', reason: '550' }, 1);
    expect(await find()).toMatchObject({ id: letter.id, error: '550', attempts: 2 });
    expect(await reopen()).toMatchObject({ kind: 'reopened', message: { round: 2 } });
    expect((await find()).retries).toMatchObject([{ attempts: 1 }, { attempts: 2 }]);
  });

  it.each([
    ['a call without an answer went before the refusal', { calls: 2 }],
    ['no call got an answer', { calls: 5, error: 'budget_exhausted' }],
  ])('stays as it is where %s: mail cannot be looked up', async (_, how) => {
    const { claim, find, reopen, letter } = await givenUp(tenant(), how);
    expect(await reopen()).toEqual({ kind: 'refused', because: 'may_be_sent' });
    expect(await find()).toEqual(letter);
    expect(await claim()).toMatchObject({ kind: 'settled', result: { status: 'undeliverable' } });
  });

  it('goes again after its claim has expired and is gone, but not as another message', async () => {
    const expired = await givenUp(tenant());
    await db.look('delete from idempotency_keys where key = $1', [expired.request.messageKey]);
    expect(await expired.reopen()).toMatchObject({ kind: 'reopened', message: { round: 1 } });
    const other = await givenUp(tenant());
    await db.look(`update idempotency_keys set fingerprint = repeat('0', 64) where key = $1`, [
      other.request.messageKey,
    ]);
    expect(await other.reopen()).toEqual({ kind: 'refused', because: 'not_possible' });
  });

  it('whose claim says that it was sent resolves its letter instead', async () => {
    const { request, find, reopen } = await givenUp(tenant());
    const sent = { status: 'sent', messageId: '<1>' };
    await db.look('update idempotency_keys set result = $2 where key = $1', [request.messageKey, JSON.stringify(sent)]);
    expect(await reopen()).toEqual({ kind: 'gone' });
    expect(await find()).toMatchObject({ outcome: 'sent' });
  });

  it('is a message: work of a workflow is not opened', async () => {
    const acme = tenant();
    const { id } = await park(acme);
    const opened = await db.store.deadLetters.reopen({ tenantId: acme, id, ...by });
    expect(opened).toEqual({ kind: 'refused', because: 'not_possible' });
  });
});
