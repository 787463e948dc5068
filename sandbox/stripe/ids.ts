import { randomBytes } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function letters(length: number): string {
  return [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]).join('');
}

/** An id as Stripe writes it, e.g. `pi_3…`. */
export const newId = (prefix: string): string => `${prefix}_3${letters(23)}`;
export const newRequestId = (): string => `req_${letters(14)}`;
export const newClientSecret = (intentId: string): string => `${intentId}_secret_${letters(25)}`;
