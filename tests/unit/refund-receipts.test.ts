/** The mail that a completed refund ends with: started after the settling, however often that is repeated. */
import { describe, expect, it } from 'vitest';
import { refundReceiptKeyOf } from '../../contracts/hashes.ts';
import { emailWorkflowId, refundWorkflowId } from '../../contracts/ids.ts';
import type { RefundResult } from '../../contracts/refund.ts';
import type { Store } from '../../store/index.ts';
import { withReceipts } from '../../workers/refund-receipts.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';

const workflowId = refundWorkflowId('acme', 'r-1');
const receiptId = emailWorkflowId('acme', refundReceiptKeyOf(workflowId));
const completed: Extract<RefundResult, { status: 'completed' }> = {
  status: 'completed',
  moneyMoved: 'refunded',
  amount: 5_000,
  currency: 'USD',
  providerRefundId: 're_1',
  burned: [],
};
const ending = {
  operation: { tenantId: 'acme', workflowId, runId: 'run-1' },
  result: completed,
  now: '2027-01-01T00:00:00Z',
};

function world(stored: RefundResult = completed, emailRef: string | undefined = 'c_1') {
  const did: string[] = [];
  const temporal = new FakeTemporal();
  temporal.onStart = (run) => void did.push(`started ${run.request.workflowType.name}`);
  const store = {
    refunds: {
      settle: async () => (did.push('settled'), stored),
      get: async (_tenantId: string, refundId: string) =>
        refundId === 'r-1' ? { refund: { paymentKey: 'k-1' } } : undefined,
    },
    payments: {
      get: async (_tenantId: string, key: string) => (key === 'k-1' && emailRef ? { sale: { emailRef } } : undefined),
    },
  } as unknown as Store;
  return { did, temporal, settle: () => withReceipts(store, temporal.client).settle(ending) };
}

describe('a completed refund', () => {
  it('is settled first, and its mail is started then under its own id', async () => {
    const { did, temporal, settle } = world();
    expect(await settle()).toEqual(completed);
    expect(did).toEqual(['settled', 'started sendEmail']);
    const { input, request } = temporal.run(receiptId);
    expect(input).toMatchObject({
      request: { tenantId: 'acme', emailRef: 'c_1', message: { template: 'refund-confirmation', refundId: 'r-1' } },
    });
    expect(request.taskQueue.name).toBe('communication');
  });

  it('that is settled again, after a lost answer, starts no second one', async () => {
    const { did, temporal, settle } = world();
    await settle();
    temporal.close(receiptId, { status: 'sent', messageId: '<m>' });
    expect(await settle()).toEqual(completed);
    expect(did).toEqual(['settled', 'started sendEmail', 'settled']);
  });

  it('whose mail could not be started is not done: the settling is repeated, and starts it', async () => {
    const { temporal, settle } = world();
    temporal.reachable = false;
    await expect(settle()).rejects.toThrow();
    temporal.reachable = true;
    expect(await settle()).toEqual(completed);
    expect([...temporal.runs.keys()]).toEqual([receiptId]);
  });

  it('of somebody who is known no more is completed without a mail', async () => {
    const { did, settle } = world(completed, '');
    expect(await settle()).toEqual(completed);
    expect(did).toEqual(['settled']);
  });
});

it('no other end is confirmed', async () => {
  const { did, settle } = world({ status: 'cancelled', moneyMoved: 'captured', actor: 'a', reason: 'r' });
  expect(await settle()).toMatchObject({ status: 'cancelled' });
  expect(did).toEqual(['settled']);
});
