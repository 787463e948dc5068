import { encodeAbiParameters, hexToBigInt, keccak256, parseAbiParameters } from 'viem';

const parameters = parseAbiParameters('string tenant, string ticketId, uint32 generation');

/**
 * uint256 of keccak256(abi.encode(tenant, ticketId, generation)), so that the same sale always asks for the same token
 * and the chain itself refuses a second mint. `generation` is the number of earlier burns of that ticket.
 */
export function tokenIdOf(tenant: string, ticketId: string, generation: number): bigint {
  if (!Number.isInteger(generation) || generation < 0 || generation > 0xffff_ffff) {
    throw new RangeError(`generation ${generation} is not an integer from 0 to 4294967295`);
  }
  return hexToBigInt(keccak256(encodeAbiParameters(parameters, [tenant, ticketId, generation])));
}
