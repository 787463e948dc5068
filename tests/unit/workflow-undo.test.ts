import { describe, expect, test, vi } from 'vitest';
import type { Parking, StepRun } from '../../workflows/parking.ts';
import { Undo } from '../../workflows/undo.ts';

/** Parking needs a workflow; here a step is simply run, and what was asked of it is kept. */
const asked: { step: string; mustSucceed: boolean | undefined; deadline: number | undefined }[] = [];
vi.mock('../../workflows/parking.ts', () => ({
  untilKnown: <T>({ step, mustSucceed, deadline, run }: StepRun<T>) => {
    asked.push({ step, mustSucceed, deadline });
    return run({ round: 3, within: { scheduleToCloseTimeout: 1 } });
  },
}));

const parking: Parking = {
  park: () => Promise.resolve(),
  unpark: () => Promise.resolve(),
  decided: () => Promise.resolve(undefined),
};

function undoOf(...steps: string[]): { undo: Undo; undone: string[] } {
  const undo = new Undo();
  const undone: string[] = [];
  for (const step of steps) {
    undo.register(step, async (round) => {
      await Promise.resolve();
      undone.push(`${step}/${round}`);
    });
  }
  return { undo, undone };
}

describe('undoing', () => {
  test('the last step is undone first, one after the other, with its round', async () => {
    const { undo, undone } = undoOf('void', 'burn', 'other');
    expect(undo.due).toEqual(['other', 'burn', 'void']);
    await undo.runAll(parking);
    expect(undone).toEqual(['other/3', 'burn/3', 'void/3']);
    expect(undo.due).toEqual([]);
  });

  test('takes no for no answer, and has no deadline', async () => {
    asked.length = 0;
    await undoOf('void', 'burn').undo.runAll(parking);
    expect(asked).toEqual([
      { step: 'burn', mustSucceed: true, deadline: undefined },
      { step: 'void', mustSucceed: true, deadline: undefined },
    ]);
  });

  test('a step that is known to have had no effect is not due', async () => {
    const { undo, undone } = undoOf('void', 'burn');
    undo.drop('void');
    undo.drop('never registered');
    await undo.runAll(parking);
    expect(undone).toEqual(['burn/3']);
  });

  test('what could not be undone stays due, and so does what is below it', async () => {
    const { undo, undone } = undoOf('void');
    undo.register('burn', () => Promise.reject(new Error('not now')));
    await expect(undo.runAll(parking)).rejects.toThrow('not now');
    expect(undone).toEqual([]);
    expect(undo.due).toEqual(['burn', 'void']);
  });
});
