import { afterEach, describe, expect, test, vi } from 'vitest';
import { createSteps, say, type Screen } from '../../sandbox/cli-steps.ts';

const screenOf = (live: boolean, columns = 80) => {
  const written: string[] = [];
  const screen: Screen = { write: (text) => void written.push(text), live, columns: () => columns };
  return { screen, written };
};

afterEach(() => void vi.useRealTimers());

describe('elsewhere than on a terminal', () => {
  test('each change is one plain line, without control characters', () => {
    const { screen, written } = screenOf(false);
    let now = 0;
    const steps = createSteps(screen, { api: 'HTTP API' }, () => now);
    steps.set('api', 'running');
    steps.set('api', 'running');
    now = 1_540;
    steps.set('api', 'done');
    steps.set('worker', 'running', 'booting');
    now = 2_000;
    steps.set('worker', 'failed', 'no database');
    expect(written).toEqual([
      'api: HTTP API\n',
      'api: done in 1.5 s\n',
      'worker: booting\n',
      'worker: FAILED after 0.5 s: no database\n',
    ]);
  });
});

/** What a terminal of any height shows in the end: enough of it to replay what is written here. */
function shown(written: readonly string[]): string[] {
  const lines: string[] = [];
  let row = 0;
  for (const part of written
    .join('')
    .replaceAll('\u001b[', '␛')
    .split(/(␛\d+A\r|\n)/)) {
    const up = /^␛(\d+)A\r$/.exec(part);
    if (up) row -= Number(up[1]);
    else if (part === '\n') row += 1;
    else lines[row] = part.endsWith('␛K') ? part.slice(0, -2) : (lines[row] ?? '') + part;
  }
  return lines.filter((line) => line !== '');
}

describe('on a terminal', () => {
  test('the list is redrawn in place, with seconds that go on and a mark for how it ended', () => {
    vi.useFakeTimers({ now: 0 });
    const { screen, written } = screenOf(true);
    const steps = createSteps(screen, { purchase: 'two tickets', cancelled: 'on its way' });
    steps.set('purchase', 'running');
    vi.advanceTimersByTime(2_000);
    expect(shown(written)).toEqual([
      expect.stringMatching(/^ {2}\S purchase {8}2\.0 s {2}two tickets$/),
      '  · cancelled              on its way',
    ]);
    steps.set('purchase', 'done', 'charged once');
    say(screen, 'worker ended');
    steps.set('cancelled', 'failed');
    steps.close();
    vi.advanceTimersByTime(5_000);
    expect(shown(written)).toEqual([
      'worker ended',
      '  ✔ purchase        2.0 s  charged once',
      '  ✘ cancelled       0.0 s  on its way',
    ]);
  });

  test('a line never wraps, or the next redraw would miss its start', () => {
    const { screen, written } = screenOf(true, 30);
    const steps = createSteps(screen, { purchase: 'two tickets with a very long label' });
    steps.close();
    expect(shown(written)[0]).toHaveLength(29);
  });

  test('after close nothing is drawn any more', () => {
    vi.useFakeTimers();
    const { screen, written } = screenOf(true);
    const steps = createSteps(screen, { purchase: '' });
    steps.close();
    const drawn = written.length;
    steps.set('purchase', 'done');
    vi.advanceTimersByTime(1_000);
    expect(written).toHaveLength(drawn);
    say(screen, 'below');
    expect(written.at(-1)).toBe('below\n');
  });
});
