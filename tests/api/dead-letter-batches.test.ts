import { beforeEach, describe, expect, it } from 'vitest';
import { reportOf } from '../../contracts/dead-letter-words.ts';
import type { DeadLetterBatchInput } from '../../contracts/dead-letters.ts';
import { readProofKeys } from '../../infrastructure/proof-keys.ts';
import { createProofVerifier } from '../../infrastructure/proofs.ts';
import { publicKeysOf } from '../../sandbox/tokens.ts';
import { letterOf, mailLetter } from '../support/dead-letter-twins.ts';
import { type ApiWorld, bearer, createApiWorld, decisionKey, type TokenWish } from './api-world.ts';

const approver: TokenWish = { role: 'approver', sub: 'approver-7' };
const workflowId = 'dead-letters:acme:outage-1';
const verify = createProofVerifier(readProofKeys(JSON.stringify(publicKeysOf(decisionKey))));
let world: ApiWorld;

beforeEach(async () => {
  world = await createApiWorld();
  const { deadLetters } = world.store;
  deadLetters.add(letterOf({ id: '1' }));
  deadLetters.add(letterOf({ id: '2', workflowId: 'refund:acme:r', runId: 'run-2', step: 'refund' }));
  deadLetters.add(mailLetter({ id: '3' }));
  deadLetters.add(letterOf({ id: '4', resolvedAt: '2027-01-02T12:00:00.000Z', outcome: 'known' }));
  deadLetters.add(letterOf({ id: '5' }), 'globex');
});

const ask = async (body: object = {}, wish: TokenWish = approver) =>
  world.app.inject({
    method: 'POST',
    url: '/dead-letters/resolve',
    headers: await bearer(wish),
    payload: { batchKey: 'outage-1', decision: 'retry', evidence: 'case 4711', ids: ['1', '2', '3', '4'], ...body },
  });
const input = () => world.temporal.run(workflowId).input as DeadLetterBatchInput;

describe('POST /dead-letters/resolve', () => {
  it('starts one workflow with the letters, and a proof for each run that is to be decided about', async () => {
    const answer = await ask();
    expect([answer.statusCode, answer.headers['location']]).toEqual([202, '/dead-letters/batches/outage-1']);
    expect(answer.json()).toMatchObject({ id: 'outage-1', workflowId, webUi: expect.any(String) as string });
    const { batch, letters, more } = input();
    expect(batch).toEqual({
      tenantId: 'acme', batchKey: 'outage-1', actor: 'approver-7', decision: 'retry', evidence: 'case 4711', dryRun: false,
      ids: ['1', '2', '3', '4'],
    }); // prettier-ignore
    expect(more).toBe(false);
    expect(letters.map(({ id, proof }) => [id, proof !== undefined])).toEqual([
      ['1', true], ['2', true], ['3', false], ['4', false],
    ]); // prettier-ignore
    expect((await verify(letters[1]!.proof!)).claims).toMatchObject({
      tenantId: 'acme', workflowId: 'refund:acme:r', runId: 'run-2', kind: 'resolve', choice: 'retry', subject: 'approver-7',
    }); // prettier-ignore
    expect(world.temporal.run(workflowId).request.taskQueue.name).toBe('background');
  });

  it('with dryRun: true makes no proof', async () => {
    await ask({ dryRun: true });
    expect(input()).toMatchObject({ batch: { dryRun: true } });
    expect(input().letters.filter(({ proof }) => proof)).toEqual([]);
  });

  it('takes the open letters that a filter finds, 200 at most, the oldest', async () => {
    for (let number = 10; number < 220; number += 1) world.store.deadLetters.add(letterOf({ id: String(number) }));
    await ask({ ids: undefined, filter: { queue: 'money', since: '2027-01-01' } });
    expect(world.store.deadLetters.asked).toEqual({ queue: 'money', since: '2027-01-01' });
    expect([input().letters.length, input().more]).toEqual([200, true]);
    expect(input().letters.map(({ id }) => id)).not.toContain('4');
  });

  it('joins the same again and makes no proofs then; another body under its key is 422', async () => {
    await ask();
    const { proof } = input().letters[0]!;
    world.store.deadLetters.rows.length = 0;
    expect((await ask()).statusCode).toBe(202);
    expect(input().letters[0]!.proof).toBe(proof);
    for (const body of [{ decision: 'mark_failed' }, { dryRun: true }, { ids: ['1'] }, { evidence: 'other' }]) {
      const answer = await ask(body);
      expect([answer.statusCode, answer.json().code]).toEqual([422, 'key_reused']);
    }
    expect((await ask({}, { ...approver, sub: 'approver-8' })).statusCode).toBe(422);
  });

  it('answers with the report once it has ended', async () => {
    world.temporal.onStart = (run) => {
      const { batch, letters, more } = run.input as unknown as DeadLetterBatchInput;
      const decided = new Map(letters.map(({ id }) => [id, { id, outcome: 'accepted' as const }]));
      const report = reportOf({ batch, letters, more }, decided);
      Object.assign(run, { status: 'completed', result: { status: 'completed', moneyMoved: 'none', report } });
    };
    const answer = await ask();
    expect([answer.statusCode, answer.json()]).toMatchObject([
      201,
      {
        status: 'completed',
        next: expect.stringContaining('closed by its workflow') as string,
        report: { accepted: 4 },
      },
    ]);
    expect((await ask()).statusCode).toBe(200);
  });

  it("404: a letter that does not exist or is another tenant's, or a filter that finds none; nothing is started", async () => {
    const answer = await ask({ ids: ['1', '5', '99'] });
    expect([answer.statusCode, answer.json().detail]).toEqual([404, 'There is no dead letter 5, 99']);
    world.store.deadLetters.rows.length = 0;
    expect((await ask({ ids: undefined, filter: {} })).statusCode).toBe(404);
    expect(world.temporal.runs.size).toBe(0);
  });

  it.each<[string, object]>([
    ['ids', { filter: {} }],
    ['ids', { ids: undefined }],
    ['ids', { ids: Array.from({ length: 201 }, (_, index) => String(index + 1)) }],
    ['ids[0]', { ids: ['x'] }],
    ['batchKey', { batchKey: 'a b' }],
    ['decision', { decision: 'reject' }],
    ['filter.since', { ids: undefined, filter: { since: '2027-02-30' } }],
    ['filter.state', { ids: undefined, filter: { state: 'closed' } }],
  ])('400: %s in %j', async (field, body) => {
    const answer = await ask(body);
    expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, field]);
  });

  it.each(['service', 'operator', 'viewer'])('403: as %s, and nothing is started', async (role) => {
    expect((await ask({}, { role })).statusCode).toBe(403);
    expect(world.temporal.runs.size).toBe(0);
  });
});

const at = async (method: 'GET' | 'POST', path: string, wish: TokenWish = approver) =>
  world.app.inject({
    method,
    url: `/dead-letters/batches/${path}`,
    headers: await bearer(wish),
    ...(method === 'POST' ? { payload: { reason: 'enough' } } : {}),
  });

describe('a batch', () => {
  it('is seen by its own tenant, and cancelled', async () => {
    await ask();
    world.temporal.standing = { stage: 'deciding', attention: 'none', moneyMoved: 'none', next: 'n' };
    expect((await at('GET', 'outage-1')).json()).toMatchObject({ id: 'outage-1', status: 'live', stage: 'deciding' });
    const report = reportOf(input(), new Map());
    world.temporal.answers.set('cancel', { status: 'cancelled', moneyMoved: 'none', actor: 'a', reason: 'r', report });
    const answer = await at('POST', 'outage-1/cancel');
    expect([answer.statusCode, answer.json()]).toMatchObject([200, { status: 'cancelled', report: { left: 4 } }]);
    expect(world.temporal.run(workflowId).updates.at(-1)!.input).toEqual({ actor: 'approver-7', reason: 'enough' });
  });

  it("404: there is none, or it is another tenant's", async () => {
    await ask();
    expect((await at('GET', 'other')).statusCode).toBe(404);
    expect((await at('GET', 'outage-1', { ...approver, tenant: 'globex' })).statusCode).toBe(404);
    expect((await at('POST', 'outage-1/cancel', { ...approver, tenant: 'globex' })).statusCode).toBe(404);
  });
});
