/** The tenants of every sandbox, and a token for each of their roles. */
import type { JWK } from 'jose';
import { signToken } from './tokens.ts';

export const tenants = ['acme', 'globex'] as const;
export const roles = ['service', 'operator', 'approver', 'admin', 'viewer'] as const;

/** `tokens[tenant][role]`. */
export type Tokens = Record<string, Record<string, string>>;

/** Seconds, the longest that the API accepts; `boxoffice token` makes another. */
const lifetime = 3_600;

export async function issueTokens(key: JWK): Promise<Tokens> {
  const tokens: Tokens = {};
  for (const tenant of tenants) {
    tokens[tenant] = {};
    for (const role of roles) {
      tokens[tenant][role] = await signToken(key, {
        tenant,
        roles: [role],
        sub: `${tenant}-${role}`,
        expiresIn: lifetime,
      });
    }
  }
  return tokens;
}
