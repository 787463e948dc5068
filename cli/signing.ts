/** Signs the sandbox's tokens with the sandbox's own key. A deployment's tokens come from its identity provider. */
import { importJWK, type JWK, SignJWT } from 'jose';

export const sandboxIssuer = 'boxoffice-sandbox';
export const sandboxAudience = 'boxoffice';
/** In the world's folder, readable by its owner only; gone with the world's state when it stops. */
export const signingKeyFile = 'state/signing-key.json';
export const signingAlgorithm = 'ES256';

export interface TokenClaims {
  tenant: string;
  roles: readonly string[];
  /** Who acts. An opaque name: it is written into decisions. */
  sub: string;
  /** Seconds, at most 3600: the API accepts no longer life. */
  expiresIn?: number;
  issuer?: string;
  audience?: string;
}

export async function signToken(key: JWK, claims: TokenClaims): Promise<string> {
  const { tenant, roles, sub, expiresIn = 3_600, issuer = sandboxIssuer, audience = sandboxAudience } = claims;
  const issuedAt = Math.floor(Date.now() / 1_000);
  return new SignJWT({ tenant, roles: [...roles] })
    .setProtectedHeader({ alg: signingAlgorithm, ...(key.kid === undefined ? {} : { kid: key.kid }) })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(sub)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + expiresIn)
    .sign(await importJWK(key, signingAlgorithm));
}
