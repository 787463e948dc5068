/** What every HTTP provider's error table needs: how far a call came, and what Retry-After says. */

/** An error of the system, as `fetch` and the SDKs hand it on. */
export interface SystemError {
  code?: string;
  syscall?: string;
  cause?: SystemError;
  /** Of a host with several addresses: what became of each. */
  errors?: SystemError[];
}

/** The system calls that come before a connection stands. Codes alone do not tell: EHOSTUNREACH also ends live ones. */
const beforeConnection = new Set(['connect', 'getaddrinfo']);

/** Certain only when every address failed before its connection stood; otherwise something may have been sent. */
export function neverConnected(error: SystemError | undefined): boolean {
  if (error?.errors?.length) return error.errors.every(neverConnected);
  if (error?.syscall !== undefined) return beforeConnection.has(error.syscall);
  return error?.cause !== undefined && neverConnected(error.cause);
}

/** A day: what is beyond it is a slip of the provider's, and would close a lane for ever. Milliseconds. */
const longestRetryAfterMs = 86_400_000;

/** RFC 9110, 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`, and two older forms, of which asctime's names no zone. */
const httpDate = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s/i;

function readDate(value: string | null | undefined): number | undefined {
  const text = value?.trim();
  if (!text || !httpDate.test(text)) return undefined;
  const at = Date.parse(/gmt$/i.test(text) ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : at;
}

/**
 * What an answer says of how long to wait, in milliseconds; undefined where it does not say. `Retry-After` is seconds or an
 * HTTP date. A date is meant by the provider's clock, which the answer's own `Date` tells; `now`, this machine's, may be
 * wrong by minutes and is only asked where there is none.
 */
export function retryAfterMs(header: string | null | undefined, now: number, date?: string | null): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Number(text) * 1_000, longestRetryAfterMs);
  const until = readDate(text);
  if (until === undefined) return undefined;
  return Math.min(Math.max(0, until - (readDate(date) ?? now)), longestRetryAfterMs);
}
