import { beforeEach, describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../contracts/dead-letters.ts';
import { requestRefund } from '../../client/index.ts';
import { readProofKeys } from '../../infrastructure/proof-keys.ts';
import { createProofVerifier } from '../../infrastructure/proofs.ts';
import { publicKeysOf } from '../../sandbox/tokens.ts';
import { letterOf, mailLetter } from '../support/dead-letter-twins.ts';
import { requestOf } from '../support/refund-requests.ts';
import { type ApiWorld, bearer, createApiWorld, decisionKey, type TokenWish } from './api-world.ts';

const workflowId = 'refund:acme:refund-1';
const approver: TokenWish = { role: 'approver', sub: 'approver-7' };
const verify = createProofVerifier(readProofKeys(JSON.stringify(publicKeysOf(decisionKey))));
let world: ApiWorld;
let letter: DeadLetter;

/** A refund that runs, with a letter, and a mail that was given up. */
beforeEach(async () => {
  world = await createApiWorld({ decideMs: 200 });
  await requestRefund(world.temporal.client, requestOf());
  const { runId } = world.temporal.run(workflowId);
  letter = letterOf({ workflowId, runId, step: 'refund', jobType: 'refund-process' });
  world.store.deadLetters.add(letter);
  world.store.deadLetters.add(mailLetter());
  world.temporal.standing = { step: 'refund', choices: ['retry', 'mark_failed'] };
  world.temporal.answers.set('resolve', { taken: 'retry', step: 'refund' });
});

const read = async (path = '', wish: TokenWish = { role: 'viewer' }, more: Record<string, string> = {}) =>
  world.app.inject({ url: `/dead-letters${path}`, headers: { ...(await bearer(wish)), ...more } });
const post = async (path: string, payload: object, wish: TokenWish = approver) =>
  world.app.inject({ method: 'POST', url: `/dead-letters${path}`, headers: await bearer(wish), payload });
const close = (id: string, reason = 'paid by hand', wish?: TokenWish) => post(`/${id}/close`, { reason }, wish);
const resolve = (id: string, body: object = {}, wish?: TokenWish) =>
  post(`/${id}/resolve`, { decision: 'retry', evidence: 'case 4711', ...body }, wish);

describe('GET /dead-letters', () => {
  it('lists them with their pages in the Web UI, and hands the filter on', async () => {
    const answer = await read(
      '?queue=money&jobType=refund-process&error=e&since=2027-01-01&state=all&limit=2&cursor=9',
    );
    expect(answer.json()).toMatchObject({
      letters: [{ ...letter, status: 'open', webUi: expect.stringContaining('refund') as string }, { id: '8' }],
      nextCursor: '7',
    });
    const wish = { queue: 'money', jobType: 'refund-process', error: 'e', since: '2027-01-01', state: 'all' };
    expect(world.store.deadLetters.asked).toEqual({ ...wish, limit: 2, cursor: '9' });
  });

  it.each(['state=half', 'since=yesterday', 'since=2027-02-31', 'limit=201', 'cursor=x', 'other=1'])(
    '400: %s',
    async (query) => {
      const answer = await read(`?${query}`);
      expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, query.split('=')[0]]);
    },
  );

  it('groups and counts them', async () => {
    expect((await read('/groups?queue=money')).json()).toMatchObject({ groups: [{ error: 'budget_exhausted' }, {}] });
    expect(world.store.deadLetters.asked).toEqual({ queue: 'money' });
    expect((await read('/statistics')).json()).toEqual(world.store.deadLetters.statistic);
    expect(world.store.deadLetters.asked).toBe(14);
    await read('/statistics?days=90');
    expect(world.store.deadLetters.asked).toBe(90);
  });

  it("shows another tenant's to nobody", async () => {
    const globex = { role: 'viewer', tenant: 'globex' };
    expect((await read('', globex)).json().letters).toEqual([]);
    expect((await read('/7', globex)).statusCode).toBe(404);
    expect((await close('7', 'mine', { ...approver, tenant: 'globex' })).statusCode).toBe(404);
    expect((await resolve('7', {}, { ...approver, tenant: 'globex' })).statusCode).toBe(404);
    expect(world.temporal.run(workflowId).updates).toEqual([]);
  });
});

describe('GET /dead-letters/export', () => {
  it('is one JSON object a line, page by page', async () => {
    const answer = await read('/export?state=all');
    expect(answer.headers['content-type']).toContain('application/jsonl');
    expect(
      answer.payload
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([letter, mailLetter()]);
    expect(world.store.deadLetters.asked).toEqual({ state: 'all' });
  });

  it('is CSV where that is accepted, and no formula', async () => {
    world.store.deadLetters.add(letterOf({ id: '9', error: '=HYPERLINK("x"), "y"', workflowId: 'payment:acme:key-9' }));
    const answer = await read('/export', { role: 'viewer' }, { accept: 'text/csv' });
    expect(answer.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="dead-letters.csv"',
    });
    const [heading, , , last] = answer.payload.split('\r\n');
    expect(heading).toMatch(/^"id","failedAt","queueName",.*"closeReason"$/);
    expect(last).toBe(
      `"9","2027-01-01T12:00:00.000Z","money","payment-process","payment:acme:key-9","capture","'=HYPERLINK(""x""), ""y""",10,"unknown","","","",""`,
    );
  });
});

describe('GET /dead-letters/:id', () => {
  it('says what it can be told now', async () => {
    const waiting = { step: 'refund', choices: ['retry', 'mark_failed'] };
    expect((await read('/7')).json()).toMatchObject({ id: '7', status: 'open', workflow: 'running', waiting });
    expect((await read('/8')).json()).toMatchObject({
      workflow: 'ended',
      waiting: { step: 'send', choices: ['retry'] },
    });
    world.temporal.close(workflowId, {});
    expect((await read('/7')).json()).toMatchObject({ workflow: 'ended', waiting: { choices: [] } });
  });

  it('is there, too, where Temporal gives no answer', async () => {
    world.temporal.reachable = false;
    const answer = await read('/7');
    expect([answer.statusCode, answer.json()]).toMatchObject([200, { id: '7' }]);
    expect(answer.json()).not.toHaveProperty('workflow');
  });

  it.each(['0', 'x', '9'.repeat(16)])('400: %s', async (id) => {
    expect((await read(`/${id}`)).statusCode).toBe(400);
  });
});

describe('POST /dead-letters/:id/close', () => {
  it('is refused while its workflow runs, with what to do instead', async () => {
    const answer = await close('7');
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({ code: 'letter_waits', moneyMoved: 'unknown', workflowId });
    expect(answer.json().nextAction).toContain('POST /dead-letters/:id/resolve');
    expect((await read('/7')).json().status).toBe('open');
  });

  it('keeps who and why; the same again is the same, another one is too late', async () => {
    const answer = await close('8');
    expect([answer.statusCode, answer.json()]).toMatchObject([
      200,
      { status: 'closed', outcome: 'closed', closedBy: 'approver-7', closeReason: 'paid by hand' },
    ]);
    expect((await close('8')).statusCode).toBe(200);
    const late = await close('8', 'another reason');
    expect([late.statusCode, late.json().code]).toEqual([409, 'already_ended']);
    expect((await resolve('8')).json()).toMatchObject({ status: 409, code: 'already_ended' });
  });

  it('is for those whose workflow has ended, whatever they left open', async () => {
    world.temporal.close(workflowId, {});
    expect((await close('7')).statusCode).toBe(200);
  });

  it('503: nobody knows whether its workflow runs', async () => {
    world.temporal.reachable = false;
    expect((await close('7')).statusCode).toBe(503);
    world.temporal.reachable = true;
    expect((await read('/7')).json().status).toBe('open');
  });
});

describe('POST /dead-letters/:id/resolve', () => {
  it('sends the decision to its workflow, with a proof of the subject of the token', async () => {
    const answer = await resolve('7');
    expect([answer.statusCode, answer.json()]).toEqual([200, { id: '7', workflowId, taken: 'retry', step: 'refund' }]);
    const { name, input } = world.temporal.run(workflowId).updates.at(-1)!;
    expect([name, input]).toEqual([
      'resolve',
      { actor: 'approver-7', decision: 'retry', evidence: 'case 4711', proof: expect.any(String) },
    ]);
    const { claims } = await verify((input as { proof: string }).proof);
    expect(claims).toMatchObject({ workflowId, runId: letter.runId, choice: 'retry', subject: 'approver-7' });
  });

  it('sends nothing where another step waits by now', async () => {
    world.temporal.standing = { step: 'burn', choices: ['retry'] };
    expect((await resolve('7')).json()).toMatchObject({ status: 409, because: 'nothing_waits' });
    expect(world.temporal.run(workflowId).updates).toEqual([]);
  });

  it('409: its workflow has ended, or is forgotten: then the letter is closed', async () => {
    world.temporal.close(workflowId, {});
    for (const forgotten of [false, true]) {
      if (forgotten) world.temporal.runs.clear();
      const answer = (await resolve('7')).json();
      expect(answer).toMatchObject({ status: 409, code: 'already_ended', workflowId });
      expect(answer.nextAction).toContain('POST /dead-letters/7/close');
    }
  });

  it('sends a message again, with who wanted it', async () => {
    const { deadLetters } = world.store;
    const request = {
      tenantId: 'acme', messageKey: 'welcome-1', emailRef: 'c_1', message: { template: 'welcome', venueId: 'arena' },
    }; // prettier-ignore
    deadLetters.reopening = { kind: 'reopened', message: { kind: 'email', request, round: 1 } };
    const mail = 'email:acme:welcome-1';
    expect((await resolve('8')).json()).toEqual({ id: '8', workflowId: mail, taken: 'retry', step: 'send' });
    expect(deadLetters.asked).toEqual({ tenantId: 'acme', id: '8', by: 'approver-7', evidence: 'case 4711' });
    expect(world.temporal.run(mail).input).toMatchObject({ request, round: 1 });
  });

  it.each<[string, Partial<DeadLetter>, string]>([
    ['mail that may have been sent', { attempts: 2 }, 'may_be_sent'],
    ['mail whose calls got no answer', { error: 'budget_exhausted' }, 'may_be_sent'],
  ])('409: %s is not sent again', async (_, change, because) => {
    world.store.deadLetters.rows.length = 0;
    world.store.deadLetters.add(mailLetter(change));
    const answer = (await resolve('8')).json();
    expect(answer).toMatchObject({ status: 409, code: 'decision_refused', because });
    expect(world.store.deadLetters.asked).toBeUndefined();
  });

  it('409: a message can be sent again and nothing else; what the store refuses; what it says was sent', async () => {
    expect((await resolve('8', { decision: 'mark_failed' })).json()).toMatchObject({ because: 'not_possible' });
    world.store.deadLetters.reopening = { kind: 'refused', because: 'not_possible' };
    expect((await resolve('8')).json()).toMatchObject({ because: 'not_possible' });
    world.store.deadLetters.reopening = { kind: 'gone' };
    expect((await resolve('8')).json()).toMatchObject({ code: 'already_ended' });
  });

  it.each<[string, object]>([
    ['decision', { decision: 'approve' }],
    ['evidence', { evidence: '' }],
    ['actor', { actor: 'me' }],
  ])('400: %s', async (field, body) => {
    const answer = await resolve('7', body);
    expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, field]);
  });

  it.each(['service', 'operator', 'viewer'])('403: as %s, neither resolve nor close', async (role) => {
    expect((await resolve('7', {}, { role })).statusCode).toBe(403);
    expect((await close('8', 'why', { role })).statusCode).toBe(403);
  });
});
