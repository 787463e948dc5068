import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Difference } from '../../contracts/reconciliation.ts';
import { noCounts } from '../../contracts/reconciliation-words.ts';
import { asSystem } from '../../infrastructure/postgres.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db.stop());

let tenants = 0;
const day = '2027-01-15';
const now = '2027-01-16T02:00:00.000Z';
const held: Difference = {
  kind: 'hold_left', objectId: 'pi_1', ours: null, theirs: { state: 'held', amount: 500 }, amount: 500, currency: 'USD',
}; // prettier-ignore
const unheard: Difference = {
  kind: 'dispute_unknown', objectId: 'dp_1', ours: null, theirs: { amount: 700 }, amount: 700, currency: 'USD',
  remedy: { tell: 'dispute', disputeId: 'dp_1', paymentKey: 'k1' },
}; // prettier-ignore

/** A tenant of its own, and runs of its days. */
function reconciling() {
  const tenantId = `tenant-${(tenants += 1)}`;
  const { reconciliation: rows } = db.store;
  const runOf = (run: string, of = day) => ({ tenantId, day: of, run, now });
  return {
    tenantId,
    rows,
    runOf,
    see: (run: string, found: Difference[], examined = found.map(({ objectId }) => objectId), of = day) =>
      rows.record({ ...runOf(run, of), examined, found }),
    all: () => rows.list(tenantId, { open: false, limit: 200 }),
  };
}

describe('what a reconciliation found', () => {
  it('is one open row for each kind and object, with what is known of it now, by the run that saw it last', async () => {
    const { see, all, rows, runOf } = reconciling();
    await see('a', [held, unheard]);
    await Promise.all([see('b', [{ ...held, theirs: { state: 'held', amount: 400 }, amount: 400 }]), see('b', [held])]);
    await see('b', [{ ...held, theirs: { state: 'held', amount: 400 }, amount: 400 }]);
    expect(await all()).toMatchObject([
      { kind: 'dispute_unknown', objectId: 'dp_1', day, ours: null, foundAt: now, remedy: unheard.remedy },
      { kind: 'hold_left', objectId: 'pi_1', theirs: { state: 'held', amount: 400 }, amount: 400, currency: 'USD' },
    ]);
    const end = { cancelled: false, compared: noCounts };
    expect(await rows.end(runOf('b'), end)).toEqual({ status: 'differs', differences: 1, healed: 0, open: 1 });
  });

  it('closes by itself when its object is compared and the difference is gone, and opens anew when it is back', async () => {
    const { see, all } = reconciling();
    await see('a', [held, unheard]);
    await see('b', [], ['pi_1']);
    expect((await all()).map(({ kind, closedBy }) => [kind, closedBy])).toEqual([
      ['dispute_unknown', undefined],
      ['hold_left', 'reconciliation'],
    ]);
    await see('c', [held]);
    expect((await all()).filter(({ closedAt }) => closedAt === undefined)).toHaveLength(2);
  });

  it('stays closed when a person closed it, for as long as it is the same', async () => {
    const { see, all, rows, tenantId } = reconciling();
    await see('a', [held]);
    const [{ id } = { id: 0 }] = await all();
    const closing = { id, by: 'ada', reason: 'voided by phone\0', now };
    expect(await rows.close(tenantId, closing)).toMatchObject({ closedBy: 'ada', closeReason: 'voided by phone\u{FFFD}', closedAt: now }); // prettier-ignore
    expect(await rows.close(tenantId, { ...closing, by: 'bob' })).toMatchObject({ closedBy: 'ada' });
    expect(await rows.close('nobody', closing)).toBeUndefined();
    await see('b', [held]);
    expect(await all()).toHaveLength(1);
    await see('c', [{ ...held, theirs: { state: 'held', amount: 600 } }]);
    expect(await all()).toHaveLength(2);
  });

  it('is healed once its workflow was told, and looked at again by whoever asks for it', async () => {
    const { see, rows, runOf } = reconciling();
    await see('a', [held, unheard]);
    const page = { after: 0, limit: 10 };
    const [curable] = await rows.curable(runOf('a'), page);
    expect(curable?.remedy).toEqual(unheard.remedy);
    expect(await rows.curable(runOf('a'), { ...page, after: curable!.id })).toEqual([]);
    expect(await rows.toLookAt(runOf('a'), { which: 'healed', ...page })).toEqual([]);
    await rows.healed(runOf('a'), [curable!.id]);
    await rows.healed({ ...runOf('a'), now: '2027-01-17T00:00:00.000Z' }, [curable!.id]);
    expect(await rows.toLookAt(runOf('a'), { which: 'healed', ...page })).toMatchObject([{ kind: 'dispute_unknown', healedAt: now }]);
    expect(await rows.toLookAt(runOf('a'), { which: 'others', ...page })).toEqual([]);
    expect(await rows.toLookAt(runOf('b'), { which: 'others', ...page })).toHaveLength(2);
    expect(await rows.curable(runOf('b'), page)).toEqual([]);
    const end = { cancelled: false, compared: noCounts };
    expect(await rows.end(runOf('a'), end)).toEqual({ status: 'differs', differences: 2, healed: 1, open: 2 });
  }); // prettier-ignore

  it('is listed newest first, by day, open or all, page by page, and is nobody else’s', async () => {
    const { see, rows, tenantId } = reconciling();
    await see('a', [held, unheard]);
    await see('b', [{ ...held, objectId: 'pi_2' }], ['pi_2', 'dp_1'], '2027-01-16');
    const open = { open: true, limit: 10 };
    expect((await rows.list(tenantId, open)).map(({ objectId }) => objectId)).toEqual(['pi_2', 'pi_1']);
    expect((await rows.list(tenantId, { ...open, day })).map(({ objectId }) => objectId)).toEqual(['pi_1']);
    const [newest] = await rows.list(tenantId, { ...open, limit: 1 });
    expect((await rows.list(tenantId, { open: false, limit: 10, before: newest!.id })).map(({ objectId }) => objectId)).toEqual(['dp_1', 'pi_1']); // prettier-ignore
    expect(await rows.list('nobody', open)).toEqual([]);
  });
});

describe('a day', () => {
  it('has its last run, from the beginning to how it ended', async () => {
    const { rows, runOf, see, tenantId } = reconciling();
    await rows.begin(runOf('a'));
    await rows.begin(runOf('a'));
    expect(await rows.days(tenantId, { limit: 5 })).toMatchObject([{ day, status: 'running', startedAt: now }]);
    await see('a', [held]);
    const compared = { ...noCounts, payments: 3 };
    await rows.end(runOf('a'), { cancelled: false, compared });
    // A run that was overtaken says nothing about the day any more.
    await rows.begin(runOf('b'));
    await rows.end(runOf('a'), { cancelled: true, compared });
    expect(await rows.days(tenantId, { day, limit: 5 })).toMatchObject([{ status: 'running', differences: 0 }]);
    await rows.end(runOf('b'), { cancelled: true, compared });
    await rows.begin(runOf('c', '2027-01-16'));
    expect(await rows.days(tenantId, { limit: 5 })).toMatchObject([
      { day: '2027-01-16', status: 'running' },
      { day, status: 'cancelled', compared: { payments: 3 }, endedAt: now },
    ]);
  });

  it('counts what other days left open on theirs', async () => {
    const { rows, runOf, see } = reconciling();
    await see('a', [held]);
    await see('b', [held], ['pi_1'], '2027-01-16');
    const end = { cancelled: false, compared: noCounts };
    expect(await rows.end(runOf('b', '2027-01-16'), end)).toMatchObject({ status: 'clean', differences: 0 });
  });
});

const read = (sql: string) => asSystem(db.pool, (tx) => tx.rows(sql));

describe('the system role', () => {
  it('counts what is open, and sees nothing of it', async () => {
    const { see, rows, tenantId } = reconciling();
    const before = new Map((await rows.openByKind()).map(({ kind, count }) => [kind, count]));
    await see('a', [{ ...held, kind: 'movement_unknown' }]);
    const after = new Map((await rows.openByKind()).map(({ kind, count }) => [kind, count]));
    expect(after.get('movement_unknown')).toBe((before.get('movement_unknown') ?? 0) + 1);
    expect(await read(`select found_at, closed_at from reconciliation_differences where tenant_id = '${tenantId}'`)).toHaveLength(1);
    await expect(read('select theirs from reconciliation_differences')).rejects.toThrow(/permission denied/);
    await expect(read('select wallet from mints')).rejects.toThrow(/permission denied/);
  }); // prettier-ignore
});
