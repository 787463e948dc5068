import { beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../contracts/hashes.ts';
import type { EventCancellationResult } from '../../contracts/event-cancellation.ts';
import {
  cancellationDone,
  cancellationStanding,
  cancellationStopped,
  noEvent,
} from '../support/event-cancellations.ts';
import { type ApiWorld, bearer, createApiWorld } from './api-world.ts';

const workflowId = 'event-cancellation:acme:summer-night';
const url = '/events/summer-night/cancellation';
let world: ApiWorld;

const ask = async (change: object = {}, { sub = 'clerk-7', role = 'operator' } = {}) =>
  world.app.inject({
    method: 'POST',
    url,
    headers: await bearer({ role, sub }),
    payload: { reason: 'the artist is ill', ...change },
  });
const read = async (tenant = 'acme') => world.app.inject({ url, headers: await bearer({ role: 'viewer', tenant }) });
const send = async (what: string, { tenant = 'acme', role = 'operator' } = {}) =>
  world.app.inject({
    method: 'POST',
    url: `${url}/${what}`,
    headers: await bearer({ role, sub: 'clerk-7', tenant }),
    payload: { reason: 'enough' },
  });
const endsWith = (result: EventCancellationResult) => {
  world.temporal.onStart = (run) => Object.assign(run, { status: 'completed', result });
};
const remember = (result?: EventCancellationResult) =>
  world.store.cancellationRecords.set('acme/summer-night', {
    status: result?.status ?? 'live',
    workflowId,
    runId: 'run-of-then',
    report: cancellationStanding.report,
    startedAt: '2026-01-01T00:00:00.000Z',
    ...(result ? { result } : {}),
  });

beforeEach(async () => {
  world = await createApiWorld();
  world.temporal.standing = cancellationStanding;
  for (const what of ['pause', 'resume']) world.temporal.answers.set(what, cancellationStanding);
});

describe('POST /events/:id/cancellation', () => {
  it('202: where it stands, asked for by the subject of the token, tickets burned, 50 at a time', async () => {
    const answer = await ask();
    expect(answer.statusCode).toBe(202);
    expect(answer.headers['location']).toBe(url);
    expect(answer.json()).toMatchObject({ id: 'summer-night', workflowId, status: 'live', ...cancellationStanding });
    const request = {
      tenantId: 'acme', eventId: 'summer-night', reason: 'the artist is ill', requestedBy: 'clerk-7', tickets: 'burn',
      inFlight: 50,
    }; // prettier-ignore
    expect(world.temporal.run(workflowId).input).toEqual({ request, fingerprint: fingerprintOf(request) });
  });

  it('200: the same again, ended, with its report', async () => {
    endsWith(cancellationDone);
    await ask({ tickets: 'keep', inFlight: 5 });
    const answer = await ask({ tickets: 'keep', inFlight: 5 });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ status: 'completed', result: cancellationDone });
    expect(answer.json().next).toContain('pay the buyers in another way');
  });

  it('404: there is no such event', async () => {
    endsWith(noEvent);
    expect((await ask()).json()).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('422: it was cancelled by another request, whether Temporal knows it or our own row', async () => {
    await ask();
    expect((await ask({ reason: 'rain' })).json()).toMatchObject({ status: 422, code: 'key_reused' });
    world.temporal.runs.clear();
    endsWith({ ...noEvent, reason: 'key_reused' } as EventCancellationResult);
    expect((await ask()).json()).toMatchObject({ status: 422, code: 'key_reused', workflowId });
  });

  it.each<[string, object, string]>([
    ['no reason', { reason: undefined }, 'reason'],
    ['a window of 0', { inFlight: 0 }, 'inFlight'],
    ['somebody else', { requestedBy: 'clerk-8' }, 'requestedBy'],
  ])('400: %s, and nothing is started', async (_, change, field) => {
    const answer = await ask(change);
    expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, field]);
    expect(world.temporal.calls).toEqual([]);
  });

  it.each(['service', 'approver', 'viewer'])('403: a %s', async (role) => {
    expect((await ask({}, { role })).statusCode).toBe(403);
    for (const what of ['pause', 'resume', 'cancel']) expect((await send(what, { role })).statusCode).toBe(403);
    expect(world.temporal.calls).toEqual([]);
  });
});

describe('GET /events/:id/cancellation', () => {
  it('asks the workflow, or our own row once its history is gone', async () => {
    await ask();
    expect((await read()).json()).toMatchObject({ status: 'live', ...cancellationStanding });
    world.temporal.runs.clear();
    remember(cancellationDone);
    const answer = await read();
    expect([answer.statusCode, answer.json().status]).toEqual([200, 'completed']);
    expect(answer.json().report).toEqual(cancellationDone.status === 'completed' && cancellationDone.report);
  });

  it("404: the event was not cancelled, or it is another tenant's", async () => {
    expect((await read()).statusCode).toBe(404);
    await ask();
    expect((await read('globex')).statusCode).toBe(404);
  });
});

describe('POST /events/:id/cancellation/…', () => {
  it.each(['pause', 'resume'])('%s: 200 where it stands', async (what) => {
    await ask();
    const answer = await send(what);
    expect([answer.statusCode, answer.json().stage]).toEqual([200, 'refunding']);
    expect(world.temporal.run(workflowId).updates.at(-1)).toMatchObject({
      name: what,
      input: { actor: 'clerk-7', reason: 'enough' },
    });
  });

  it.each(['pause', 'resume', 'cancel'])('%s: 202 where no worker answers, and it is kept', async (what) => {
    await ask();
    world.temporal.worker = false;
    const answer = await send(what);
    expect([answer.statusCode, answer.json().status]).toEqual([202, 'pending']);
    expect(world.temporal.run(workflowId).signals.map(({ name }) => name)).toEqual([what]);
  });

  it.each(['pause', 'resume', 'cancel'])('%s: 200 the end, once it has ended, and 404 without any', async (what) => {
    expect((await send(what)).statusCode).toBe(404);
    await ask();
    world.temporal.close(workflowId, cancellationDone);
    expect((await send(what)).json()).toMatchObject({ status: 'completed' });
    world.temporal.runs.clear();
    remember(cancellationDone);
    expect((await send(what)).json()).toMatchObject({ status: 'completed' });
  });

  it('cancel: 200 the end with what is still under way', async () => {
    await ask();
    world.temporal.run(workflowId).result = cancellationStopped;
    const answer = await send('cancel');
    expect([answer.statusCode, answer.json().status]).toEqual([200, 'cancelled']);
    expect(answer.json().report).toMatchObject({ pending: 1 });
  });
});
