import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewDecision } from '../../store/index.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db.stop());

let count = 0;
/** Another workflow, message and proof each time, unless they are given. */
function decisionOf(change: Partial<NewDecision> & { workflowId?: string } = {}): NewDecision {
  count += 1;
  const { workflowId = `payout:acme:payout-${count}`, ...rest } = change;
  return {
    operation: { tenantId: 'acme', workflowId, runId: 'run-1' },
    messageId: `message-${count}`,
    kind: 'approve',
    choice: 'approve',
    actor: 'approver-1',
    subject: 'approver-1',
    evidence: 'checked',
    proofId: `proof-${count}`,
    now: '2027-01-01T12:00:00.000Z',
    ...rest,
  };
}
const record = (decision: NewDecision) => db.store.decisions.record(decision);
const list = ({ operation: { tenantId, workflowId } }: NewDecision) => db.store.decisions.list(tenantId, workflowId);
const approvalOf = (workflowId: string, change: Partial<NewDecision> = {}) => decisionOf({ workflowId, ...change });
const accepted = { accepted: true, subject: 'approver-1' };

describe('a decision', () => {
  it('is recorded with who, what, why and when', async () => {
    const decision = decisionOf({ kind: 'resolve', choice: 'mark_succeeded', step: 'capture', evidence: 'a\0b' });
    expect(await record(decision)).toEqual(accepted);
    const { operation, now, ...rest } = decision;
    expect(await list(decision)).toEqual([{ ...rest, evidence: 'a\u{FFFD}b', runId: operation.runId, decidedAt: now }]);
  });

  it('is the same one when its message is taken again, whatever is said of it then', async () => {
    const decision = decisionOf();
    await record(decision);
    expect(await record(decision)).toEqual(accepted);
    expect(await record({ ...decision, refusedBecause: 'expired' })).toEqual(accepted);
    expect(await list(decision)).toHaveLength(1);
    const refused = decisionOf({ refusedBecause: 'expired' });
    await record(refused);
    expect(await record({ ...refused, refusedBecause: undefined })).toEqual({ accepted: false, because: 'expired' });
    expect(await list(refused)).toMatchObject([{ refusedBecause: 'expired' }]);
  });

  it('is recorded without a subject where no proof could be read', async () => {
    const { subject: _, proofId: __, ...decision } = decisionOf({ refusedBecause: 'bad_signature' });
    expect(await record(decision)).toEqual({ accepted: false, because: 'bad_signature' });
    const [row] = await list(decision);
    expect(row).toMatchObject({ actor: 'approver-1', refusedBecause: 'bad_signature' });
    expect(row).not.toHaveProperty('subject');
  });
});

describe('a proof', () => {
  it('decides once: another message with it is refused, and recorded as such', async () => {
    const first = decisionOf({ kind: 'resolve', choice: 'retry' });
    await record(first);
    const again = { ...first, messageId: 'another' };
    for (let take = 1; take <= 2; take += 1)
      expect(await record(again)).toEqual({ accepted: false, because: 'replayed' });
    expect(await list(first)).toMatchObject([{ messageId: 'another', refusedBecause: 'replayed' }, {}]);
  });

  it('that was refused is not used up', async () => {
    const refused = decisionOf({ refusedBecause: 'other_actor' });
    await record(refused);
    expect(await record({ ...refused, messageId: 'another', refusedBecause: undefined })).toEqual(accepted);
  });

  it('decides once among twenty messages at the same moment', async () => {
    const decision = decisionOf({ kind: 'resolve', choice: 'retry' });
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => record({ ...decision, messageId: `parallel-${index}` })),
    );
    expect(outcomes.filter((outcome) => outcome.accepted)).toEqual([accepted]);
    expect(await list(decision)).toHaveLength(20);
  });
});

describe('a person', () => {
  it('approves once, with however many proofs, also at the same moment', async () => {
    const workflowId = 'payout:acme:twice';
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => record(approvalOf(workflowId))));
    expect(outcomes.filter((outcome) => outcome.accepted)).toHaveLength(1);
    expect(outcomes.filter((outcome) => !outcome.accepted && outcome.because === 'decided_before')).toHaveLength(9);
    const other = approvalOf(workflowId, { actor: 'approver-2', subject: 'approver-2' });
    expect(await record(other)).toEqual({ accepted: true, subject: 'approver-2' });
  });

  it.each<[string, Partial<NewDecision>]>([
    ['reject what they have approved', { kind: 'reject', choice: 'reject' }],
    ['approve another step', { step: 'second' }],
    ['approve another run', { operation: { tenantId: 'acme', workflowId: 'payout:acme:more', runId: 'run-2' } }],
    ['approve another workflow', { operation: { tenantId: 'acme', workflowId: 'payout:acme:rest', runId: 'run-1' } }],
  ])('may %s', async (_, change) => {
    await record(approvalOf('payout:acme:more'));
    expect(await record(approvalOf('payout:acme:more', change))).toEqual(accepted);
  });
});

it("another tenant's decisions are not seen", async () => {
  const decision = decisionOf();
  await record(decision);
  expect(await db.store.decisions.list('globex', decision.operation.workflowId)).toEqual([]);
});
