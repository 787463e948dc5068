/** Keys and proofs as the API makes them, and as somebody would who has no business to. */
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import type { DecideInput } from '../../activities/decisions.ts';
import { readProofKeys, readSigningKey } from '../../infrastructure/proof-keys.ts';
import {
  createProofSigner,
  createProofVerifier,
  proofAudience,
  proofIssuer,
  proofType,
  type SignProof,
  type VerifyProof,
} from '../../infrastructure/proofs.ts';
import { createSigningKey, publicKeysOf } from '../../sandbox/tokens.ts';

export const decisionKey: JWK = await createSigningKey();
export const decisionKeySet = JSON.stringify(publicKeysOf(decisionKey));

/** Business time and the clock of a test's proofs agree on this moment. */
export const at = Date.parse('2027-01-01T12:00:00.000Z');

export const signerAt = (now: number): SignProof =>
  createProofSigner(readSigningKey(JSON.stringify(decisionKey)), () => now);
export const verifierAt = (now: number): VerifyProof => createProofVerifier(readProofKeys(decisionKeySet), () => now);

export const operation = { tenantId: 'acme', workflowId: 'payout:acme:payout-1', runId: 'run-1' };

/** What `decisionOf` asks for. */
export const claims = { ...operation, kind: 'approve', choice: 'approve', subject: 'approver-1' } as const;

export const decisionOf = (proof: string, change: Partial<DecideInput> = {}): DecideInput => ({
  operation,
  messageId: 'update-1',
  kind: 'approve',
  choice: 'approve',
  actor: 'approver-1',
  evidence: 'checked against the statement',
  proof,
  now: '2027-01-01T12:00:00.000Z',
  ...change,
});

export async function otherKey(alg: 'ES256' | 'EdDSA'): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg };
}

export interface Forgery {
  key?: JWK | Uint8Array;
  header?: { alg?: string; kid?: string; typ?: string };
  payload?: Record<string, unknown>;
}

/** Like a real one, but for what is given. */
export function forge({ key = decisionKey, header = {}, payload = {} }: Forgery): Promise<string> {
  const issuedAt = at / 1_000;
  return new SignJWT({
    iss: proofIssuer,
    aud: proofAudience,
    sub: 'approver-1',
    tenant: 'acme',
    workflow: operation.workflowId,
    run: operation.runId,
    kind: 'approve',
    choice: 'approve',
    iat: issuedAt,
    exp: issuedAt + 600,
    jti: 'proof-1',
    ...payload,
  })
    .setProtectedHeader({ alg: 'ES256', kid: decisionKey.kid!, typ: proofType, ...header })
    .sign(key);
}
