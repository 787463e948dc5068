import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCardActivities } from '../../activities/card.ts';
import {
  createAuthorizationTwin,
  createCardTwin,
  createCardWorld,
  createCustomerActionTwin,
  identity,
  order,
} from '../support/card-twins.ts';
import { attempt, createSentCallsTwin, failed, inTime, lanesOf, retried } from '../support/ledger-twins.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const key = (generation: number) => `${identity.workflowId}/void/${generation}`;
const names = ({ card }: ReturnType<typeof createCardWorld>) => card.calls.map(({ name }) => name);

describe('a void', () => {
  it('of what was never sent calls no provider, and nothing can be sent after it', async () => {
    const world = createCardWorld();
    await inTime(attempt(() => world.voidPayment(identity)));
    expect(names(world)).toEqual([]);
    expect(await failed(() => world.authorizePayment(world.input))).toMatchObject({
      type: 'Fenced',
      code: 'fenced',
      nonRetryable: true,
    });
    expect(names(world)).toEqual([]);
  });

  it('of a call that was given back calls no provider', async () => {
    const world = createCardWorld();
    world.card.fail('authorize', { kind: 'not_sent', code: 'ECONNREFUSED' });
    await failed(() => world.authorizePayment(world.input));
    await inTime(attempt(() => world.voidPayment(identity)));
    expect(names(world)).toEqual(['authorize']);
  });

  it('of a known intent cancels it at once', async () => {
    const world = createCardWorld();
    const { intentId } = await inTime(attempt(() => world.authorizePayment(world.input)));
    await inTime(attempt(() => world.voidPayment({ ...identity, intentId })));
    expect(names(world)).toEqual(['authorize', 'cancel']);
    expect(world.card.intents[0]?.status).toBe('canceled');
  });

  it('of a known intent cancels it whatever the count says', async () => {
    const world = createCardWorld();
    const intentId = world.card.add(identity.workflowId, 'requires_capture');
    await inTime(attempt(() => world.voidPayment({ ...identity, intentId })));
    expect(world.card.held()).toEqual([]);
  });

  it('of an unknown intent finds it, however many pages down', async () => {
    const world = createCardWorld();
    world.card.fail('authorize', 'lost');
    await failed(() => world.authorizePayment(world.input));
    for (let other = 0; other < 5; other += 1) world.card.add(`payment:acme:other-${other}`, 'requires_capture');
    await inTime(attempt(() => world.voidPayment(identity)));
    expect(names(world)).toEqual(['authorize', 'find', 'find', 'find', 'cancel']);
    expect(world.card.intents[0]?.status).toBe('canceled');
    expect(world.card.held()).toHaveLength(5);
  });

  it('that finds nothing waits until the request can have no effect any more', async () => {
    const world = createCardWorld();
    world.card.fail('authorize', 'dropped');
    await failed(() => world.authorizePayment(world.input));
    expect(await failed(() => world.voidPayment(identity))).toEqual({
      type: 'Retry',
      code: 'in_flight',
      sent: 1,
      nonRetryable: false,
      nextRetryDelay: 25_000,
    });
    await vi.advanceTimersByTimeAsync(25_000);
    await inTime(attempt(() => world.voidPayment(identity)));
    expect(names(world)).toEqual(['authorize', 'find', 'find']);
  });

  it('does not conclude from a listing that began before that moment', async () => {
    const card = createCardTwin();
    const steps = createSentCallsTwin();
    /** Begins to list in time, and answers with what there was then when the request has had its effect. */
    const slow: typeof card.provider = {
      ...card.provider,
      find: async (search) => {
        const page = await card.provider.find(search);
        await new Promise((resolve) => setTimeout(resolve, 10_000));
        return page;
      },
    };
    const customers = createCustomerActionTwin();
    const lanes = lanesOf(steps);
    const authorizations = createAuthorizationTwin();
    const deps = { provider: slow, lanes, steps, customers, authorizations };
    const { authorizePayment, voidPayment } = createCardActivities(deps);
    card.fail('authorize', 'dropped');
    await failed(() => authorizePayment({ ...identity, ...order }));
    setTimeout(() => card.add(identity.workflowId, 'requires_capture'), 19_000);
    await vi.advanceTimersByTimeAsync(18_000);
    await inTime(retried(() => voidPayment(identity)));
    expect(card.intents.map(({ status }) => status)).toEqual(['canceled']);
  });

  it('of what is canceled already is done', async () => {
    const world = createCardWorld();
    const { intentId } = await inTime(attempt(() => world.authorizePayment(world.input)));
    world.card.intents[0]!.status = 'canceled';
    await inTime(attempt(() => world.voidPayment({ ...identity, intentId })));
    await inTime(attempt(() => world.voidPayment(identity)));
    expect(names(world)).toEqual(['authorize', 'cancel', 'retrieve', 'find']);
  });

  it('of what was captured elsewhere asks a person', async () => {
    const world = createCardWorld();
    const { intentId } = await inTime(attempt(() => world.authorizePayment(world.input)));
    world.card.intents[0]!.status = 'succeeded';
    expect(await failed(() => world.voidPayment({ ...identity, intentId }))).toMatchObject({
      type: 'Refused',
      code: 'captured_elsewhere',
      nonRetryable: true,
    });
  });

  it('with a stored 500 gets a new key while the intent is not canceled', async () => {
    const world = createCardWorld();
    const { intentId } = await inTime(attempt(() => world.authorizePayment(world.input)));
    world.card.fail('cancel', 'stored 500');
    await inTime(retried(() => world.voidPayment({ ...identity, intentId })));
    expect(world.card.keysOf('cancel')).toEqual([key(0), key(0), key(1)]);
    expect(world.card.held()).toEqual([]);
  });

  it('whose answer is lost is looked at, and not sent again', async () => {
    const world = createCardWorld();
    const { intentId } = await inTime(attempt(() => world.authorizePayment(world.input)));
    world.card.fail('cancel', 'lost');
    await inTime(attempt(() => world.voidPayment({ ...identity, intentId })));
    expect(names(world)).toEqual(['authorize', 'cancel', 'retrieve']);
  });
});
