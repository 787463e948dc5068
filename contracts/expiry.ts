/** A job of the background is given up this long after its start, waiting for a worker included. Milliseconds. */
export const backgroundExpiryMs = 6 * 3_600_000;
