/** 3-D Secure at the card's side: what is asked of the customer, and what is found that they did. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCardWorld, identity } from '../support/card-twins.ts';
import { attempt, failed, inTime, retried } from '../support/ledger-twins.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const customerUntil = '2027-01-01T00:30:00.000Z';
const wanted = { status: 'requires_action', intentId: 'pi_1' };
const row = {
  workflowId: identity.workflowId,
  intentId: 'pi_1',
  clientSecret: 'pi_1_secret_x',
  expiresAt: customerUntil,
};

/** A world whose card asks for its holder. */
function world() {
  const made = createCardWorld();
  made.card.answerWith('requires_action');
  const look = { tenantId: identity.tenantId, workflowId: identity.workflowId, intentId: 'pi_1' };
  return {
    ...made,
    look: () => made.retrieveAuthorization(look),
    authorize: () => made.authorizePayment({ ...made.input, customerUntil }),
    rows: () => [...made.customers.rows],
  };
}

describe('an authorization that needs the customer', () => {
  it('answers without the secret, which is in the database by then', async () => {
    const { authorize, rows } = world();
    expect(await inTime(attempt(authorize))).toEqual(wanted);
    expect(rows()).toEqual([['key-1', row]]);
  });

  it('whose answer is lost asks once', async () => {
    const { authorize, card, rows } = world();
    card.fail('authorize', 'lost');
    expect(await inTime(retried(authorize))).toEqual(wanted);
    expect(card.intents).toHaveLength(1);
    expect(rows()).toEqual([['key-1', row]]);
  });

  it('is given back where nobody waits for the customer, as before there was 3-D Secure', async () => {
    const { authorizePayment, input, card, rows } = world();
    expect(await failed(() => authorizePayment(input))).toMatchObject({ code: 'authentication_required' });
    expect(card.intents[0]?.status).toBe('canceled');
    expect(rows()).toEqual([]);
  });

  it('is given back by a void, and its secret with it', async () => {
    const { authorize, voidPayment, card, rows } = world();
    await inTime(attempt(authorize));
    await inTime(attempt(() => voidPayment({ ...identity, intentId: 'pi_1' })));
    expect(card.held()).toEqual([]);
    expect(rows()).toEqual([]);
  });
});

describe('what the customer did', () => {
  it.each(['requires_action', 'processing'] as const)('is not known while it is %s', async (status) => {
    const { authorize, look, card, rows } = world();
    await inTime(attempt(authorize));
    card.intents[0]!.status = status;
    expect(await inTime(attempt(look))).toEqual(wanted);
    expect(rows()).toHaveLength(1);
  });

  it('is confirm: the money is held, and the secret gone', async () => {
    const { authorize, look, card, rows } = world();
    await inTime(attempt(authorize));
    card.intents[0]!.status = 'requires_capture';
    expect(await inTime(attempt(look))).toEqual({
      intentId: 'pi_1',
      chargeId: 'ch_1',
      captureBefore: '2027-01-08T00:00:00.000Z',
    });
    expect(rows()).toEqual([]);
  });

  it.each([
    [{ status: 'requires_payment_method', failureCode: 'payment_intent_authentication_failure' }, 'payment_intent_authentication_failure'],
    [{ status: 'requires_payment_method' }, 'authentication_failed'],
    [{ status: 'canceled' }, 'authorization_ended'],
  ] as const)('that ended as %j is a final no: %s', async (found, code) => {
    const { authorize, look, card, rows } = world();
    await inTime(attempt(authorize));
    Object.assign(card.intents[0]!, found);
    expect(await failed(look)).toMatchObject({ type: 'Declined', code, nonRetryable: true });
    expect(rows()).toEqual([]);
  }); // prettier-ignore

  it('that took the money already is for a person', async () => {
    const { authorize, look, card } = world();
    await inTime(attempt(authorize));
    card.intents[0]!.status = 'succeeded';
    expect(await failed(look)).toMatchObject({ type: 'Refused', code: 'unexpected_status' });
  });
});
