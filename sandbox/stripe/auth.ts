import type { SimCall } from '../sim/server.ts';
import { accountInvalid, invalidRequest } from './errors.ts';

/** The simulated platform account. */
export const platformAccount = 'acct_1SimBoxofficePlatf';

function secretOf(header: string | undefined): string | undefined {
  const [scheme, value = ''] = (header ?? '').split(' ');
  if (scheme?.toLowerCase() === 'bearer') return value;
  if (scheme?.toLowerCase() !== 'basic') return undefined;
  return Buffer.from(value, 'base64').toString('utf8').split(':')[0];
}

/** The account of the call. Throws the 401 of a missing or wrong key, the 403 of an account that is not connected. */
export function authenticate(
  { headers }: SimCall,
  { secretKey, has }: { secretKey: string; has: (account: string) => boolean },
): string {
  const secret = secretOf(headers.authorization);
  if (!secret) {
    throw invalidRequest(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.",
      {},
      401,
    );
  }
  if (secret !== secretKey) {
    throw invalidRequest(`Invalid API Key provided: ${secret.slice(0, 8)}****${secret.slice(-4)}`, {}, 401);
  }
  const account = headers['stripe-account'];
  if (typeof account !== 'string') return platformAccount;
  if (!has(account)) throw accountInvalid(account, `${secret.slice(0, 8)}****${secret.slice(-4)}`);
  return account;
}

/** Any well-formed version is accepted and echoed; all answers have the shape of the SDK's pinned version. */
export function checkVersion({ headers }: SimCall): void {
  const version = headers['stripe-version'];
  if (version === undefined || /^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/.test(String(version))) return;
  throw invalidRequest(`Invalid Stripe API version: ${String(version)}`);
}
