/** The keys of proofs, as configuration gives them: JSON Web Keys, each with a `kid`. No error shows any of their text. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { Type } from 'typebox';
import { createValidator } from '../contracts/schema/validate.ts';

/** The two that are accepted, whatever a proof's header asks for. */
export const proofAlgorithms = ['ES256', 'EdDSA'] as const;
export type ProofAlgorithm = (typeof proofAlgorithms)[number];

export interface ProofKey {
  kid: string;
  alg: ProofAlgorithm;
  key: KeyObject;
}

/** The text is not a key that can be used. The message says why, and never what the text is. */
export class ProofKeyError extends Error {
  override readonly name = 'ProofKeyError';
}

const Jwk = Type.Object(
  { kty: Type.String(), kid: Type.String({ minLength: 1 }), d: Type.Optional(Type.String()) },
  { additionalProperties: true },
);
const checkKey = createValidator(Jwk);
const checkKeySet = createValidator(Type.Object({ keys: Type.Array(Jwk, { minItems: 1 }) }));

function parse<T>(text: string, check: (value: unknown) => T, otherwise: string): T {
  try {
    return check(JSON.parse(text));
  } catch {
    throw new ProofKeyError(otherwise);
  }
}

function imported(kid: string, toKey: () => KeyObject): ProofKey {
  let key: KeyObject;
  try {
    key = toKey();
  } catch {
    throw new ProofKeyError('a key cannot be imported');
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails } = key;
  if (type === 'ed25519') return { kid, alg: 'EdDSA', key };
  if (type === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1') return { kid, alg: 'ES256', key };
  throw new ProofKeyError('a key is neither on the curve P-256 nor on Ed25519');
}

/** DECISION_SIGNING_KEY. @throws ProofKeyError */
export function readSigningKey(text: string): ProofKey {
  const jwk = parse(text, checkKey, 'it is not the JSON of a key with kty and kid');
  if (jwk.d === undefined) throw new ProofKeyError('it has no private half');
  return imported(jwk.kid, () => createPrivateKey({ key: jwk, format: 'jwk' }));
}

/** DECISION_KEYS, by `kid`. @throws ProofKeyError */
export function readProofKeys(text: string): ReadonlyMap<string, ProofKey> {
  const { keys } = parse(text, checkKeySet, 'it is not the JSON of a set of keys with kty and kid');
  if (keys.some(({ d }) => d !== undefined))
    throw new ProofKeyError('it holds a private half, which only the API may have');
  return new Map(keys.map((jwk) => [jwk.kid, imported(jwk.kid, () => createPublicKey({ key: jwk, format: 'jwk' }))]));
}
