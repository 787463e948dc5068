import { describe, expect, it } from 'vitest';
import type { DecideWaveInput } from '../../activities/dead-letters.ts';
import { batchWave } from '../../contracts/dead-letters.ts';
import { cancelDeadLettersUpdate, cancelSignal, deadLettersStatusQuery } from '../../contracts/messages.ts';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import { answers, Gate } from '../support/workflow-behaviours.ts';
import { durationOf, useWorkflowWorld } from '../support/workflow-judge.ts';
import type { Twin } from '../support/workflow-twins.ts';

const world = useWorkflowWorld({ queues: ['background'] });
const me = { actor: 'ada', reason: 'the wrong letters' };

const waves = (twin: Twin) =>
  twin.inputsOf('decideWave').map((input) => (input as DecideWaveInput).letters.map(({ id }) => id));

describe('a decision about many dead letters', () => {
  it('goes to each of them once, a few at a time, and says what became of it', async () => {
    const { handle, twin } = await world().deadLetters(2 * batchWave + 3, (planned) => {
      planned.decided = { 3: { outcome: 'refused', because: 'not_possible' }, 12: { outcome: 'gone' } };
    });
    const { report, ...result } = await handle.result();
    expect(result).toEqual({ status: 'completed', moneyMoved: 'none' });
    const { letters, ...counts } = report;
    expect(counts).toEqual({
      dryRun: false, total: 23, accepted: 21, refused: 1, gone: 1, unanswered: 0, left: 0, more: false,
    }); // prettier-ignore
    expect(letters[2]).toEqual({
      id: '3', workflowId: 'payment:acme:key-3', step: 'capture', outcome: 'refused', because: 'not_possible',
    }); // prettier-ignore
    expect(waves(twin).map((ids) => ids.length)).toEqual([batchWave, batchWave, 3]);
    expect(waves(twin).flat()).toEqual(Array.from({ length: 23 }, (_, index) => String(index + 1)));
    const [first] = twin.inputsOf('decideWave') as DecideWaveInput[];
    expect(first).toMatchObject({
      batch: { tenantId: 'acme', actor: 'grace', decision: 'retry', evidence: 'case 4711', dryRun: false },
      letters: [{ id: '1', proof: 'proof 1' }, ...Array.from({ length: batchWave - 1 }, () => ({}))],
    });
  });

  it('tells how far it is, and that is its page in the Web UI, too', async () => {
    const gate = new Gate();
    const { handle, twin } = await world().deadLetters(batchWave + 1, (planned) => {
      planned.decided = { 2: { outcome: 'refused', because: 'nothing_waits' } };
      planned.plan('decideWave', answers, gate.passes);
    });
    await twin.begun('decideWave', 2);
    const status = await handle.query(deadLettersStatusQuery);
    expect(status).toMatchObject({
      stage: 'deciding', attention: 'none', report: { accepted: batchWave - 1, refused: 1, left: 1 },
    }); // prettier-ignore
    expect(status.report!.letters.at(-1)).not.toHaveProperty('outcome');
    gate.open();
    await handle.result();
    expect(await handle.query(deadLettersStatusQuery)).toMatchObject({ stage: 'completed', report: { left: 0 } });
    const { typedSearchAttributes: found } = await handle.describe();
    expect(found.get(searchAttributes.tenant)).toBe('acme');
  });

  it('tries those again that gave no answer, after all others, and says which gave none in the end', async () => {
    const { handle, twin } = await world().deadLetters(batchWave + 2, (planned) => {
      planned.decided = { 2: { outcome: 'unanswered' }, 4: { outcome: 'unanswered' } };
      planned.plan('decideWave', answers, answers, (effect) => {
        planned.decided = { 4: { outcome: 'unanswered' } };
        return effect();
      });
    });
    const { report } = await handle.result();
    expect(report).toMatchObject({ accepted: batchWave + 1, unanswered: 1, left: 0 });
    expect(waves(twin).slice(2)).toEqual([['2', '4'], ['4']]);
    expect(await durationOf(handle)).toBeGreaterThanOrEqual(10_000);
  });

  it('as a dry run hands over no proof, and says what would happen', async () => {
    const { handle, twin } = await world().deadLetters(2, undefined, { dryRun: true });
    const result = await handle.result();
    expect(result).toMatchObject({ status: 'completed', report: { dryRun: true, accepted: 2 } });
    const [input] = twin.inputsOf('decideWave') as DecideWaveInput[];
    expect([input!.batch.dryRun, input!.letters.some(({ proof }) => proof)]).toEqual([true, false]);
  });
});

describe('a cancel', () => {
  it.each(['update', 'signal', 'the Web UI'])(
    'by %s stops before the next letters; what was sent stands',
    async (how) => {
      const gate = new Gate();
      const { handle, twin } = await world().deadLetters(3 * batchWave, (planned) =>
        planned.plan('decideWave', gate.passes),
      );
      await twin.begun('decideWave');
      const update =
        how === 'update'
          ? await handle.startUpdate(cancelDeadLettersUpdate, { args: [me], waitForStage: 'ACCEPTED' })
          : undefined;
      if (how === 'signal') await handle.signal(cancelSignal, me);
      if (how === 'the Web UI') await handle.cancel();
      gate.open();
      const result = await handle.result();
      const by = how === 'the Web UI' ? { actor: 'temporal' } : me;
      expect(result).toMatchObject({
        status: 'cancelled',
        ...by,
        report: { accepted: batchWave, left: 2 * batchWave },
      });
      if (update) expect(await update.result()).toEqual(result);
      expect(waves(twin)).toHaveLength(1);
    },
  );

  it('that comes while the last letters are decided has stopped nothing', async () => {
    const gate = new Gate();
    const { handle, twin } = await world().deadLetters(2, (planned) => planned.plan('decideWave', gate.passes));
    await twin.begun('decideWave');
    await handle.signal(cancelSignal, me);
    gate.open();
    expect(await handle.result()).toMatchObject({ status: 'completed', report: { accepted: 2, left: 0 } });
    const late = handle.executeUpdate(cancelDeadLettersUpdate, { args: [me] });
    await expect(late).rejects.toThrow();
  });
});
