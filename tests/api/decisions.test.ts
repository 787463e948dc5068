import { beforeEach, describe, expect, it } from 'vitest';
import type { DecisionRefusal } from '../../contracts/decisions.ts';
import { requestRefund } from '../../client/index.ts';
import { readProofKeys } from '../../infrastructure/proof-keys.ts';
import { createProofVerifier } from '../../infrastructure/proofs.ts';
import { publicKeysOf } from '../../sandbox/tokens.ts';
import { requestOf } from '../support/refund-requests.ts';
import { type ApiWorld, bearer, createApiWorld, decisionKey, type TokenWish } from './api-world.ts';

const workflowId = 'refund:acme:refund-1';
const verify = createProofVerifier(readProofKeys(JSON.stringify(publicKeysOf(decisionKey))));
const approver: TokenWish = { role: 'approver', sub: 'approver-7' };
let world: ApiWorld;

beforeEach(async () => {
  world = await createApiWorld({ decideMs: 200 });
  await requestRefund(world.temporal.client, requestOf());
});

const decide = async (body: object = {}, wish: TokenWish = approver) =>
  world.app.inject({
    method: 'POST',
    url: '/decisions',
    headers: await bearer(wish),
    payload: { workflowId, decision: 'approve', reason: 'checked', ...body },
  });
const read = async (tenant: string) =>
  world.app.inject({ url: `/decisions?workflowId=${workflowId}`, headers: await bearer({ role: 'viewer', tenant }) });
const run = () => world.temporal.run(workflowId);
const sent = () => run().updates.at(-1);
const refuseAs = (because: DecisionRefusal) => {
  world.temporal.refusals.set('approve', 'DecisionRefused');
  world.temporal.refusalDetails.set('approve', { because });
};

describe('POST /decisions', () => {
  it('sends it with a proof of the subject of the token, and gives the answer', async () => {
    world.temporal.answers.set('approve', { decision: 'approved', approvals: 1, needed: 2 });
    const answer = await decide();
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({ workflowId, decision: 'approved', approvals: 1, needed: 2 });
    const { name, input } = sent()!;
    expect(name).toBe('approve');
    expect(input).toEqual({ actor: 'approver-7', reason: 'checked', proof: expect.any(String) });
    expect(await verify((input as { proof: string }).proof)).toEqual({
      claims: {
        tenantId: 'acme',
        workflowId,
        runId: run().runId,
        kind: 'approve',
        choice: 'approve',
        subject: 'approver-7',
        proofId: expect.any(String),
      },
    });
  });

  it.each(['retry', 'mark_succeeded', 'mark_failed', 'compensate'])(
    'resolves a step with %s; the reason is its evidence',
    async (decision) => {
      world.temporal.answers.set('resolve', { taken: decision, step: 'refund' });
      expect((await decide({ decision })).json()).toEqual({ workflowId, taken: decision, step: 'refund' });
      const { name, input } = sent()!;
      expect(name).toBe('resolve');
      expect(input).toEqual({ actor: 'approver-7', decision, evidence: 'checked', proof: expect.any(String) });
      const { claims } = await verify((input as { proof: string }).proof);
      expect(claims).toMatchObject({ kind: 'resolve', choice: decision });
    },
  );

  it('with send: false answers with what a form takes, and sends nothing', async () => {
    const answer = await decide({ decision: 'reject', send: false });
    expect(answer.statusCode).toBe(200);
    const { payload, expiresAt, ...rest } = answer.json();
    expect(rest).toEqual({ workflowId, message: 'reject' });
    expect(payload).toEqual({ actor: 'approver-7', reason: 'checked', proof: expect.any(String) });
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(590_000);
    expect((await verify(payload.proof)).claims).toMatchObject({ kind: 'reject', choice: 'reject' });
    expect(run().updates).toEqual([]);
  });

  it.each<[DecisionRefusal, string]>([
    ['own_request', 'whoever asked for it'],
    ['decided_before', 'another one is needed'],
    ['nothing_waits', 'nothing waits'],
  ])('409: %s, with why', async (because, words) => {
    refuseAs(because);
    const answer = await decide();
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({ code: 'decision_refused', because, workflowId });
    expect(answer.json().detail).toContain(words);
  });

  it('409: the workflow never waits for such a decision', async () => {
    world.temporal.refusals.set('approve', '');
    expect((await decide()).json()).toMatchObject({ status: 409, because: 'nothing_waits' });
  });

  it('409: a reason that this version does not know', async () => {
    refuseAs('toString' as DecisionRefusal);
    expect((await decide()).json()).toMatchObject({ status: 409, because: 'not_possible' });
  });

  it('409: it has ended, before or while it was decided', async () => {
    world.temporal.refusals.set('approve', 'AlreadyEnded');
    expect((await decide()).json()).toMatchObject({ status: 409, code: 'already_ended', workflowId });
    world.temporal.close(workflowId, { status: 'completed' });
    expect((await decide({ send: false })).json()).toMatchObject({ status: 409, code: 'already_ended' });
  });

  it("404: there is none, or it is another tenant's, and no proof is made", async () => {
    expect((await decide({ workflowId: 'payout:acme:other' })).statusCode).toBe(404);
    world.temporal.calls.length = 0;
    for (const tenant of ['globex', 'acme-2']) {
      const answer = await decide({ send: false }, { ...approver, tenant });
      expect([answer.statusCode, answer.json().code]).toEqual([404, 'not_found']);
    }
    expect(world.temporal.calls).toEqual([]);
  });

  it('503: no worker answers, and nobody claims to know', async () => {
    world.temporal.worker = false;
    expect((await decide()).json()).toMatchObject({ status: 503, code: 'unavailable', moneyMoved: 'unknown' });
  });

  it.each(['service', 'operator', 'viewer'])('403: as %s, and nothing is sent', async (role) => {
    expect((await decide({}, { role })).statusCode).toBe(403);
    expect(run().updates).toEqual([]);
  });

  it.each<[string, object]>([
    ['workflowId', { workflowId: 'refund:acme' }],
    ['decision', { decision: 'pay' }],
    ['reason', { reason: '' }],
    ['actor', { actor: 'approver-8' }],
  ])('400: %s', async (field, body) => {
    const answer = await decide(body);
    expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, field]);
  });

  it('400: a subject that is no opaque id', async () => {
    const answer = await decide({}, { ...approver, sub: 'ada@example.com' });
    expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, 'sub']);
    expect(run().updates).toEqual([]);
  });
});

describe('GET /decisions', () => {
  const record = {
    runId: 'run-1',
    messageId: 'm',
    kind: 'approve',
    choice: 'approve',
    actor: 'approver-7',
    evidence: 'checked',
    decidedAt: '2027-01-01T12:00:00.000Z',
  } as const;

  it('lists what was decided, refused or not, for its own tenant', async () => {
    world.store.decisionRecords.set(`acme/${workflowId}`, [
      { ...record, refusedBecause: 'bad_signature' },
      { ...record, subject: 'approver-7', proofId: 'p' },
    ]);
    expect((await read('acme')).json()).toEqual({
      decisions: [
        { ...record, refusedBecause: 'bad_signature', accepted: false },
        { ...record, subject: 'approver-7', proofId: 'p', accepted: true },
      ],
    });
    expect((await read('globex')).json()).toEqual({ decisions: [] });
  });

  it('400: without a workflow', async () => {
    const answer = await world.app.inject({ url: '/decisions', headers: await bearer({ role: 'viewer' }) });
    expect(answer.statusCode).toBe(400);
  });
});
