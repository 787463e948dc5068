/** Days in UTC, and when their books are closed. Pure: who asks says what time it is. */

const dayMs = 24 * 3_600_000;
/**
 * What is recorded so long after the end of the day on which it happened (after an outage) still belongs to that day; later
 * it is in the books of the day on which it was recorded (`booked_day` of migration 0021). Milliseconds.
 */
const lateMs = 2 * 3_600_000;
/** Transactions that began in time have ended by then, and clocks may differ by less. Milliseconds. */
const marginMs = 5 * 60_000;

const startOf = (day: string) => Date.parse(`${day}T00:00:00.000Z`);

/** Half-open: from midnight UTC until before the next one. ISO 8601. */
export function dayBounds(day: string): { from: string; to: string } {
  const from = startOf(day);
  return { from: new Date(from).toISOString(), to: new Date(from + dayMs).toISOString() };
}

/** When the books of a UTC day are closed, so that its report can be made. Milliseconds since the epoch. */
export const closesAt = (day: string) => startOf(day) + dayMs + lateMs + marginMs;

/** The UTC day of a moment, or so many days before it. */
export const dayOf = (epochMs: number, daysBefore = 0) =>
  new Date(epochMs - daysBefore * dayMs).toISOString().slice(0, 10);

/** The last day whose books are closed. */
export const lastClosedDay = (epochMs: number) => dayOf(epochMs - lateMs - marginMs, 1);
