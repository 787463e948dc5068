/** How long something has been so, for people. */
export function ageOf(seconds: number): string {
  if (seconds < 1) return seconds === 0 ? '–' : '< 1 s';
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
