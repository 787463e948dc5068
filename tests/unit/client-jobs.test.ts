import { beforeEach, describe, expect, it } from 'vitest';
import { type Boxoffice, createBoxoffice, IdempotencyConflictError, startEmail } from '../../client/index.ts';
import type { EmailRequest, MintRequest } from '../../contracts/schema/jobs.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';

const mint: MintRequest = {
  tenantId: 'acme',
  venueId: 'arena',
  eventId: 'summer-night',
  ticketId: 'seat-1',
  mintKey: 'again-1',
  wallet: `0x${'1'.repeat(40)}`,
  reason: 'complimentary',
};
const email: EmailRequest = {
  tenantId: 'acme',
  messageKey: 'receipt-1',
  emailRef: 'c_1',
  message: { template: 'ticket-confirmation', paymentKey: 'key-1' },
};

let temporal: FakeTemporal;
let boxoffice: Boxoffice;

beforeEach(() => {
  temporal = new FakeTemporal();
  boxoffice = createBoxoffice({ temporal: { client: temporal.client } });
});

describe('mints.request()', () => {
  it('starts mint once, under a fixed id', async () => {
    const first = await boxoffice.mints.request(mint);
    const second = await boxoffice.mints.request(mint);
    expect([first.workflowId, second.workflowId]).toEqual(Array(2).fill('mint:acme:seat-1:again-1'));
    expect(temporal.run(first.workflowId).request).toMatchObject({
      workflowType: { name: 'mint' },
      taskQueue: { name: 'money' },
      workflowIdReusePolicy: 3,
      priority: { priorityKey: 2, fairnessKey: 'acme:arena' },
    });
    temporal.close(first.workflowId, { status: 'rejected', reason: 'ticket_taken' });
    expect(await second.result()).toEqual({ status: 'rejected', reason: 'ticket_taken' });
  });

  it('refuses another request under the same ids', async () => {
    await boxoffice.mints.request(mint);
    await expect(boxoffice.mints.request({ ...mint, wallet: `0x${'2'.repeat(40)}` })).rejects.toBeInstanceOf(
      IdempotencyConflictError,
    );
  });

  it('names a wrong field', async () => {
    await expect(boxoffice.mints.request({ ...mint, wallet: 'ada' })).rejects.toMatchObject({
      faults: [{ field: 'wallet', value: '"ada"' }],
    });
  });
});

describe('startEmail()', () => {
  it('needs a Temporal client only, and already started counts as done', async () => {
    const first = await startEmail(temporal.client, email);
    temporal.close(first.workflowId, { status: 'sent', messageId: 'm' });
    const again = await boxoffice.emails.send(email);
    expect(again.workflowId).toBe('email:acme:receipt-1');
    expect(await again.result()).toEqual({ status: 'sent', messageId: 'm' });
    expect(temporal.run(first.workflowId).request).toMatchObject({
      workflowType: { name: 'sendEmail' },
      taskQueue: { name: 'communication' },
      priority: { priorityKey: 3, fairnessKey: 'acme' },
    });
  });

  it('puts no address anywhere that is stored in plain text', async () => {
    const { workflowId } = await startEmail(temporal.client, email);
    const { searchAttributes, userMetadata, memo, priority } = temporal.run(workflowId).request;
    const payloads = [
      ...Object.values({ ...searchAttributes.indexedFields, ...memo.fields }),
      userMetadata?.summary,
      userMetadata?.details,
    ];
    const stored = payloads.map((payload) => Buffer.from(payload?.data ?? []).toString());
    expect(stored).toContain('"Mail ticket-confirmation"');
    expect([workflowId, priority?.fairnessKey, ...stored].join()).not.toContain('c_1');
  });
});

describe('deadLetters.again()', () => {
  it('starts a message anew that had ended, with its round, and joins one that runs', async () => {
    const { workflowId } = await startEmail(temporal.client, email);
    temporal.runs.delete(workflowId);
    await boxoffice.deadLetters.again({ kind: 'email', request: email, round: 2 });
    const { request, input } = temporal.run(workflowId);
    expect(input).toMatchObject({ request: email, round: 2 });
    // ALLOW_DUPLICATE and USE_EXISTING.
    expect(request).toMatchObject({ workflowIdReusePolicy: 1, workflowIdConflictPolicy: 2 });
  });

  it('refuses what is no message any more', async () => {
    const again = boxoffice.deadLetters.again({ kind: 'sms', request: email, round: 1 });
    await expect(again).rejects.toMatchObject({ code: 'invalid_request' });
  });
});
