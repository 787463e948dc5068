/** 3-D Secure in the typed client: the secret comes from the API, and an answer of then is not told as one of now. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiError, createBoxoffice } from '../../client/index.ts';
import type { EarlyAnswer } from '../../contracts/payment.ts';
import { problems } from '../../contracts/problems.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';
import { authorized, declined, orderOf } from '../support/orders.ts';

const workflowId = 'payment:acme:key-1';
const expiresAt = '2027-01-01T00:30:00.000Z';
const wanted: EarlyAnswer = {
  status: 'requires_action',
  moneyMoved: 'none',
  amount: 5_250,
  currency: 'USD',
  intentId: 'pi_1',
  expiresAt,
};
const action = { intentId: 'pi_1', clientSecret: 'pi_1_secret_x', expiresAt };
const view = { id: 'key-1', workflowId, ...action };

let temporal: FakeTemporal;
let server: Server;
/** What the API answers, and what it was asked. */
let answer: { status: number; body: object };
let asked: string[];
beforeEach(async () => {
  temporal = new FakeTemporal();
  temporal.onStart = (run) => Object.assign(run, { early: wanted });
  answer = { status: 200, body: view };
  asked = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const withApi = () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return createBoxoffice({ temporal: { client: temporal.client }, api: { url, token: 't' } });
};
const withoutApi = () => createBoxoffice({ temporal: { client: temporal.client } });
const notFound = {
  status: 404,
  body: { ...problems.not_found, type: 'urn:boxoffice:problem:not_found', detail: 'No customer', code: 'not_found' },
};

describe('a purchase that asks for the customer', () => {
  it('has the secret in its early answer, from the API', async () => {
    const handle = await withApi().payments.purchase(orderOf());
    expect(handle.early).toEqual({ ...wanted, clientSecret: 'pi_1_secret_x' });
    expect(handle.created).toBe(true);
    expect(asked).toEqual(['GET /payments/key-1/customer-action Bearer t']);
  });

  it('has an early answer without it where there is no API, and says what is lacking', async () => {
    const handle = await withoutApi().payments.purchase(orderOf());
    expect(handle.early).toEqual(wanted);
    await expect(handle.customerAction()).rejects.toThrow('createBoxoffice({api: {url, token}})');
  });

  it('is there whatever the API says, which the handle tells', async () => {
    answer = notFound;
    const handle = await withApi().payments.purchase(orderOf());
    expect(handle.early).toEqual(wanted);
    const refused: unknown = await handle.customerAction().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiError);
    expect(refused).toMatchObject({ code: 'not_found', status: 404, moneyMoved: 'none' });
    answer = { status: 200, body: view };
    expect(await handle.customerAction()).toEqual(action);
  });

  it("never takes another tenant's secret: the token decides, and it is of the wrong tenant", async () => {
    answer = { status: 200, body: { ...view, workflowId: 'payment:globex:key-1' } };
    const handle = await withApi().payments.purchase(orderOf());
    expect(handle.early).toEqual(wanted);
    await expect(handle.customerAction()).rejects.toMatchObject({ code: 'not_found' });
  });

  it('asks the API for nothing where no customer is wanted', async () => {
    temporal.onStart = (run) => Object.assign(run, { early: authorized });
    expect((await withApi().payments.purchase(orderOf())).early).toEqual(authorized);
    expect(asked).toEqual([]);
  });
});

describe('who asks again', () => {
  beforeEach(async () => void (await withoutApi().payments.purchase(orderOf())));

  it('while the customer is waited for hears the same, and it costs no history', async () => {
    temporal.standing = { stage: 'awaiting customer', attention: 'customer', moneyMoved: 'none', next: '' };
    const handle = await withoutApi().payments.purchase(orderOf());
    expect([handle.early, handle.created]).toEqual([wanted, false]);
    expect(temporal.run(workflowId).updates.map(({ id }) => id)).not.toContain(
      expect.stringContaining('after-customer'),
    );
  });

  it('after they acted hears what is true now', async () => {
    temporal.run(workflowId).afterCustomer = authorized;
    expect((await withoutApi().payments.purchase(orderOf())).early).toEqual(authorized);
    expect(temporal.run(workflowId).updates.at(-1)?.id).toMatch(/^authorized:[0-9a-f]{64}:after-customer$/);
  });

  it('while nobody knows what they did hears that it is pending', async () => {
    expect((await withoutApi().payments.purchase(orderOf(), { deadlineMs: 300 })).early).toEqual({ status: 'pending' });
  });
});

describe('authorized()', () => {
  it('waits for the customer', async () => {
    const handle = await withoutApi().payments.purchase(orderOf());
    temporal.run(workflowId).afterCustomer = authorized;
    expect(await handle.authorized()).toEqual(authorized);
  });

  it('takes the end where the purchase has one', async () => {
    const handle = await withoutApi().payments.purchase(orderOf());
    temporal.close(workflowId, declined);
    expect(await handle.authorized()).toEqual(declined);
  });
});
