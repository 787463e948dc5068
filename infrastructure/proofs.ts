/**
 * A proof says that a person with the right role took one decision about one run: a compact JWS, signed by the API, which
 * has checked the role, and verified by workers, which hold public keys only. So who can reach Temporal, but not the API,
 * decides nothing.
 */
import { randomUUID } from 'node:crypto';
import { compactVerify, errors, SignJWT } from 'jose';
import { Type } from 'typebox';
import { decisions, type ProofClaims } from '../contracts/decisions.ts';
import { Id } from '../contracts/schema/common.ts';
import { createValidator } from '../contracts/schema/validate.ts';
import { proofAlgorithms, type ProofKey } from './proof-keys.ts';

export const proofIssuer = 'boxoffice';
export const proofAudience = 'boxoffice-decision';
/** The header `typ`: another token that was signed with the same key is no proof. */
export const proofType = 'boxoffice-decision+jwt';
/** Seconds from `iat` to `exp`. A longer life is refused, whoever has signed it. */
export const proofLifetimeSeconds = 600;
/** Seconds that the clocks of API and worker may differ by. */
const toleranceSeconds = 10;
const longestProof = 4_096;

/** What a proof says, and what is wrong with it by itself. Its signature is good wherever it has claims. */
export type ProofReading =
  { claims: ProofClaims; fault?: 'expired' } | { claims?: undefined; fault: 'no_proof' | 'bad_signature' };

export type VerifyProof = (proof: string) => Promise<ProofReading>;

export type SignProof = (claims: Omit<ProofClaims, 'proofId'>) => Promise<{ proof: string; expiresAt: string }>;

const text = Type.String({ minLength: 1, maxLength: 200 });
const seconds = Type.Integer({ minimum: 0 });
const checkPayload = createValidator(
  Type.Object({
    iss: Type.Literal(proofIssuer),
    aud: Type.Literal(proofAudience),
    sub: Id('sub'),
    tenant: Id('tenant'),
    workflow: Type.String({ minLength: 1, maxLength: 1_000 }),
    run: text,
    kind: Type.Enum(['approve', 'reject', 'resolve']),
    choice: Type.Enum(decisions),
    iat: seconds,
    exp: seconds,
    jti: text,
  }),
);

/** `now` in milliseconds. */
export function createProofSigner({ kid, alg, key }: ProofKey, now: () => number = Date.now): SignProof {
  return async ({ tenantId, workflowId, runId, kind, choice, subject }) => {
    const issuedAt = Math.floor(now() / 1_000);
    const expiresAt = issuedAt + proofLifetimeSeconds;
    const proof = await new SignJWT({ tenant: tenantId, workflow: workflowId, run: runId, kind, choice })
      .setProtectedHeader({ alg, kid, typ: proofType })
      .setIssuer(proofIssuer)
      .setAudience(proofAudience)
      .setSubject(subject)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .setJti(randomUUID())
      .sign(key);
    return { proof, expiresAt: new Date(expiresAt * 1_000).toISOString() };
  };
}

/** Never throws for a proof, whatever it is: a bad one is an answer. `now` in milliseconds. */
export function createProofVerifier(keys: ReadonlyMap<string, ProofKey>, now: () => number = Date.now): VerifyProof {
  const keyOf = ({ kid, alg }: { kid?: string; alg?: string }) => {
    const known = kid === undefined ? undefined : keys.get(kid);
    // The key says which algorithm it is for, never the header.
    if (!known || known.alg !== alg) throw new errors.JWKSNoMatchingKey();
    return known.key;
  };
  return async (proof) => {
    if (typeof proof !== 'string' || proof.length > longestProof) return { fault: 'no_proof' };
    try {
      const { payload, protectedHeader } = await compactVerify(proof, keyOf, { algorithms: [...proofAlgorithms] });
      const claims = protectedHeader.typ === proofType ? readPayload(payload) : undefined;
      if (!claims) return { fault: 'no_proof' };
      const { iat, exp } = claims;
      const at = now() / 1_000;
      const isLive = exp - iat <= proofLifetimeSeconds && iat <= at + toleranceSeconds && at < exp + toleranceSeconds;
      return { claims: claimsOf(claims), ...(isLive ? {} : { fault: 'expired' }) };
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      return { fault: error instanceof errors.JWSInvalid ? 'no_proof' : 'bad_signature' };
    }
  };
}

type Payload = ReturnType<typeof checkPayload>;

function readPayload(payload: Uint8Array): Payload | undefined {
  try {
    return checkPayload(JSON.parse(new TextDecoder().decode(payload)));
  } catch {
    return undefined;
  }
}

const claimsOf = ({ sub, tenant, workflow, run, kind, choice, jti }: Payload): ProofClaims => ({
  tenantId: tenant,
  workflowId: workflow,
  runId: run,
  kind,
  choice,
  subject: sub,
  proofId: jti,
});
