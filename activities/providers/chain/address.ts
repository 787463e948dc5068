import { getAddress, isAddress, zeroAddress } from 'viem';
import type { Address } from './types.ts';

/** A wallet that cannot hold tickets. The message names the field and shows the ends of the value only. */
export class WalletAddressError extends Error {
  readonly field: string;

  constructor(field: string, value: string, reason: string) {
    const shown = value.length > 16 ? `${value.slice(0, 6)}…${value.slice(-4)}` : value;
    super(
      `${field} "${shown}" ${reason}; accepted is 0x followed by 40 hexadecimal digits, all lower-case or with the EIP-55 checksum`,
    );
    this.name = 'WalletAddressError';
    this.field = field;
  }
}

/** The address with its EIP-55 checksum. Throws WalletAddressError. */
export function walletAddress(value: string, field = 'wallet'): Address {
  if (!/^0x[0-9a-fA-F]{40}$/.test(value)) throw new WalletAddressError(field, value, 'is not an address');
  // viem's strict check takes lower case as it is and demands the checksum of anything mixed.
  if (!isAddress(value)) throw new WalletAddressError(field, value, 'has a wrong checksum');
  if (value === zeroAddress)
    throw new WalletAddressError(field, value, 'is the zero address, which cannot hold tickets');
  return getAddress(value);
}
