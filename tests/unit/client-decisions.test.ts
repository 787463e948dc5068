import { beforeEach, describe, expect, it } from 'vitest';
import {
  AlreadyEndedError,
  type Boxoffice,
  createBoxoffice,
  DecisionRefusedError,
  NotFoundError,
  UnavailableError,
} from '../../client/index.ts';
import type { DecisionMessage } from '../../contracts/decisions.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';
import { refunded, requestOf } from '../support/refund-requests.ts';

const workflowId = 'refund:acme:refund-1';
const message: DecisionMessage = {
  workflowId,
  message: 'approve',
  payload: { actor: 'approver-1', reason: 'checked', proof: 'proof-1' },
};
let temporal: FakeTemporal;
let boxoffice: Boxoffice;
const send = (change: Partial<DecisionMessage> = {}) =>
  boxoffice.decisions.send({ ...message, ...change } as DecisionMessage, { deadlineMs: 200 });

beforeEach(async () => {
  temporal = new FakeTemporal();
  boxoffice = createBoxoffice({ temporal: { client: temporal.client } });
  await boxoffice.refunds.request(requestOf());
});

describe('decisions.send()', () => {
  it.each(['approve', 'reject', 'resolve'] as const)('sends %s as one update, however often', async (name) => {
    temporal.answers.set(name, { answer: name });
    const sent = { message: name } as Partial<DecisionMessage>;
    expect(await send(sent)).toEqual({ answer: name });
    await send(sent);
    const { updates } = temporal.run(workflowId);
    expect(updates.map((update) => [update.name, update.input])).toEqual([
      [name, message.payload],
      [name, message.payload],
    ]);
    expect(new Set(updates.map(({ id }) => id)).size).toBe(1);
    await send({ ...sent, payload: { ...message.payload, proof: 'proof-2' } } as Partial<DecisionMessage>);
    expect(new Set(updates.map(({ id }) => id)).size).toBe(2);
  });

  it('with a step sends only if that is what waits', async () => {
    const payload = { actor: 'approver-1', decision: 'retry', evidence: 'checked', proof: 'proof-1' } as const;
    const resolve: DecisionMessage = { workflowId, message: 'resolve', payload };
    const sendTo = (step: string) => boxoffice.decisions.send(resolve, { deadlineMs: 200, step });
    temporal.answers.set('resolve', { taken: 'retry', step: 'burn' });
    temporal.standing = { step: 'burn', choices: ['retry'] };
    expect(await boxoffice.decisions.waiting(workflowId)).toEqual({ step: 'burn', choices: ['retry'] });
    expect(await sendTo('burn')).toMatchObject({ step: 'burn' });
    await expect(sendTo('refund')).rejects.toMatchObject({ because: 'nothing_waits' });
    temporal.close(workflowId, refunded);
    await expect(sendTo('refund')).rejects.toBeInstanceOf(AlreadyEndedError);
    temporal.worker = false;
    await expect(sendTo('burn')).rejects.toBeInstanceOf(UnavailableError);
    expect(temporal.run(workflowId).updates).toHaveLength(1);
  });

  it('throws why it was not taken', async () => {
    temporal.refusals.set('approve', 'DecisionRefused');
    temporal.refusalDetails.set('approve', { because: 'own_request' });
    const refusal = send();
    await expect(refusal).rejects.toBeInstanceOf(DecisionRefusedError);
    await expect(refusal).rejects.toMatchObject({ code: 'decision_refused', because: 'own_request', retryable: false });
  });

  it('knows what has ended from what never was', async () => {
    temporal.close(workflowId, refunded);
    await expect(send()).rejects.toBeInstanceOf(AlreadyEndedError);
    await expect(send({ workflowId: 'refund:acme:other' })).rejects.toBeInstanceOf(NotFoundError);
  });

  it.each([
    ['no worker runs', () => (temporal.worker = false)],
    ['Temporal is away', () => (temporal.reachable = false)],
  ])('does not know whether it arrived when %s', async (_, breaks) => {
    breaks();
    await expect(send()).rejects.toBeInstanceOf(UnavailableError);
  });
});

describe('decisions.standing()', () => {
  it('is the first run and whether it is open', async () => {
    const { runId } = temporal.run(workflowId);
    expect(await boxoffice.decisions.standing(workflowId)).toEqual({ firstRunId: runId, open: true });
    temporal.close(workflowId, refunded);
    expect(await boxoffice.decisions.standing(workflowId)).toEqual({ firstRunId: runId, open: false });
  });
});

it('deciding needs the API', async () => {
  const request = { workflowId, decision: 'approve', reason: 'checked' } as const;
  await expect(boxoffice.decisions.decide(request)).rejects.toThrow('createBoxoffice({api: {url, token}})');
  await expect(boxoffice.decisions.prepare(request)).rejects.toThrow('createBoxoffice({api: {url, token}})');
});
