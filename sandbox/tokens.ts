/** The sandbox is its own identity provider: one key pair per world. */
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWK } from 'jose';
import { signingAlgorithm, signingKeyFile } from '../cli/signing.ts';

export { sandboxAudience, sandboxIssuer, signToken, type TokenClaims } from '../cli/signing.ts';

/** A private JWK with `kid` and `alg`. */
export async function createSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(signingAlgorithm, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomUUID(), alg: signingAlgorithm, use: 'sig' };
}

/** What JWT_JWKS is set to: the public half only. */
export function publicKeysOf(key: JWK): JSONWebKeySet {
  const { d: _, ...publicKey } = key;
  return { keys: [publicKey] };
}

/** For `boxoffice token`: written into the world's folder, readable by its owner only. */
export async function writeSigningKey(dir: string, key: JWK): Promise<void> {
  const file = path.join(dir, signingKeyFile);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, `${JSON.stringify(key)}\n`, { mode: 0o600 });
}
