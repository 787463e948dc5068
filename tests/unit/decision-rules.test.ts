import { beforeEach, describe, expect, it } from 'vitest';
import { createDecisionActivities, type DecideInput } from '../../activities/decisions.ts';
import type { DecisionOutcome, DecisionRefusal } from '../../contracts/decisions.ts';
import type { NewDecision } from '../../store/index.ts';
import { at, claims, decisionOf, forge, operation, otherKey, signerAt, verifierAt } from '../support/decision-keys.ts';

let recorded: NewDecision[];
beforeEach(() => void (recorded = []));

/** Records everything, and knows nothing better than the rules. */
const record = async (decision: NewDecision): Promise<DecisionOutcome> => {
  recorded.push(decision);
  const { refusedBecause: because, subject } = decision;
  return because ? { accepted: false, because } : { accepted: true, subject: subject! };
};
const decideAt = (now: number, input: DecideInput) =>
  createDecisionActivities({ verify: verifierAt(now), decisions: { record } }).decide(input);
const decide = async (change: Partial<DecideInput> = {}, now = at) =>
  decideAt(now, decisionOf((await signerAt(at)(claims)).proof, change));
const decideWith = (proof: string) => decideAt(at, decisionOf(proof));

const refused = (because: DecisionRefusal) => ({ accepted: false, because });

describe('a decision', () => {
  it('counts with a proof of its own, and is recorded with it', async () => {
    expect(await decide({ step: 'payout', requestedBy: 'clerk-1', decidedBy: ['approver-2'] })).toEqual({
      accepted: true,
      subject: 'approver-1',
    });
    const { proof: _, ...input } = decisionOf('');
    expect(recorded).toEqual([
      { ...input, step: 'payout', subject: 'approver-1', proofId: expect.any(String), refusedBecause: undefined },
    ]);
  });

  it.each<[string, DecisionRefusal, Partial<DecideInput>]>([
    ["another tenant's workflow", 'other_workflow', { operation: { ...operation, tenantId: 'globex' } }],
    ['another workflow', 'other_workflow', { operation: { ...operation, workflowId: 'payout:acme:payout-2' } }],
    ['another run', 'other_workflow', { operation: { ...operation, runId: 'run-2' } }],
    ['another kind', 'other_decision', { kind: 'reject', choice: 'reject' }],
    ['another kind of the same word', 'other_decision', { kind: 'reject' }],
    ['another choice', 'other_decision', { choice: 'reject' }],
    ['another person', 'other_actor', { actor: 'approver-2' }],
    ['the one who asked', 'own_request', { requestedBy: 'approver-1' }],
    ['one who has approved', 'decided_before', { decidedBy: ['approver-2', 'approver-1'] }],
  ])('by or about %s is refused, and recorded with whose proof it was', async (_, because, change) => {
    expect(await decide(change)).toEqual(refused(because));
    expect(recorded).toEqual([expect.objectContaining({ refusedBecause: because, subject: 'approver-1' })]);
    expect(recorded[0]!.proofId).toBeDefined();
  });

  it('that is too late is refused', async () => {
    expect(await decide({}, at + 11 * 60_000)).toEqual(refused('expired'));
    expect(recorded).toEqual([expect.objectContaining({ refusedBecause: 'expired', subject: 'approver-1' })]);
  });

  it('may be a rejection by the one who asked, or who has approved', async () => {
    const choice = { kind: 'reject', choice: 'reject' } as const;
    const { proof } = await signerAt(at)({ ...claims, ...choice });
    const input = decisionOf(proof, { ...choice, requestedBy: 'approver-1', decidedBy: ['approver-1'] });
    expect(await decideAt(at, input)).toMatchObject({ accepted: true });
  });

  it.each<[string, () => Promise<string>, DecisionRefusal]>([
    ['nothing', async () => '', 'no_proof'],
    ['a forged one', async () => forge({ key: await otherKey('ES256') }), 'bad_signature'],
  ])('with %s for a proof is refused, and recorded without a subject', async (_, proof, because) => {
    expect(await decideWith(await proof())).toEqual(refused(because));
    expect(recorded[0]).toMatchObject({ refusedBecause: because, actor: 'approver-1' });
    expect(recorded[0]).not.toHaveProperty('subject');
    expect(recorded[0]).not.toHaveProperty('proofId');
  });

  it('is recordable, whatever a signal brings', async () => {
    const nonsense = { actor: 7, evidence: undefined, choice: {}, proof: null } as unknown as Partial<DecideInput>;
    const endless = 'x'.repeat(5_000);
    expect(await decide(nonsense)).toEqual(refused('no_proof'));
    expect(await decide({ actor: endless, evidence: endless, messageId: endless, step: endless })).toEqual(
      refused('other_actor'),
    );
    expect(recorded[0]).toMatchObject({ actor: '–', evidence: '–', choice: '–' });
    expect([recorded[1]!.actor, recorded[1]!.evidence, recorded[1]!.step].map((text) => text?.length)).toEqual([
      200, 2_000, 100,
    ]);
    expect(recorded[1]!.messageId).toMatch(/^[0-9a-f]{64}$/);
  });

  it('that cannot be recorded is an error, so that it is tried again', async () => {
    const broken = createDecisionActivities({
      verify: verifierAt(at),
      decisions: { record: () => Promise.reject(new Error('no database')) },
    });
    await expect(broken.decide(decisionOf(''))).rejects.toThrow('no database');
  });
});
