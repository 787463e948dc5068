import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../activities/providers/http-faults.ts';

const at = (time: string) => `Thu, 01 Jan 2026 ${time} GMT`;
const now = Date.parse('2026-01-01T00:00:00Z');
const day = 86_400_000;

describe('Retry-After', () => {
  it.each([
    ['2', 2_000],
    [' 2 ', 2_000],
    ['0', 0],
    ['1.5', 1_500],
    ['1767225600', day],
    ['-5', undefined],
    ['0x10', undefined],
    ['1e3', undefined],
    ['soon', undefined],
    ['2026', 2_026_000],
    ['2026-01-01T00:00:05Z', undefined],
    ['', undefined],
    [undefined, undefined],
    [null, undefined],
  ])('%s as seconds', (header, milliseconds) => {
    expect(retryAfterMs(header, now)).toBe(milliseconds);
  });

  it.each([
    [at('00:00:05'), 5_000],
    ['Thursday, 01-Jan-26 00:00:05 GMT', 5_000],
    ['Thu Jan  1 00:00:05 2026', 5_000],
    ['Wed, 31 Dec 2025 23:59:59 GMT', 0],
    ['Fri, 31 Dec 9999 23:59:59 GMT', day],
    ['Thu, no date at all', undefined],
  ])('%s as a date', (header, milliseconds) => {
    expect(retryAfterMs(header, now)).toBe(milliseconds);
  });

  it.each([-600_000, 0, 600_000])('as a date is read by the clock of the answer, though ours is %i ms off', (off) => {
    expect(retryAfterMs(at('00:00:05'), now + off, at('00:00:00'))).toBe(5_000);
    expect(retryAfterMs(at('00:00:05'), now + off, at('00:00:09'))).toBe(0);
    expect(retryAfterMs('5', now + off, at('00:00:00'))).toBe(5_000);
  });

  it.each([undefined, null, '', 'yesterday'])('is read by our clock where the answer tells no time (%s)', (date) => {
    expect(retryAfterMs(at('00:00:05'), now + 1_000, date)).toBe(4_000);
  });
});
