// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @title Tickets as ERC-721 tokens: each id is minted at most once, for ever.
/// @notice The issuer mints and takes back (burns) whole batches, all or nothing, and moves a ticket to another wallet for
/// its holder. Owners transfer as with any ERC-721, and what they moved themselves the issuer can touch no more.
///
/// AccessControl rather than Ownable: the issuer's key lives in a running worker and may only mint, move and burn, while the
/// admin who replaces a leaked one can stay offline; and during a rotation both issuers are valid, so that transactions
/// that the old one has signed still count.
///
/// Plain `_mint`, never `_safeMint`: that calls a buyer's contract, which could block the purchase, spend its gas or
/// re-enter.
contract BoxofficeTickets is ERC721, AccessControl {
    bytes32 public constant ISSUER_ROLE = keccak256("ISSUER_ROLE");
    uint256 public constant MAX_BATCH = 20;

    /// The wallet that the issuer gave a token to, by minting it or by its last transfer; written when the token first
    /// moves (or burns). Until then its owner says the same, so a mint writes one new slot per token instead of two, which
    /// is nearly half of its gas.
    mapping(uint256 tokenId => address) private _holder;

    error AlreadyMinted(uint256 tokenId);
    error NotHeld(uint256 tokenId);
    error InvalidBatchSize(uint256 size);

    constructor(address admin, address issuer) ERC721("Boxoffice Tickets", "TICKET") {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(ISSUER_ROLE, issuer);
    }

    /// @notice Names this interface, so that a wrong address in a configuration is found before it costs money.
    function version() external pure returns (string memory) {
        return "boxoffice-tickets/2";
    }

    /// @notice Mints all of `tokenIds` to `to`, or none.
    function mintBatch(address to, uint256[] calldata tokenIds) external onlyRole(ISSUER_ROLE) {
        _checkBatchSize(tokenIds.length);
        for (uint256 i = 0; i < tokenIds.length; ++i) {
            uint256 tokenId = tokenIds[i];
            if (everMinted(tokenId)) revert AlreadyMinted(tokenId);
            _mint(to, tokenId);
        }
    }

    /// @notice Moves `tokenId` at its holder's request: only while `from` is both its owner and the wallet that the issuer
    /// gave it to. From then on that wallet is `to`.
    function issuerTransfer(address from, address to, uint256 tokenId) external onlyRole(ISSUER_ROLE) {
        if (_requireOwned(tokenId) != from || holderOf(tokenId) != from) revert NotHeld(tokenId);
        _holder[tokenId] = to;
        _transfer(from, to, tokenId);
    }

    /// @notice Burns all of `tokenIds`, or none: only while each is owned by the wallet that the issuer gave it to.
    function burnBatch(uint256[] calldata tokenIds) external onlyRole(ISSUER_ROLE) {
        _checkBatchSize(tokenIds.length);
        for (uint256 i = 0; i < tokenIds.length; ++i) {
            uint256 tokenId = tokenIds[i];
            if (_requireOwned(tokenId) != holderOf(tokenId)) revert NotHeld(tokenId);
            _burn(tokenId);
        }
    }

    /// @notice The wallet that the issuer gave `tokenId` to, also after its owner moved it or it burned; zero if it was
    /// never minted.
    function holderOf(uint256 tokenId) public view returns (address) {
        address holder = _holder[tokenId];
        return holder == address(0) ? _ownerOf(tokenId) : holder;
    }

    function everMinted(uint256 tokenId) public view returns (bool) {
        return holderOf(tokenId) != address(0);
    }

    function everMintedBatch(uint256[] calldata tokenIds) external view returns (bool[] memory minted) {
        minted = new bool[](tokenIds.length);
        for (uint256 i = 0; i < tokenIds.length; ++i) minted[i] = everMinted(tokenIds[i]);
    }

    /// @notice Today's owners, zero where there is none (unlike `ownerOf`, which reverts).
    function ownersOf(uint256[] calldata tokenIds) external view returns (address[] memory owners) {
        owners = new address[](tokenIds.length);
        for (uint256 i = 0; i < tokenIds.length; ++i) owners[i] = _ownerOf(tokenIds[i]);
    }

    function supportsInterface(bytes4 interfaceId) public view override(ERC721, AccessControl) returns (bool) {
        return super.supportsInterface(interfaceId);
    }

    /// Every mint, transfer and burn passes here, so no way of moving a token can lose its holder.
    function _update(address to, uint256 tokenId, address auth) internal override returns (address from) {
        from = super._update(to, tokenId, auth);
        if (from != address(0) && _holder[tokenId] == address(0)) _holder[tokenId] = from;
    }

    function _checkBatchSize(uint256 size) private pure {
        if (size == 0 || size > MAX_BATCH) revert InvalidBatchSize(size);
    }
}
