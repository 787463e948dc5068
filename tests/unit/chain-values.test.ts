import { concat, keccak256, numberToHex, padHex, stringToHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { WalletAddressError, walletAddress } from '../../activities/providers/chain/address.ts';
import { createChainProvider } from '../../activities/providers/chain/provider.ts';
import { tokenIdOf } from '../../activities/providers/chain/token-id.ts';
import type { Hex } from '../../activities/providers/chain/types.ts';

const word = (value: number) => numberToHex(value, { size: 32 });
const text = (value: string): Hex =>
  concat([word(value.length), padHex(stringToHex(value), { size: 32, dir: 'right' })]);

describe('tokenIdOf', () => {
  it('is keccak256 of abi.encode(string, string, uint32), laid out by hand', () => {
    const encoded = concat([word(0x60), word(0xa0), word(3), text('acme'), text('t-1')]);
    expect(tokenIdOf('acme', 't-1', 3)).toBe(BigInt(keccak256(encoded)));
  });

  it('is pinned: a change would let a sold ticket be minted again', () => {
    expect(numberToHex(tokenIdOf('acme', 'ticket-1', 0))).toMatchInlineSnapshot(
      `"0xbd37bf5133ed412ce79acbe5fc33b25939f869836e5f327126ab61cd5ef7091b"`,
    );
  });

  it('keeps tenants, tickets and generations apart', () => {
    const ids = [
      tokenIdOf('acme', 't1', 0),
      tokenIdOf('acme', 't1', 1),
      tokenIdOf('acmet', '1', 0),
      tokenIdOf('globex', 't1', 0),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each([-1, 1.5, 2 ** 32, Number.NaN])('refuses generation %d', (generation) => {
    expect(() => tokenIdOf('acme', 't1', generation)).toThrow(/generation .* is not an integer from 0 to 4294967295/);
  });
});

describe('walletAddress', () => {
  const checksummed = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';

  it.each([checksummed, checksummed.toLowerCase()])('returns %s with its checksum', (value) => {
    expect(walletAddress(value)).toBe(checksummed);
  });

  it.each([
    ['upper case', `0x${checksummed.slice(2).toUpperCase()}`, 'has a wrong checksum'],
    ['one letter in the wrong case', checksummed.replace('dc3A', 'dc3a'), 'has a wrong checksum'],
    ['a short one', checksummed.slice(0, -1), 'is not an address'],
    ['one without 0x', checksummed.slice(2), 'is not an address'],
    ['blanks', ` ${checksummed}`, 'is not an address'],
    ['nothing', '', 'is not an address'],
    ['the zero address', `0x${'0'.repeat(40)}`, 'is the zero address'],
  ])('refuses %s', (_name, value, reason) => {
    const refused = () => walletAddress(value, 'buyer.wallet');
    expect(refused).toThrow(WalletAddressError);
    expect(refused).toThrow(/^buyer\.wallet ".*" .*accepted is 0x followed by 40 hexadecimal digits/);
    expect(refused).toThrow(reason);
    if (value.length > 16) expect(refused).not.toThrow(value.slice(6, 20));
  });
});

const build = () =>
  createChainProvider({
    rpcUrl: 'http://127.0.0.1:1',
    chainId: 1,
    contract: '0x00000000000000000000000000000000000b0c0f',
    issuerKey: '0xabcdef',
    requestTimeoutMs: 1,
  });

describe('the issuer’s key', () => {
  it('is refused by name, and never repeated', () => {
    expect(build).toThrow(/issuerKey .* accepted is 0x followed by 64 hexadecimal digits/);
    expect(build).not.toThrow('abcdef');
  });
});
