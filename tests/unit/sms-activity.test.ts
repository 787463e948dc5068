import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MessageLedger, SmsFacts } from '../../activities/ports.ts';
import type { SentSms, SmsProvider } from '../../activities/providers/sms/provider.ts';
import { createSmsActivities } from '../../activities/sms.ts';
import { fingerprintOf, smsMarkOf } from '../../contracts/hashes.ts';
import { ProviderFault, type FaultClass } from '../../contracts/provider-fault.ts';
import type { SmsRequest, SmsResult } from '../../contracts/sms.ts';
import { attempt, createSentCallsTwin, failed, inTime, lanesOf, retried } from '../support/ledger-twins.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const request: SmsRequest = {
  tenantId: 'acme',
  messageKey: 'm-1',
  phoneRef: 'c_1',
  message: { template: 'event-reminder', paymentKey: 'key-1' },
};
const input = { request, fingerprint: fingerprintOf(request), now: '2027-01-01T00:00:00Z' };
const to = '+4915112345678';
const mark = smsMarkOf(request);
const body = `Soon: Summer Night, until 1 Jun 2027. You have 2 tickets. Ref ${mark}`;
const faultOf = (kind: FaultClass, code: string) =>
  new ProviderFault({ provider: 'twilio', kind, code, message: code });

interface Trouble {
  fault: ProviderFault;
  /** The message was taken all the same; it shows in the list from then on, milliseconds later. */
  takenAfterMs?: number;
}

function world(options: { facts?: Partial<SmsFacts>; claim?: Awaited<ReturnType<MessageLedger['claim']>> } = {}) {
  const trouble: Trouble[] = [];
  const calls: { to: string; body: string }[] = [];
  const taken: (SentSms & { body: string; from: number })[] = [];
  const settled: SmsResult[] = [];
  const pages: { since: Date; at: string | undefined }[] = [];
  const take = (text: string, from: number) => {
    const sms = { messageSid: `SM${taken.length + 1}`, body: text, from };
    taken.push(sms);
    return sms;
  };
  const provider: SmsProvider = {
    async send(message) {
      calls.push(message);
      const next = trouble.shift();
      if (next?.takenAfterMs !== undefined) take(message.body, Date.now() + next.takenAfterMs);
      if (next) throw next.fault;
      return { messageSid: take(message.body, Date.now()).messageSid };
    },
    // Two pages, so that the second is asked for.
    async page({ since, at }) {
      pages.push({ since, at });
      if (at === undefined) return { found: [], next: 'page-2' };
      const listed = taken.filter((sms) => sms.from <= Date.now() && sms.body.includes(mark));
      return { found: listed.toReversed().map(({ messageSid }) => ({ messageSid })) };
    },
  };
  const messages: MessageLedger<SmsRequest, SmsResult> = {
    async claim() {
      const [result] = settled;
      if (result) return { kind: 'settled', result };
      return options.claim?.kind === 'refused' ? { kind: 'refused' } : { kind: 'owned' };
    },
    settle: async ({ result }) => void settled.push(result),
  };
  const steps = createSentCallsTwin();
  const on = createSmsActivities({
    provider,
    lanes: lanesOf(steps),
    messages,
    steps,
    facts: {
      contact: async () => ({ value: to }),
      content: async () => ({
        template: 'event-reminder',
        data: { eventName: 'Summer Night', eventEndsAt: '2027-06-01T22:00:00Z', tickets: 2 },
      }),
      ...options.facts,
    },
  });
  return {
    send: (round?: number) => on.sendText({ ...input, ...(round === undefined ? {} : { round }) }),
    calls,
    taken,
    settled,
    /** As when a person has it sent again. */
    reopen: () => void settled.splice(0),
    pages,
    meets: (...all: Trouble[]) => trouble.push(...all),
  };
}

describe('a text message', () => {
  it('is sent once, bears its mark, and its claim keeps the result', async () => {
    const { send, calls, settled, pages } = world();
    const result = await inTime(attempt(send));
    expect(result).toEqual({ status: 'sent', messageSid: 'SM1' });
    expect(await inTime(attempt(send))).toEqual(result);
    expect(calls).toEqual([{ to, body }]);
    expect(settled).toEqual([result]);
    expect(pages).toEqual([]);
  });

  it('whose key belongs to another message is suppressed', async () => {
    const { send, calls } = world({ claim: { kind: 'refused' } });
    expect(await inTime(attempt(send))).toEqual({ status: 'suppressed', reason: 'key_reused' });
    expect(calls).toEqual([]);
  });

  it.each([
    ['no_recipient', { contact: async () => undefined }],
    ['nothing_to_say', { content: async () => undefined }],
  ] satisfies [string, Partial<SmsFacts>][])('with %s is suppressed and settled', async (reason, facts) => {
    const { send, calls, settled } = world({ facts });
    expect(await inTime(attempt(send))).toEqual({ status: 'suppressed', reason });
    expect(calls).toEqual([]);
    expect(settled).toEqual([{ status: 'suppressed', reason }]);
  });

  it.each([
    ['declined', '21610', { status: 'suppressed', reason: 'stopped' }],
    ['declined', '21614', { status: 'undeliverable', reason: '21614' }],
    ['refused', '21606', { status: 'undeliverable', reason: '21606' }],
    ['refused', '20003', { status: 'undeliverable', reason: '20003' }],
  ] satisfies [FaultClass, string, SmsResult][])('that is %s with %s ends as it should', async (kind, code, end) => {
    const { send, meets, settled, calls } = world();
    meets({ fault: faultOf(kind, code) });
    expect(await inTime(attempt(send))).toEqual(end);
    expect(settled).toEqual([end]);
    expect(calls).toHaveLength(1);
  });
});

describe('a text message of unknown fate', () => {
  it('is looked for after the ten seconds of the contract, by its mark, and not sent again', async () => {
    const { send, meets, calls, pages } = world();
    meets({ fault: faultOf('unknown', 'TimeoutError'), takenAfterMs: 0 });
    expect(await failed(send)).toMatchObject({ type: 'Retry', sent: 1, nextRetryDelay: 10_000 });
    expect(await inTime(attempt(send))).toEqual({ status: 'sent', messageSid: 'SM1' });
    expect(calls).toHaveLength(1);
    expect(pages.map(({ at }) => at)).toEqual([undefined, 'page-2']);
  });

  it('that shows only once its call may have ended is waited for', async () => {
    const { send, meets, calls, taken } = world();
    meets({ fault: faultOf('unknown', 'ECONNRESET'), takenAfterMs: 14_000 });
    expect(await inTime(retried(send))).toEqual({ status: 'sent', messageSid: 'SM1' });
    expect([calls.length, taken.length]).toEqual([1, 1]);
  });

  it('that is certain to have left nothing is sent again', async () => {
    const { send, meets, calls, taken } = world();
    meets({ fault: faultOf('unknown', '503') });
    const codes: string[] = [];
    expect(await inTime(retried(send, codes))).toEqual({ status: 'sent', messageSid: 'SM1' });
    expect([calls.length, taken.length]).toEqual([2, 1]);
    expect(codes).toEqual(['503', 'in_flight']);
  });

  it('is given up once its three calls are spent, and looked for once more before', async () => {
    const { send, meets, calls } = world();
    meets(...Array.from({ length: 3 }, () => ({ fault: faultOf('unknown', '503') })));
    expect(await inTime(retried(send))).toEqual({ status: 'undeliverable', reason: 'budget_exhausted' });
    expect(calls).toHaveLength(3);

    const late = world();
    late.meets(
      { fault: faultOf('unknown', '503') },
      { fault: faultOf('unknown', '503') },
      { fault: faultOf('unknown', '503'), takenAfterMs: 0 },
    );
    expect(await inTime(retried(late.send))).toEqual({ status: 'sent', messageSid: 'SM1' });
  });

  it('that was not sent at all uses up no call and is not looked for', async () => {
    const { send, meets, pages, calls } = world();
    meets({ fault: faultOf('not_sent', 'ECONNREFUSED') });
    expect(await failed(send)).toMatchObject({ type: 'Retry', sent: 0 });
    expect(await inTime(attempt(send))).toMatchObject({ status: 'sent' });
    expect(pages).toEqual([]);
    expect(calls).toHaveLength(2);
  });
});

const lost = (takenAfterMs?: number): Trouble => ({
  fault: faultOf('unknown', '503'),
  ...(takenAfterMs === undefined ? {} : { takenAfterMs }),
});

describe('a text message that was given up and is sent again', () => {
  it('is found where it had been sent in truth, and not sent twice', async () => {
    const { send, meets, reopen, calls, taken } = world();
    meets(lost(), lost(), lost(3_600_000));
    expect(await inTime(retried(send))).toMatchObject({ status: 'undeliverable' });
    reopen();
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(await inTime(attempt(() => send(1)))).toEqual({ status: 'sent', messageSid: 'SM1' });
    expect([calls.length, taken.length]).toEqual([3, 1]);
  });

  it('has its three calls anew where it had not, and not more', async () => {
    const { send, meets, reopen, calls } = world();
    meets(...Array.from({ length: 6 }, () => lost()));
    await inTime(retried(send));
    reopen();
    expect(await inTime(retried(() => send(1)))).toEqual({ status: 'undeliverable', reason: 'budget_exhausted' });
    expect(calls).toHaveLength(6);
    reopen();
    expect(await inTime(retried(() => send(2)))).toEqual({ status: 'sent', messageSid: 'SM1' });
  });
});
