/** The tenants of every sandbox, and a token for each of their roles. */
import type { JWK } from 'jose';
import { signToken } from './tokens.ts';

export const tenants = ['acme', 'globex'] as const;
export const roles = ['service', 'operator', 'approver', 'admin', 'viewer'] as const;

/** Much money needs two people: a second one who may approve. */
const secondApprover = 'approver2';

/** `tokens[tenant][role]`, each of another person, and `tokens[tenant].approver2`. */
export type Tokens = Record<string, Record<string, string>>;

/** Seconds, the longest that the API accepts; `boxoffice token` makes another. */
const lifetime = 3_600;

export async function issueTokens(key: JWK): Promise<Tokens> {
  const tokens: Tokens = {};
  for (const tenant of tenants) {
    tokens[tenant] = {};
    for (const name of [...roles, secondApprover]) {
      tokens[tenant][name] = await signToken(key, {
        tenant,
        roles: [name === secondApprover ? 'approver' : name],
        sub: `${tenant}-${name}`,
        expiresIn: lifetime,
      });
    }
  }
  return tokens;
}
