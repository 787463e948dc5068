import { parseAbi } from 'viem';

/** What the adapter uses of BoxofficeTickets.sol, typed; a test compares it with the compiled artefact. */
export const ticketsAbi = parseAbi([
  'constructor(address admin, address issuer)',
  'function version() pure returns (string)',
  'function mintBatch(address to, uint256[] tokenIds)',
  'function issuerTransfer(address from, address to, uint256 tokenId)',
  'function burnBatch(uint256[] tokenIds)',
  'function ownersOf(uint256[] tokenIds) view returns (address[])',
  'function everMintedBatch(uint256[] tokenIds) view returns (bool[])',
  'error AlreadyMinted(uint256 tokenId)',
  'error NotHeld(uint256 tokenId)',
  'error InvalidBatchSize(uint256 size)',
  'error ERC721NonexistentToken(uint256 tokenId)',
  'error ERC721InvalidReceiver(address receiver)',
  'error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)',
]);

/** The answer of `version()` that this adapter can talk to. */
export const TICKETS_VERSION = 'boxoffice-tickets/2';
