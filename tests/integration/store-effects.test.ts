import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BudgetExhaustedError, ClaimLostError, MintStateError, StepFencedError } from '../../store/index.ts';
import { lockOrderOf } from '../support/lock-order.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { hashOf, openSale, start, wallet } from '../support/sales.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
  await openSale(db.store, 'acme');
});
afterAll(() => db.stop());

const stepOf = (workflowId: string, step = 'authorize') => ({ tenantId: 'acme', workflowId, step });
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));

describe('sent calls', () => {
  it('are counted, with the time of the first and the last', async () => {
    const step = stepOf('count');
    expect(await db.store.sentCalls.read(step)).toEqual({ sent: 0, generation: 0, fenced: false });
    const first = await db.store.sentCalls.begin({ ...step, budget: 3 });
    const second = await db.store.sentCalls.begin({ ...step, budget: 3 });
    expect([first.sent, second.sent]).toEqual([1, 2]);
    expect(second.firstSentAt).toBe(first.firstSentAt);
    const { sinceFirstSentMs, sinceLastSentMs, ...read } = await db.store.sentCalls.read(step);
    expect(second).toMatchObject(read);
    expect(sinceLastSentMs).toBeGreaterThanOrEqual(second.sinceLastSentMs ?? Infinity);
    expect(sinceFirstSentMs).toBeGreaterThanOrEqual(sinceLastSentMs ?? Infinity);
  });

  it('never exceed the budget, however many begin at once', async () => {
    const step = stepOf('budget');
    const begun = await Promise.allSettled(times(50, () => db.store.sentCalls.begin({ ...step, budget: 7 })));
    const sent = begun.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value.sent : []));
    expect(sent.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    for (const outcome of begun) {
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ name: 'BudgetExhaustedError', sent: 7 });
    }
    await expect(db.store.sentCalls.begin({ ...stepOf('none'), budget: 0 })).rejects.toThrow(BudgetExhaustedError);
  });

  it('are given back when they certainly did not leave, the only one without a trace', async () => {
    const step = stepOf('back');
    const first = await db.store.sentCalls.begin({ ...step, budget: 3 });
    await db.store.sentCalls.begin({ ...step, budget: 3 });
    await db.store.sentCalls.giveBack(step);
    expect(await db.store.sentCalls.read(step)).toMatchObject({ sent: 1, firstSentAt: first.firstSentAt });
    await db.store.sentCalls.giveBack(step);
    expect(await db.store.sentCalls.read(step)).toEqual({ sent: 0, generation: 0, fenced: false });
    await db.store.sentCalls.giveBack(step);
    expect((await db.store.sentCalls.begin({ ...step, budget: 1 })).sent).toBe(1);
  });

  it('do not begin after the fence, and the fence counts all that had begun', async () => {
    const step = stepOf('fence');
    const calls = times(30, () => db.store.sentCalls.begin({ ...step, budget: 100 }));
    const [fence, ...begun] = await Promise.all([
      db.store.sentCalls.fence(step),
      ...calls.map((call) =>
        call.then(
          ({ sent }) => sent,
          (error: unknown) => error,
        ),
      ),
    ]);
    const sent = begun.filter((outcome) => typeof outcome === 'number');
    expect(fence).toMatchObject({ sent: sent.length, fenced: true });
    for (const outcome of begun) if (typeof outcome !== 'number') expect(outcome).toBeInstanceOf(StepFencedError);
    const { firstSentAt, lastSentAt } = fence;
    expect(await db.store.sentCalls.fence(step)).toMatchObject({
      sent: sent.length,
      fenced: true,
      firstSentAt,
      lastSentAt,
    });
  });

  it('can be fenced before any was sent', async () => {
    const step = stepOf('early');
    expect(await db.store.sentCalls.fence(step)).toEqual({ sent: 0, generation: 0, fenced: true });
    await expect(db.store.sentCalls.begin({ ...step, budget: 9 })).rejects.toThrow(StepFencedError);
  });

  it('raise their generation once per present one', async () => {
    const step = stepOf('generation');
    await db.store.sentCalls.begin({ ...step, budget: 9 });
    const raised = await Promise.all(times(5, () => db.store.sentCalls.raiseGeneration({ ...step, from: 0 })));
    expect(raised).toEqual([1, 1, 1, 1, 1]);
    expect(await db.store.sentCalls.raiseGeneration({ ...step, from: 1 })).toBe(2);
    expect(await db.store.sentCalls.raiseGeneration({ ...step, from: 0 })).toBe(2);
    expect((await db.store.sentCalls.begin({ ...step, budget: 9 })).generation).toBe(2);
  });
});

describe('the issuer', () => {
  const issuer = `0x${'Ab'.repeat(20)}`;
  const requestOf = (workflowId: string, chainId: number) => ({
    tenantId: workflowId.startsWith('g') ? 'globex' : 'acme',
    workflowId,
    step: 'mint',
    chainId,
    issuer,
    seedNonce: () => Promise.resolve(41),
    sign: (nonce: number) =>
      Promise.resolve({ nonce, hash: `0x${chainId}${nonce.toString(16).padStart(63, '0')}`, raw: '0x02f8' }),
  });

  it('gives 50 signers of two tenants nonces without gap or duplicate', async () => {
    const requests = times(50, (index) => requestOf(`${index % 2 === 0 ? 'a' : 'g'}${index}`, 1));
    const signed = await Promise.all(requests.map((request) => db.store.chain.signNext(request)));
    expect(signed.map(({ nonce }) => nonce).toSorted((a, b) => a - b)).toEqual(times(50, (index) => 41 + index));
    expect(await db.look(`select next_nonce::int from chain_accounts where chain_id = 1`)).toEqual([
      { next_nonce: 91 },
    ]);
  });

  it('signs a step once: the same bytes come back', async () => {
    const request = requestOf('same', 2);
    const [first, ...others] = await Promise.all(times(5, () => db.store.chain.signNext(request)));
    for (const other of others) expect(other).toEqual(first);
    expect(await db.store.chain.of('acme', 'same', 'mint')).toEqual(first);
    expect(first).toMatchObject({ nonce: 41, issuer: issuer.toLowerCase(), status: 'signed', raw: '0x02f8' });
  });

  it('uses up no nonce when signing fails', async () => {
    const broken = { ...requestOf('broken', 3), sign: () => Promise.reject(new Error('no key')) };
    await expect(db.store.chain.signNext(broken)).rejects.toThrow('no key');
    expect((await db.store.chain.signNext(requestOf('whole', 3))).nonce).toBe(41);
    const wrong = { ...requestOf('wrong', 3), sign: () => requestOf('wrong', 3).sign(7) };
    await expect(db.store.chain.signNext(wrong)).rejects.toThrow('nonce 42');
  });

  it('remembers the block, and another one after a reorganization', async () => {
    const { hash } = await db.store.chain.signNext(requestOf('block', 4));
    await db.store.chain.markIncluded({ tenantId: 'acme', hash, blockNumber: 5, success: true });
    await db.store.chain.markIncluded({ tenantId: 'acme', hash, blockNumber: 6, success: false });
    expect(await db.store.chain.of('acme', 'block', 'mint')).toMatchObject({ status: 'reverted', blockNumber: 6 });
    const elsewhere = { tenantId: 'globex', hash, blockNumber: 5, success: true };
    await expect(db.store.chain.markIncluded(elsewhere)).rejects.toThrow(/no transaction/);
  });
});

const operationOf = (workflowId: string) => ({ tenantId: 'acme', workflowId, runId: 'r' });
const tokenIdOf = (ticketId: string, generation: number) =>
  (1n << 255n) + BigInt(`0x${Buffer.from(`${ticketId}/${generation}`).toString('hex')}`);

const reserve = (workflowId: string, ...ticketIds: string[]) =>
  db.store.mints.reserve({
    operation: operationOf(workflowId),
    step: 'mint',
    tickets: ticketIds.map((ticketId) => ({ ticketId })),
    wallet,
    venueId: 'venue',
    eventId: 'event',
    tokenIdOf,
  });
const reservedAs = (ticketId: string, generation: number) => ({
  ticketId,
  generation,
  tokenId: tokenIdOf(ticketId, generation).toString(),
});

describe('mints', () => {
  it('are reserved all or none, and again for the same operation', async () => {
    const reserved = { reserved: [reservedAs('b', 0), reservedAs('a', 0)] };
    expect(await reserve('first', 'b', 'a')).toEqual(reserved);
    expect(await reserve('first', 'b', 'a')).toEqual(reserved);
    expect(await reserve('second', 'c', 'a')).toEqual({ taken: 'a' });
    expect(await db.store.mints.of(operationOf('second'))).toEqual([]);
    expect(await reserve('third', 'c')).toEqual({ reserved: [reservedAs('c', 0)] });
  });

  it.each([
    ['a', 'm', 'z'],
    ['z', 'm', 'a'],
  ])('are reserved in one order, given as %s %s %s', async (...names) => {
    const prefix = `order-${names[0]}`;
    const waiting = await lockOrderOf(db, {
      insert: (id) =>
        `insert into mints (tenant_id, ticket_id, generation, token_id, wallet, venue_id, event_id, workflow_id, run_id, status)
         values ('acme', '${prefix}-${id}', 0, (random() * 1e15)::bigint, '${wallet}',
           'venue', 'event', 'somebody', 'r', 'reserved') on conflict do nothing`,
      held: 'm',
      probes: ['a', 'z'],
      start: () => reserve(`waits-${names[0]}`, ...names.map((name) => `${prefix}-${name}`)),
    });
    expect(waiting.locked).toEqual(['a']);
    expect(await waiting.outcome).toHaveProperty('reserved');
  });

  it('of many tickets have one winner', async () => {
    const seats = times(8, (seat) => `seat-${seat}`);
    const outcomes = await Promise.all(
      times(30, (index) => reserve(`race-${index}`, ...(index % 2 === 0 ? seats : seats.toReversed()))),
    );
    expect(outcomes.filter((outcome) => 'reserved' in outcome)).toHaveLength(1);
  });

  it('raise the generation when burned, and not when released', async () => {
    await reserve('released', 'g');
    await db.store.mints.release({ operation: operationOf('released') });
    await db.store.mints.release({ operation: operationOf('released') });
    expect(await reserve('minted', 'g')).toEqual({ reserved: [reservedAs('g', 0)] });
    const confirmed = { operation: operationOf('minted'), step: 'mint', transactionHash: hashOf('1'), blockNumber: 7 };
    await db.store.mints.confirm(confirmed);
    await db.store.mints.confirm({ ...confirmed, blockNumber: 8 });
    await expect(db.store.mints.release({ operation: operationOf('minted') })).rejects.toThrow(MintStateError);
    expect(await reserve('too-late', 'g')).toEqual({ taken: 'g' });
    const burn = { operation: operationOf('minted'), transactionHash: hashOf('2') };
    await db.store.mints.burned(burn);
    await db.store.mints.burned(burn);
    expect(await reserve('next', 'g')).toEqual({ reserved: [reservedAs('g', 1)] });
    expect(await db.store.mints.of(operationOf('minted'))).toEqual([
      {
        ...reservedAs('g', 0),
        wallet,
        status: 'burned',
        transactionHash: hashOf('1'),
        blockNumber: 8,
        burnTransactionHash: hashOf('2'),
      },
    ]);
    await expect(db.store.mints.confirm(confirmed)).rejects.toThrow(MintStateError);
  });

  it('are not reserved after their step was fenced, so that nothing stays reserved', async () => {
    await db.store.sentCalls.fence({ tenantId: 'acme', workflowId: 'late', step: 'mint' });
    await expect(reserve('late', 'l')).rejects.toThrow(StepFencedError);
    expect(await reserve('punctual', 'l')).toHaveProperty('reserved');
  });

  it('settle the claim of a mint asked for alone in the same transaction', async () => {
    const operation = operationOf('mint:acme:alone:k');
    const claim = {
      operation, kind: 'mint', key: 'alone:k', fingerprint: 'a'.repeat(64), queueName: 'money', jobType: 'nft-mint',
      now: start, keepForMs: 'forever',
    } as const; // prettier-ignore
    await db.store.claims.claim(claim);
    await reserve(operation.workflowId, 'alone');
    const result = {
      status: 'minted',
      ticket: { ticketId: 'alone', tokenId: '1' },
      transactionHash: hashOf('3'),
    } as const;
    const confirmed = { operation, step: 'mint', transactionHash: hashOf('3'), blockNumber: 9 };
    const settleClaim = { kind: 'mint', key: 'alone:k', result, now: start } as const;
    const stranger = { ...confirmed, operation: { ...operation, runId: 'other' }, settleClaim };
    await expect(db.store.mints.confirm(stranger)).rejects.toThrow(ClaimLostError);
    expect((await db.store.mints.of(operation))[0]?.status).toBe('reserved');
    await db.store.mints.confirm({ ...confirmed, settleClaim });
    expect(await db.store.claims.claim({ ...claim, operation: { ...operation, runId: 'r2' } })).toEqual({
      kind: 'settled',
      result,
    });
    expect(await db.store.claims.resultOf('acme', 'mint', 'alone:k')).toEqual(result);
    expect(await db.store.claims.resultOf('globex', 'mint', 'alone:k')).toBeUndefined();
  });

  it('are not confirmed after their step was fenced: the tickets are their compensation’s', async () => {
    await reserve('fenced', 'f');
    await db.store.sentCalls.fence({ tenantId: 'acme', workflowId: 'fenced', step: 'mint' });
    const confirmed = { operation: operationOf('fenced'), step: 'mint', transactionHash: hashOf('4'), blockNumber: 9 };
    await expect(db.store.mints.confirm(confirmed)).rejects.toThrow(StepFencedError);
    expect((await db.store.mints.of(operationOf('fenced')))[0]?.status).toBe('reserved');
  });
});
