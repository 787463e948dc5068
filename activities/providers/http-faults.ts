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

/** `Retry-After` is seconds or an HTTP date. Milliseconds, or undefined where the provider did not say. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (!header) return undefined;
  const seconds = Number(header);
  const milliseconds = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}
