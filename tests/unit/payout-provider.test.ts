import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createPayoutProvider } from '../../activities/providers/stripe/payouts.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

interface Seen {
  call: string;
  key: unknown;
  account: unknown;
  body: Record<string, string>;
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, string>> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return Object.fromEntries(new URLSearchParams(text));
}

/** A provider before a server that gives the same answer to each call. */
async function world(answer: object, status = 200) {
  const seen: Seen[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { 'idempotency-key': key, 'stripe-account': account } = request.headers;
    seen.push({ call: `${request.method} ${request.url}`, key, account, body: await bodyOf(request) });
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  };
  const server = createServer((request, response) => void respond(request, response));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const apiBase = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { seen, provider: createPayoutProvider({ secretKey: 'sk_test_x', apiBase }) };
}

const workflowId = 'payout:acme:p-1';
const order = { tenantId: 'acme', workflowId, account: 'acct_1', amount: 8_550, currency: 'USD' };
const metadata = { 'metadata[tenant]': 'acme', 'metadata[workflow]': workflowId };
const object = (change: object = {}) => ({
  id: 'x_1',
  status: 'pending',
  metadata: { workflow: workflowId },
  ...change,
});
const list = (data: object[], more = false) => ({ object: 'list', data, has_more: more, url: '/v1/x' });

describe('the payout provider', () => {
  it('transfers to the account from our own balance, under a key, in the payout’s group', async () => {
    const { seen, provider } = await world(object({ id: 'tr_1' }));
    expect(await provider.transfer({ ...order, payoutId: 'p-1' }, 'key-1')).toEqual({ transferId: 'tr_1' });
    const body = { amount: '8550', currency: 'usd', destination: 'acct_1', transfer_group: 'p-1', ...metadata };
    expect(seen).toEqual([{ call: 'POST /v1/transfers', key: 'key-1', account: undefined, body }]);
  });

  it('pays out on the account', async () => {
    const { seen, provider } = await world(object({ id: 'po_1' }));
    expect(await provider.create(order, 'key-1')).toEqual({ providerPayoutId: 'po_1', status: 'pending' });
    const body = { amount: '8550', currency: 'usd', ...metadata };
    expect(seen).toEqual([{ call: 'POST /v1/payouts', key: 'key-1', account: 'acct_1', body }]);
  });

  it.each([
    [
      { status: 'failed', failure_code: 'account_closed' },
      { status: 'failed', failureCode: 'account_closed' },
    ],
    [{ status: 'paid' }, { status: 'paid' }],
    [{ status: 'some_new_word' }, { status: 'pending' }],
  ])('reads %j on the account', async (change, read) => {
    const { seen, provider } = await world(object({ id: 'po_1', ...change }));
    const payout = await provider.retrieve({ account: 'acct_1', providerPayoutId: 'po_1' });
    expect(payout).toEqual({ providerPayoutId: 'po_1', ...read });
    expect(seen).toMatchObject([{ call: 'GET /v1/payouts/po_1', account: 'acct_1' }]);
  });

  it('finds the transfer of a workflow in its group, where another tenant’s may be, page by page', async () => {
    const others = [
      object({ id: 'tr_3', metadata: {} }),
      object({ id: 'tr_2', metadata: { workflow: 'payout:globex:p-1' } }),
    ];
    const { seen, provider } = await world(list([...others, object({ id: 'tr_1' })]));
    expect(await provider.findTransfer({ workflowId, payoutId: 'p-1' })).toEqual({ transfer: { transferId: 'tr_1' } });
    expect(seen[0]?.call).toBe('GET /v1/transfers?transfer_group=p-1&limit=100');
    const more = await world(list(others, true));
    expect(await more.provider.findTransfer({ workflowId, payoutId: 'p-1', after: 'tr_4' })).toEqual({ next: 'tr_2' });
    expect(more.seen[0]?.call).toContain('starting_after=tr_4');
    expect(await (await world(list(others))).provider.findTransfer({ workflowId, payoutId: 'p-1' })).toEqual({});
  });

  it('finds the payout of a workflow on the account, by the time of its calls with both clocks’ tolerance', async () => {
    const { seen, provider } = await world(list([object({ id: 'po_1' })]));
    const window = { from: 1_800_000_000_000, to: 1_800_000_010_000 };
    const found = await provider.findPayout({ workflowId, account: 'acct_1', ...window });
    expect(found).toEqual({ payout: { providerPayoutId: 'po_1', status: 'pending' } });
    const call = decodeURIComponent(seen[0]!.call);
    expect(call).toBe('GET /v1/payouts?created[gte]=1799999880&created[lte]=1800000150&limit=100');
    expect(seen[0]?.account).toBe('acct_1');
  });

  it.each([
    [400, 'balance_insufficient', 'declined'],
    [400, 'payouts_not_allowed', 'declined'],
    [400, 'insufficient_capabilities_for_transfer', 'declined'],
    [403, 'account_invalid', 'declined'],
    [400, undefined, 'refused'],
  ])('reads %i %s as %s', async (status, code, kind) => {
    const { provider } = await world({ error: { type: 'invalid_request_error', message: 'x', code } }, status);
    await expect(provider.create(order, 'key-1')).rejects.toMatchObject({ provider: 'stripe', kind });
  });
});
