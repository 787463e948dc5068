import { describe, expect, it } from 'vitest';
import { fairBoundMs, p95, waitsOf } from '../../bench/fairness-judge.ts';

const call = (idempotencyKey: string, receivedAt: number) => ({ idempotencyKey, receivedAt });

describe('the judge of fairness', () => {
  it('measures from the start to the call, and counts who came in between', () => {
    const jobs = [
      { key: 'a', startedAt: 100 },
      { key: 'b', startedAt: 110 },
    ];
    const calls = [call('x', 90), call('y', 105), call('b', 150), call('z', 160), call('a', 170), call('w', 200)];
    expect(waitsOf(jobs, calls)).toEqual([
      { ms: 40, ahead: 0 },
      { ms: 70, ahead: 2 },
    ]);
  });

  it('leaves out who was not called yet, and does not mind calls without a key', () => {
    const calls = [{ idempotencyKey: null, receivedAt: 15 }, call('a', 20)];
    const jobs = ['a', 'b'].map((key) => ({ key, startedAt: 10 }));
    expect(waitsOf(jobs, calls)).toEqual([{ ms: 10, ahead: 1 }]);
  });

  it('takes the value that 95 of a hundred do not exceed', () => {
    expect(p95(Array.from({ length: 100 }, (_, index) => 100 - index))).toBe(95);
    expect(p95([3, 1, 2])).toBe(3);
    expect(p95([])).toBe(0);
  });

  it('allows half of the lane, behind what the workers had taken', () => {
    expect(fairBoundMs(500, 10, 25)).toBe(1_400);
  });
});
