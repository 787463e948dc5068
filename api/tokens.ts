/** Tokens: who calls, for which tenant, with which roles. Signed elsewhere; here only checked. */
import { createLocalJWKSet, createRemoteJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { Type } from 'typebox';
import { idPartPattern } from '../contracts/ids.ts';
import { createValidator } from '../contracts/schema/validate.ts';
import { isRole, type Role } from './permissions.ts';
import { ApiProblem } from './problem.ts';

export interface Caller {
  /** The token's `sub`: who acts. */
  subject: string;
  tenantId: string;
  roles: readonly Role[];
}

export type VerifyToken = (token: string) => Promise<Caller>;

export interface TokenRules {
  issuer: string;
  audience: string;
  keys: { jwks: JSONWebKeySet } | { url: string };
}

const checkKeySet = createValidator(
  Type.Object({ keys: Type.Array(Type.Object({ kty: Type.String() }, { additionalProperties: true })) }),
);

/** @throws Error when the text of JWT_JWKS is not a JSON Web Key Set. */
export function parseKeySet(text: string): JSONWebKeySet {
  try {
    return checkKeySet(JSON.parse(text));
  } catch (error) {
    throw new Error('JWT_JWKS is not a JSON Web Key Set; set it to {"keys": [{"kty": …}, …]}', { cause: error });
  }
}

const maxLifetimeSeconds = 3_600;
const algorithms = ['ES256', 'EdDSA', 'RS256'];
const tenant = new RegExp(idPartPattern);

const refuse = (why: string, cause?: unknown) => new ApiProblem('unauthenticated', why, {}, { cause });

export function createTokenVerifier({ issuer, audience, keys }: TokenRules): VerifyToken {
  const keySet = 'url' in keys ? createRemoteJWKSet(new URL(keys.url)) : createLocalJWKSet(keys.jwks);
  return async (token) => {
    const payload = await jwtVerify(token, keySet, {
      issuer,
      audience,
      algorithms,
      requiredClaims: ['sub', 'exp', 'iat'],
      maxTokenAge: maxLifetimeSeconds,
      clockTolerance: 5,
    }).then(
      (verified) => verified.payload,
      (error: unknown) => {
        // A key set that cannot be fetched is our trouble, not the caller's.
        if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) throw error;
        throw refuse(`The token is not accepted (${error.code})`, error);
      },
    );
    return callerOf(payload);
  };
}

function callerOf({ sub, exp = 0, iat = 0, tenant: tenantId, roles }: JWTPayload): Caller {
  if (exp - iat > maxLifetimeSeconds) throw refuse('The token lives for more than an hour');
  if (!sub || sub.length > 200) throw refuse('The token\'s "sub" is empty or longer than 200 characters');
  if (typeof tenantId !== 'string' || !tenant.test(tenantId))
    throw refuse('The token\'s "tenant" is not a tenant\'s id');
  if (!Array.isArray(roles)) throw refuse('The token\'s "roles" is not a list');
  return { subject: sub, tenantId, roles: roles.filter(isRole) };
}
