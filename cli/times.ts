/** Times, for people. */

/** Of an ISO 8601 time in UTC: `2027-01-31 12:30`. */
export const minuteOf = (iso: string) => `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
/** `2027-01-31 12:30:45` */
export const secondOf = (iso: string) => `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;

/** How long something has been so. */
export function ageOf(seconds: number): string {
  if (seconds < 1) return seconds === 0 ? '–' : '< 1 s';
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
