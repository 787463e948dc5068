import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createRefundProvider } from '../../activities/providers/stripe/refunds.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

interface Seen {
  call: string;
  key: string | undefined;
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
    const key = request.headers['idempotency-key'];
    const call = `${request.method} ${request.url}`;
    seen.push({ call, key: typeof key === 'string' ? key : undefined, body: await bodyOf(request) });
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  };
  const server = createServer((request, response) => void respond(request, response));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const apiBase = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { seen, provider: createRefundProvider({ secretKey: 'sk_test_x', apiBase }) };
}

const request = { tenantId: 'acme', workflowId: 'refund:acme:r-1', chargeId: 'ch_1', amount: 1_000 };
const object = (change: object = {}) => ({
  id: 're_1',
  object: 'refund',
  status: 'succeeded',
  balance_transaction: 'txn_1',
  metadata: { workflow: 'refund:acme:r-1' },
  ...change,
});
const list = (data: object[], more = false) => ({ object: 'list', data, has_more: more, url: '/v1/refunds' });

describe('the refund provider', () => {
  it('gives back a charge under a key, names its workflow, and never reverses a transfer', async () => {
    const { seen, provider } = await world(object());
    expect(await provider.create(request, 'key-1')).toEqual({
      providerRefundId: 're_1',
      status: 'succeeded',
      balanceTransactionId: 'txn_1',
    });
    expect(seen).toEqual([
      {
        call: 'POST /v1/refunds',
        key: 'key-1',
        body: {
          charge: 'ch_1',
          amount: '1000',
          'metadata[tenant]': 'acme',
          'metadata[workflow]': 'refund:acme:r-1',
        },
      },
    ]);
  });

  it.each([
    [object({ status: 'failed', failure_reason: 'lost_or_stolen_card', balance_transaction: { id: 'txn_2' } }), { status: 'failed', failureCode: 'lost_or_stolen_card', balanceTransactionId: 'txn_2' }],
    [object({ status: 'requires_action', balance_transaction: null }), { status: 'requires_action' }],
    [object({ status: null, balance_transaction: null }), { status: 'pending' }],
    [object({ status: 'some_new_word', balance_transaction: null }), { status: 'pending' }],
  ])('reads %j', async (answer, read) => {
    const { seen, provider } = await world(answer);
    expect(await provider.retrieve('re_1')).toEqual({ providerRefundId: 're_1', ...read });
    expect(seen.map(({ call }) => call)).toEqual(['GET /v1/refunds/re_1']);
  }); // prettier-ignore

  it('finds the refund of a workflow among those of its charge, page by page', async () => {
    const others = [object({ id: 're_3', metadata: null }), object({ id: 're_2', metadata: { workflow: 'other' } })];
    const { seen, provider } = await world(list([...others, object()]));
    expect(await provider.find(request)).toMatchObject({ refund: { providerRefundId: 're_1' } });
    expect(seen[0]?.call).toBe('GET /v1/refunds?charge=ch_1&limit=100');

    const more = await world(list(others, true));
    expect(await more.provider.find({ ...request, after: 're_4' })).toEqual({ next: 're_2' });
    expect(more.seen[0]?.call).toContain('starting_after=re_4');
    expect(await (await world(list(others))).provider.find(request)).toEqual({});
  });

  it.each([
    [{ code: 'charge_disputed' }, 'declined', 'charge_disputed'],
    [{ code: 'refund_disputed_payment' }, 'declined', 'refund_disputed_payment'],
    [{ code: 'charge_not_refundable' }, 'declined', 'charge_not_refundable'],
    [{ code: 'charge_already_refunded' }, 'refused', 'charge_already_refunded'],
    // "Greater than unrefunded amount" comes without a code.
    [{ param: 'amount' }, 'refused', 'StripeInvalidRequestError'],
  ])('reads the error %j as %s', async (error, kind, code) => {
    const { provider } = await world({ error: { type: 'invalid_request_error', message: 'x', ...error } }, 400);
    await expect(provider.create(request, 'key-1')).rejects.toMatchObject({ provider: 'stripe', kind, code });
  });
});
