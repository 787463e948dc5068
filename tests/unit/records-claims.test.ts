import { describe, expect, it } from 'vitest';
import { createRecordActivities, type RecordPorts } from '../../activities/records.ts';
import type { MintResult } from '../../contracts/mint.ts';
import type { RefundRequest } from '../../contracts/refund.ts';
import { environment } from '../support/ledger-twins.ts';
import { completed, orderOf } from '../support/orders.ts';
import { reservation } from '../support/workflow-refund-twins.ts';

const operation = { tenantId: 'acme', workflowId: 'payment:acme:key-1', runId: 'run-2' };
const input = { operation, input: { order: orderOf(), fingerprint: 'f' }, now: '2027-01-01T00:00:00Z' };
const owner = { workflowId: 'payment:acme:key-1', runId: 'run-1' };
const owned = { kind: 'owned' as const, policy: { feeBasisPoints: 0, feeFixed: 0, reserveBasisPoints: 0 } };
const foreign = { kind: 'foreign' as const, ...owner };
const unused = () => Promise.reject(new Error('not to be called'));

type PaymentClaim = Awaited<ReturnType<RecordPorts['payments']['claim']>>;
type MintClaim = Awaited<ReturnType<RecordPorts['mints']['claim']>>;
type RefundClaim = Awaited<ReturnType<RecordPorts['refunds']['reserve']>>;

function world(
  claims: PaymentClaim[],
  options: { running?: boolean; mintClaims?: MintClaim[]; refundClaims?: RefundClaim[] } = {},
) {
  const asked: string[] = [];
  const log: unknown[] = [];
  const on = createRecordActivities({
    payments: {
      claim: async () => claims.shift()!,
      takeOver: async (request) => (log.push(request), true),
      settle: unused,
      close: unused,
    },
    mints: {
      claim: async (request) => (log.push(request.key), options.mintClaims!.shift()!),
      takeOver: async (request) => (log.push(request), true),
      close: async (request) => (log.push(request.key), request.result),
    },
    refunds: {
      reserve: async (request) => (log.push(request.input.request.refundId), options.refundClaims!.shift()!),
      takeOver: async (request) => (log.push(request), true),
      refunded: unused,
      settle: unused,
      giveBack: unused,
    },
    moves: { reserve: unused, takeOver: unused, close: unused },
    refundReturns: { take: unused },
    disputes: { claim: unused, takeOver: unused, book: unused, settle: unused },
    deadLetters: {
      park: async (letter) => void log.push(letter),
      unpark: async () => true,
    },
    isRunning: async (workflowId, runId) => (asked.push(`${workflowId} ${runId}`), options.running ?? false),
    startReceipt: unused,
  });
  const run = <T>(call: (records: typeof on) => Promise<T>) => environment().run(() => call(on));
  return { asked, log, run };
}

describe('a claim', () => {
  it('of our own goes on, and Temporal is not asked', async () => {
    const { asked, run } = world([owned]);
    expect(await run((on) => on.claimPayment(input))).toEqual(owned);
    expect(asked).toEqual([]);
  });

  it.each([
    ['settled', completed],
    ['refused', { status: 'refused', moneyMoved: 'none', reason: 'order_live', otherPayment: 'key-0' }],
  ] as const)('that is %s answers with its result', async (kind, result) => {
    const { run } = world([{ kind, result } as PaymentClaim]);
    expect(await run((on) => on.claimPayment(input))).toEqual({ kind: 'ended', result });
  });

  it('of another run is not taken over while that one runs', async () => {
    const { asked, log, run } = world([foreign], { running: true });
    await expect(run((on) => on.claimPayment(input))).rejects.toThrow(
      /payment:acme:key-1 \(first run run-1\).*still running/,
    );
    expect(asked).toEqual(['payment:acme:key-1 run-1']);
    expect(log).toEqual([]);
  });

  it('of a run that is gone is taken over, and asked for again', async () => {
    const { log, run } = world([foreign, owned]);
    expect(await run((on) => on.claimPayment(input))).toEqual(owned);
    expect(log).toEqual([{ operation, key: 'key-1', from: owner }]);
  });

  it('that ended between the two looks answers with its end', async () => {
    const { run } = world([foreign, { kind: 'settled', result: completed }]);
    expect(await run((on) => on.claimPayment(input))).toEqual({ kind: 'ended', result: completed });
  });

  it('of a mint is on ticket and key together', async () => {
    const wallet = `0x${'1'.repeat(40)}`;
    const request = {
      tenantId: 'acme',
      venueId: 'v',
      eventId: 'e',
      ticketId: 't-1',
      mintKey: 'k-1',
      wallet,
      reason: 'r',
    };
    const result: MintResult = { status: 'rejected', reason: 'key_reused' };
    const { log, run } = world([], { mintClaims: [foreign, { kind: 'refused', result }] });
    const claim = { operation, input: { request, fingerprint: 'f' }, now: input.now };
    expect(await run((on) => on.claimMint(claim))).toEqual({ kind: 'ended', result });
    await run((on) => on.closeMint({ operation, ticketId: 't-1', mintKey: 'k-1', result, now: input.now }));
    expect(log).toEqual(['t-1:k-1', { operation, key: 't-1:k-1', from: owner }, 't-1:k-1', 't-1:k-1']);
  });

  it('of a refund is on its own id, and answers with what it reserved', async () => {
    const request = {
      tenantId: 'acme',
      refundId: 'r-1',
      paymentKey: 'key-1',
      tickets: 'keep' as const,
      reason: 'event moved',
      requestedBy: 'support-7',
    };
    const { log, run } = world([], { refundClaims: [foreign, { kind: 'owned', reservation }] });
    const claim = { operation, input: { request, fingerprint: 'f' }, now: input.now };
    expect(await run((on) => on.reserveRefund(claim))).toEqual({ kind: 'owned', reservation });
    expect(log).toEqual(['r-1', { operation, key: 'r-1', from: owner }, 'r-1']);
  });

  it('of a refund that may not be made answers with why', async () => {
    const result = { status: 'rejected', moneyMoved: 'captured', reason: 'exceeds', refundable: 100 } as const;
    const { run } = world([], { refundClaims: [{ kind: 'refused', result }] });
    const request = { refundId: 'r-1' } as RefundRequest;
    const claim = { operation, input: { request, fingerprint: 'f' }, now: input.now };
    expect(await run((on) => on.reserveRefund(claim))).toEqual({ kind: 'ended', result });
  });
});
