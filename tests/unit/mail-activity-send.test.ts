import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMailActivities, receiptRequestOf } from '../../activities/mail.ts';
import type { MailFacts, MessageLedger } from '../../activities/ports.ts';
import type { MailProvider } from '../../activities/providers/mail/provider.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import type { EmailResult } from '../../contracts/mail.ts';
import { ProviderFault, type FaultClass } from '../../contracts/provider-fault.ts';
import { attempt, createSentCallsTwin, failed, inTime, lanesOf, retried } from '../support/ledger-twins.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const receipt = {
  tenantId: 'acme',
  paymentWorkflowId: 'payment:acme:key-1',
  paymentKey: 'key-1',
  emailRef: 'c_1',
  now: '2027-01-01T00:00:00Z',
};
const request = receiptRequestOf(receipt);
const input = { request, fingerprint: fingerprintOf(request), now: receipt.now };
const messageId = `<acme.${request.messageKey}@example.com>`;
const confirmation = {
  template: 'ticket-confirmation' as const,
  data: {
    venueName: 'Arena',
    eventName: 'Summer Night',
    eventEndsAt: '2027-06-01T22:00:00.000Z',
    orderId: 'order-1',
    paidAt: receipt.now,
    currency: 'USD' as const,
    amount: 5_250,
    tickets: [{ ticketId: 'seat-1', price: 5_250, tokenId: '7' }],
    charges: [],
    transactionHash: `0x${'a'.repeat(64)}`,
    supportAddress: 'help@example.com',
  },
};
const faultOf = (kind: FaultClass, code: string) => new ProviderFault({ provider: 'smtp', kind, code, message: code });

function world(options: { facts?: Partial<MailFacts>; claim?: Awaited<ReturnType<MessageLedger['claim']>> } = {}) {
  const faults: ProviderFault[] = [];
  const sent: { to: string; messageId: string }[] = [];
  const settled: EmailResult[] = [];
  const provider: MailProvider = {
    async send(message) {
      sent.push({ to: message.to, messageId: message.messageId });
      const fault = faults.shift();
      if (fault) throw fault;
      return { messageId: message.messageId, response: '250 queued' };
    },
    close: async () => undefined,
  };
  const messages: MessageLedger = {
    async claim() {
      const [result] = settled;
      return options.claim ?? (result ? { kind: 'settled', result } : { kind: 'owned' });
    },
    settle: async ({ result }) => void settled.push(result),
  };
  const sentCalls = createSentCallsTwin();
  const on = createMailActivities({
    provider,
    lanes: lanesOf(sentCalls),
    messages,
    facts: {
      contact: async () => ({ value: 'buyer@example.com' }),
      content: async () => confirmation,
      ...options.facts,
    },
    domain: 'example.com',
  });
  const sendMail = () => on.sendMail(input);
  const sendReceipt = () => on.sendReceipt(receipt);
  return { sendMail, sendReceipt, sent, settled, fail: (...next: ProviderFault[]) => void faults.push(...next) };
}

describe('a mail', () => {
  it('is sent once, and its claim keeps the result', async () => {
    const { sendMail, sent, settled } = world();
    const result = await inTime(attempt(sendMail));
    expect(result).toEqual({ status: 'sent', messageId });
    expect(settled).toEqual([result]);
    expect(await inTime(attempt(sendMail))).toEqual(result);
    expect(sent).toEqual([{ to: 'buyer@example.com', messageId }]);
  });

  it('whose key belongs to another message is suppressed', async () => {
    const { sendMail, sent, settled } = world({ claim: { kind: 'refused' } });
    expect(await inTime(attempt(sendMail))).toEqual({ status: 'suppressed', reason: 'key_reused' });
    expect([...sent, ...settled]).toEqual([]);
  });

  it.each([
    ['no_recipient', { contact: async () => undefined }],
    ['nothing_to_say', { content: async () => undefined }],
  ] satisfies [string, Partial<MailFacts>][])('with %s is suppressed and settled', async (reason, facts) => {
    const { sendMail, sent, settled } = world({ facts });
    expect(await inTime(attempt(sendMail))).toEqual({ status: 'suppressed', reason });
    expect(sent).toEqual([]);
    expect(settled).toEqual([{ status: 'suppressed', reason }]);
  });

  it('that the server refuses for its recipient is undeliverable', async () => {
    const { sendMail, fail, settled } = world();
    fail(faultOf('declined', '550'));
    expect(await inTime(attempt(sendMail))).toEqual({ status: 'undeliverable', reason: '550' });
    expect(settled).toHaveLength(1);
  });

  it('of unknown fate is sent again with the same Message-ID, after the five seconds of the contract', async () => {
    const { sendMail, fail, sent, settled } = world();
    fail(faultOf('unknown', 'ETIMEDOUT'));
    expect(await failed(sendMail)).toMatchObject({ type: 'Retry', sent: 1, nextRetryDelay: 5_000 });
    expect(settled).toEqual([]);
    expect(await inTime(attempt(sendMail))).toEqual({ status: 'sent', messageId });
    expect(sent.map((mail) => mail.messageId)).toEqual([messageId, messageId]);
  });

  it('is given up once its five calls are spent', async () => {
    const { sendMail, fail, sent } = world();
    fail(...Array.from({ length: 5 }, () => faultOf('busy', '451')));
    const result = await inTime(retried(sendMail));
    expect(result).toEqual({ status: 'undeliverable', reason: 'budget_exhausted' });
    expect(sent).toHaveLength(5);
  });

  it('that cannot be sent for a fault of ours is tried once, and is undeliverable', async () => {
    const { sendMail, fail, settled, sent } = world();
    fail(faultOf('refused', '535'));
    const result = await inTime(attempt(sendMail));
    expect(result).toEqual({ status: 'undeliverable', reason: '535' });
    expect(settled).toEqual([result]);
    expect(sent).toHaveLength(1);
  });
});

describe('a receipt', () => {
  it('is the same message, whoever sends it', async () => {
    const { sendReceipt, sendMail, sent } = world();
    const result = await inTime(attempt(sendReceipt));
    expect(await inTime(attempt(sendMail))).toEqual(result);
    expect(sent).toHaveLength(1);
  });
});
