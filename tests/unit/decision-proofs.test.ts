import { UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import type { Decision, DecisionKind } from '../../contracts/decisions.ts';
import { readProofKeys, readSigningKey } from '../../infrastructure/proof-keys.ts';
import { createProofSigner, createProofVerifier, proofType } from '../../infrastructure/proofs.ts';
import { publicKeysOf } from '../../sandbox/tokens.ts';
import {
  at,
  claims,
  decisionKey,
  decisionKeySet,
  forge,
  type Forgery,
  otherKey,
  signerAt,
  verifierAt,
} from '../support/decision-keys.ts';

const minute = 60_000;

describe('a proof', () => {
  it('says who may decide what, and is used up within ten minutes', async () => {
    const { proof, expiresAt } = await signerAt(at)(claims);
    expect(expiresAt).toBe('2027-01-01T12:10:00.000Z');
    const reading = await verifierAt(at + 9 * minute)(proof);
    expect(reading).toEqual({ claims: { ...claims, proofId: expect.stringMatching(/^[0-9a-f-]{36}$/) } });
  });

  it('is another one each time', async () => {
    const [one, two] = [await signerAt(at)(claims), await signerAt(at)(claims)];
    const ids = await Promise.all([one, two].map(async ({ proof }) => (await verifierAt(at)(proof)).claims?.proofId));
    expect(new Set(ids).size).toBe(2);
  });

  it.each<[DecisionKind, Decision]>([
    ['reject', 'reject'],
    ['resolve', 'mark_succeeded'],
  ])('is about one decision: %s %s', async (kind, choice) => {
    const { proof } = await signerAt(at)({ ...claims, kind, choice });
    expect((await verifierAt(at)(proof)).claims).toMatchObject({ kind, choice });
  });

  it('may be signed on Ed25519 too, and by any key of the set', async () => {
    const ed = { ...(await otherKey('EdDSA')), kid: 'ed' };
    const keys = { keys: [...publicKeysOf(decisionKey).keys, ...publicKeysOf(ed).keys] };
    const verify = createProofVerifier(readProofKeys(JSON.stringify(keys)), () => at);
    for (const key of [decisionKey, ed]) {
      const { proof } = await createProofSigner(readSigningKey(JSON.stringify(key)), () => at)(claims);
      expect(await verify(proof)).toMatchObject({ claims });
    }
  });
});

describe('a proof is refused', () => {
  it.each([
    ['older than ten minutes', 10 * minute + 11_000],
    ['of a clock that is ahead', -11_000],
  ])('that is %s, and still says whose it was', async (_, later) => {
    const { proof } = await signerAt(at)(claims);
    expect(await verifierAt(at + later)(proof)).toMatchObject({ claims, fault: 'expired' });
  });

  it('that lives for longer than ten minutes, whoever has signed it', async () => {
    const proof = await forge({ payload: { exp: at / 1_000 + 601 } });
    expect(await verifierAt(at)(proof)).toMatchObject({ fault: 'expired' });
    expect((await verifierAt(at)(await forge({}))).fault).toBeUndefined();
  });

  it.each<[string, () => Promise<Forgery>]>([
    ['another key under the same name', async () => ({ key: await otherKey('ES256') })],
    ['a key that is not known', async () => ({ header: { kid: 'other' } })],
    ['a key without a name', async () => ({ header: { kid: undefined as unknown as string } })],
    ['our key under another algorithm', async () => ({ key: await otherKey('EdDSA'), header: { alg: 'EdDSA' } })],
    [
      'our public key as a shared secret',
      async () => ({ key: new TextEncoder().encode(decisionKeySet), header: { alg: 'HS256' } }),
    ],
  ])('signed by %s', async (_, forgery) => {
    expect(await verifierAt(at)(await forge(await forgery()))).toEqual({ fault: 'bad_signature' });
  });

  it('changed after it was signed', async () => {
    const { proof } = await signerAt(at)(claims);
    const [header, payload = '', signature] = proof.split('.');
    const said = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...said, workflow: 'payout:acme:other' })).toString('base64url');
    expect(await verifierAt(at)([header, changed, signature].join('.'))).toEqual({ fault: 'bad_signature' });
  });

  it('without a signature', async () => {
    const unsigned = new UnsecuredJWT({ sub: 'approver-1', typ: proofType }).encode();
    expect(await verifierAt(at)(unsigned)).toEqual({ fault: 'bad_signature' });
  });

  it.each<[string, Forgery]>([
    ['of another kind', { header: { typ: 'JWT' } }],
    ['for somebody else', { payload: { aud: 'boxoffice' } }],
    ['by somebody else', { payload: { iss: 'other' } }],
    ['about nobody', { payload: { sub: undefined } }],
    ['about no decision that exists', { payload: { choice: 'pay' } }],
    ['without an end', { payload: { exp: undefined } }],
    ['without a name of its own', { payload: { jti: undefined } }],
  ])('that is a token %s', async (_, forgery) => {
    expect(await verifierAt(at)(await forge(forgery))).toEqual({ fault: 'no_proof' });
  });

  it.each<[string, unknown]>([
    ['nothing', ''],
    ['some text', 'approved!'],
    ['three parts of nothing', '..'],
    ['no text', { proof: true }],
    ['a missing field', undefined],
    ['an endless text', 'x'.repeat(100_000)],
  ])('that is %s', async (_, proof) => {
    expect(await verifierAt(at)(proof as string)).toEqual({ fault: 'no_proof' });
  });
});
