import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createDisputeProvider } from '../../activities/providers/stripe/disputes.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A provider before a server that gives the same answer to each call. */
async function world(answer: object, status = 200) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const apiBase = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { seen, provider: createDisputeProvider({ secretKey: 'sk_test_x', apiBase }) };
}

const transaction = (id: string, amount: number, fee: number, created: number) => ({
  id, object: 'balance_transaction', amount, fee, created, currency: 'usd',
}); // prettier-ignore
const object = (change: object = {}) => ({
  id: 'dp_1',
  object: 'dispute',
  charge: 'ch_1',
  status: 'needs_response',
  amount: 5_250,
  currency: 'usd',
  reason: 'fraudulent',
  is_charge_refundable: false,
  evidence_details: { due_by: 1_800_000_000 },
  balance_transactions: [transaction('txn_1', -5_250, 1_500, 1)],
  ...change,
});

describe('the dispute provider', () => {
  it('reads a dispute with what it did to the balance, by one call', async () => {
    const { seen, provider } = await world(object());
    expect(await provider.retrieve('dp_1')).toEqual({
      disputeId: 'dp_1',
      chargeId: 'ch_1',
      status: 'needs_response',
      amount: 5_250,
      currency: 'USD',
      reason: 'fraudulent',
      evidenceDueBy: '2027-01-15T08:00:00.000Z',
      refundable: false,
      movements: [{ transactionId: 'txn_1', amount: -5_250, fee: 1_500, currency: 'USD' }],
    });
    expect(seen).toEqual(['GET /v1/disputes/dp_1']);
  });

  it('puts withdrawals before what was reinstated later, or in the same second', async () => {
    const movements = [
      transaction('txn_3', 10, 0, 2),
      transaction('txn_2', 5_250, 0, 1),
      transaction('txn_1', -5_250, 0, 1),
    ];
    const { provider } = await world(object({ balance_transactions: movements, charge: { id: 'ch_2' } }));
    const found = await provider.retrieve('dp_1');
    expect(found.movements.map(({ transactionId }) => transactionId)).toEqual(['txn_1', 'txn_2', 'txn_3']);
    expect(found.chargeId).toBe('ch_2');
  });

  it.each([
    ['prevented', 'warning_closed'],
    ['appeal_needs_response', 'needs_response'],
    ['appeal_under_review', 'under_review'],
    ['won', 'won'],
    ['lost', 'lost'],
    ['something_new', 'under_review'],
  ])('reads the status %s as %s; one that it does not know is no end', async (status, read) => {
    const { provider } = await world(object({ status, evidence_details: { due_by: null } }));
    const found = await provider.retrieve('dp_1');
    expect([found.status, found.evidenceDueBy]).toEqual([read, undefined]);
  });

  it('says what Stripe refuses in our words', async () => {
    const { provider } = await world({ error: { type: 'invalid_request_error', code: 'resource_missing' } }, 404);
    await expect(provider.retrieve('dp_0')).rejects.toMatchObject({ kind: 'declined', code: 'resource_missing' });
  });
});
