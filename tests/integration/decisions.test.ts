/** Who may let money go, and who may say how a parked step goes on: people with a proof, on real parts. */
import type { JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createDecisionCalls } from '../../client/decisions.ts';
import { callApi } from '../../client/http.ts';
import { DecisionRefusedError } from '../../client/index.ts';
import type { ApprovalRequest, DecisionRefusal, ResolveRequest } from '../../contracts/decisions.ts';
import { payoutWorkflowId } from '../../contracts/ids.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { until } from '../../sandbox/processes/until.ts';
import { type Forgery, forge, otherKey } from '../support/decision-keys.ts';
import { parkPurchase, worldCli } from '../support/parked.ts';
import { openPayoutDesk, type PayoutDesk } from '../support/paying-out.ts';
import { openShop, type Shop } from '../support/purchases.ts';

const worldDir = inject('worldDir');
const worldKey: JWK = inject('decisionKey');
const withinMs = 20_000;

let shop: Shop;
let desk: PayoutDesk;
beforeAll(async () => {
  shop = await openShop(await readEndpoints(worldDir));
  // Of each payout 8,550 are the venue's: more than two people's limit.
  desk = await openPayoutDesk(shop, { payoutApproval: { one: 1_000, two: 5_000 } });
});
afterAll(() => Promise.all([shop.close(), desk.close()]));

type Who = 'admin' | 'approver' | 'approver2';
const accessOf = (who: Who) => ({ url: shop.endpoints.api, token: shop.endpoints.tokens['acme']![who]! });
const decisionsOf = (who: Who) => createDecisionCalls(accessOf(who));
const approve = (who: Who, workflowId: string) =>
  decisionsOf(who).decide({ workflowId, decision: 'approve', reason: 'checked' });

interface Recorded {
  kind: string;
  actor: string;
  subject?: string;
  refusedBecause?: string;
}
/** What the table has, oldest first. */
async function recorded(workflowId: string): Promise<Recorded[]> {
  const path = `/decisions?workflowId=${encodeURIComponent(workflowId)}`;
  const answer = (await callApi(accessOf('admin'), 'GET', path, undefined)) as { decisions: Recorded[] };
  return answer.decisions.toReversed();
}

interface Waiting {
  payoutId: string;
  workflowId: string;
  runId: string;
}

/** A payout that an admin has asked the API for, and that waits for two approvals. */
async function waitingPayout(payoutId: string): Promise<Waiting> {
  const order = shop.order({ paymentMethod: 'pm_card_bypassPending' });
  await (await shop.boxoffice.payments.purchase(order, { deadlineMs: 60_000 })).result();
  const id = `${payoutId}-${shop.venueId}`;
  const workflowId = payoutWorkflowId('acme', id);
  // Its answer waits some seconds for an end, which is not to be had yet.
  const body = { payoutId: id, amount: 8_550, reason: 'weekly' };
  void callApi(accessOf('admin'), 'POST', `/venues/${shop.venueId}/payouts`, body).catch(() => undefined);
  const payout = shop.boxoffice.payouts.get('acme', id);
  const waits = async () => (await payout.status().catch(() => undefined))?.stage === 'awaiting approval';
  expect(await until(waits, { withinMs })).toBe(true);
  const { runId } = await shop.client.workflow.getHandle(workflowId).describe();
  return { payoutId: id, workflowId, runId };
}

/** A proof as the API makes it for the second approver, but for what is given. */
function proofOf({ workflowId, runId }: Waiting, { key = worldKey, header, payload }: Forgery = {}): Promise<string> {
  const issuedAt = Math.floor(Date.now() / 1_000);
  return forge({
    key,
    header: { kid: worldKey.kid!, ...header },
    payload: {
      sub: 'acme-approver2', workflow: workflowId, run: runId, iat: issuedAt, exp: issuedAt + 600,
      jti: `proof-${Math.random()}`, ...payload,
    }, // prettier-ignore
  });
}

/** Why a running workflow does not take it, as an update. */
async function refusalOf(workflowId: string, payload: ApprovalRequest): Promise<DecisionRefusal | 'taken'> {
  return shop.boxoffice.decisions.send({ workflowId, message: 'approve', payload }).then(
    () => 'taken' as const,
    (error: unknown) => {
      if (error instanceof DecisionRefusedError) return error.because;
      throw error;
    },
  );
}

const transfersOf = async (payoutId: string) =>
  (await desk.transfers()).filter(({ transfer_group: group }) => group === payoutId);

describe.concurrent('a payout above the limit', () => {
  test('goes only when two other people have approved it', async () => {
    const payout = await waitingPayout('two');
    const { payoutId, workflowId } = payout;
    await expect(approve('admin', workflowId)).rejects.toMatchObject({
      code: 'decision_refused',
      status: 409,
      message: expect.stringContaining('whoever asked for it') as string,
    });
    expect(await approve('approver', workflowId)).toMatchObject({ decision: 'approved', approvals: 1, needed: 2 });
    await expect(approve('approver', workflowId)).rejects.toThrow(/approved it already/);
    expect([await transfersOf(payoutId), await desk.money()]).toMatchObject([[], { provider: { connected: 0 } }]);

    expect(await approve('approver2', workflowId)).toMatchObject({ approvals: 2, needed: 2 });
    await desk.decide(await desk.made(workflowId), 'pay');
    const result = await shop.boxoffice.payouts.get('acme', payoutId).result({ deadlineMs: withinMs });
    expect(result).toMatchObject({ status: 'paid', amount: 8_550 });
    expect(await transfersOf(payoutId)).toMatchObject([{ amount: 8_550 }]);
    await expect(approve('approver2', workflowId)).rejects.toMatchObject({ code: 'already_ended' });
    expect(await recorded(workflowId)).toMatchObject([
      { actor: 'acme-admin', refusedBecause: 'own_request' },
      { actor: 'acme-approver' },
      { actor: 'acme-approver', refusedBecause: 'decided_before' },
      { actor: 'acme-approver2' },
    ]);
  });

  test('takes no proof that is not a person’s own, for this payout and now, as an update or a signal', async () => {
    const [payout, other] = [await waitingPayout('proofs'), await waitingPayout('other')];
    const { workflowId } = payout;
    const past = Math.floor(Date.now() / 1_000) - 3_600;
    const bad: [DecisionRefusal, string][] = [
      ['bad_signature', await proofOf(payout, { key: await otherKey('ES256') })],
      ['no_proof', 'approve it'],
      ['expired', await proofOf(payout, { payload: { iat: past, exp: past + 600 } })],
      ['other_workflow', (await decisionsOf('approver2').prepare({ workflowId: other.workflowId, decision: 'approve', reason: 'x' })).payload.proof],
      ['other_workflow', await proofOf(payout, { payload: { run: 'another-run' } })],
      ['other_workflow', await proofOf(payout, { payload: { tenant: 'globex' } })],
      ['other_decision', await proofOf(payout, { payload: { kind: 'reject', choice: 'reject' } })],
      ['other_actor', await proofOf(payout, { payload: { sub: 'acme-approver' } })],
    ]; // prettier-ignore
    const messages = bad.map(([, proof]) => ({ actor: 'acme-approver2', reason: 'mine', proof }));
    const reasons = bad.map(([because]) => because);
    for (const [index, message] of messages.entries())
      expect([index, await refusalOf(workflowId, message)]).toEqual([index, reasons[index]]);
    const running = shop.client.workflow.getHandle(workflowId);
    for (const message of messages) await running.signal('approve', message);
    const all = async () => (await recorded(workflowId)).length === 2 * bad.length;
    expect(await until(all, { withinMs })).toBe(true);
    expect((await recorded(workflowId)).map(({ refusedBecause }) => refusedBecause)).toEqual([...reasons, ...reasons]);
    expect(await transfersOf(payout.payoutId)).toEqual([]);

    // The same proof without a fault counts, and counts once.
    const good = { actor: 'acme-approver2', reason: 'mine', proof: await proofOf(payout) };
    const answers = await Promise.all([refusalOf(workflowId, good), refusalOf(workflowId, good)]);
    expect(answers).toEqual(['taken', 'taken']);
    expect(await refusalOf(workflowId, { ...good, reason: 'again' })).toBe('decided_before');
    const stands = (await recorded(workflowId)).filter(({ refusedBecause }) => refusedBecause === undefined);
    expect(stands).toMatchObject([{ actor: 'acme-approver2' }]);
    expect(await transfersOf(payout.payoutId)).toEqual([]);
    for (const { payoutId } of [payout, other])
      await shop.boxoffice.payouts.get('acme', payoutId).cancel({ actor: 'clerk-7', reason: 'enough' });
  });

  test('ends when one person rejects it; nothing moves', async () => {
    const { payoutId, workflowId } = await waitingPayout('rejected');
    const reject = { workflowId, decision: 'reject', reason: 'the account has changed' } as const;
    expect(await decisionsOf('approver').decide(reject)).toMatchObject({ decision: 'rejected' });
    const result = await shop.boxoffice.payouts.get('acme', payoutId).result({ deadlineMs: withinMs });
    expect(result).toMatchObject({ status: 'rejected', moneyMoved: 'with_us', reason: 'not_approved' });
    expect(await transfersOf(payoutId)).toEqual([]);
    expect(await recorded(workflowId)).toMatchObject([{ kind: 'reject', subject: 'acme-approver' }]);
  });
});

const cli = worldCli(worldDir);

async function completed(order: PurchaseOrder): Promise<void> {
  const end = await shop.boxoffice.payments.get('acme', order.idempotencyKey).result({ deadlineMs: withinMs });
  expect(await shop.wrongs([{ order, end }])).toEqual({});
  expect(end.status).toBe('completed');
  const { charges, deadLetters } = await shop.audit.purchase('acme', order.idempotencyKey);
  expect([charges, deadLetters]).toMatchObject([1, [{ step: 'capture', resolved: true }]]);
}

describe.concurrent('a purchase whose charge was refused and that waits for a person', () => {
  test('goes on by `boxoffice decide … retry`', async () => {
    const { order, workflowId } = await parkPurchase(shop, 1);
    const impossible = await cli('decide', workflowId, 'mark-succeeded', '--reason', 'seen at the provider');
    expect([impossible.code, impossible.err]).toEqual([1, expect.stringContaining('cannot be decided like that')]);
    const { code, out } = await cli('decide', workflowId, 'retry', '--reason', 'the key is right again');
    expect([code, out]).toEqual([0, expect.stringMatching(/^Step +capture$/m)]);
    await completed(order);
    expect(await recorded(workflowId)).toMatchObject([{ kind: 'resolve', subject: 'acme-approver' }]);
  });

  test('goes on by the JSON of --print, sent as a signal; the same JSON decides once', async () => {
    const { order, workflowId } = await parkPurchase(shop, 2);
    const printed = async () => {
      const { code, out, err } = await cli('decide', workflowId, 'retry', '--reason', 'the key is right', '--print');
      expect([code, err]).toEqual([0, expect.stringContaining('the signal "resolve"')]);
      return JSON.parse(out) as ResolveRequest;
    };
    const running = shop.client.workflow.getHandle(workflowId);
    const first = await printed();
    await running.signal('resolve', first);
    // It is refused by the provider once more; then the same proof is of no use.
    const replayed = async () => {
      await running.signal('resolve', first);
      return (await recorded(workflowId)).some(({ refusedBecause }) => refusedBecause === 'replayed');
    };
    expect(await until(replayed, { withinMs })).toBe(true);
    await running.signal('resolve', await printed());
    await completed(order);
    const stands = (await recorded(workflowId)).filter(({ refusedBecause }) => refusedBecause === undefined);
    expect(stands).toHaveLength(2);
  });
});

test('nothing of all this is left running or unexplained', async () => {
  expect(await shop.running()).toBe(0);
  expect(await shop.wrongsOfWorld()).toEqual([]);
});
