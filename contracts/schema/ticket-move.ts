import { Type, type Static } from 'typebox';
import { Id, Text } from './common.ts';

/** Not the zero address: a token there would be gone, and nothing would say that it was burned. */
const Wallet = (description: string) =>
  Type.String({
    pattern: '^0x(?!0{40}$)[0-9a-fA-F]{40}$',
    description: `${description}: 0x and 40 hex digits, not all zero`,
  });

const asked = {
  tenantId: Id('tenantId'),
  ticketId: Id('ticketId'),
  reason: Text('reason', 500),
  requestedBy: Id('requestedBy: who asks, an opaque id'),
};

export const TransferRequest = Type.Object(
  {
    ...asked,
    transferId: Id("transferId: the transfer's own id, so that a ticket can be given on several times"),
    toWallet: Wallet('toWallet'),
  },
  { additionalProperties: false, description: 'a ticket that its holder gives to another wallet' },
);
export type TransferRequest = Static<typeof TransferRequest>;

export const BurnRequest = Type.Object(
  { ...asked, burnKey: Id("burnKey: the burn's own key: a ticket that was sold again can be burned again") },
  { additionalProperties: false, description: 'a ticket that an operator takes out of the world' },
);
export type BurnRequest = Static<typeof BurnRequest>;

/** Body of `POST /tickets/:id/transfer`: tenant and requester from the token, the ticket from the path. */
export const TransferBody = Type.Omit(TransferRequest, ['tenantId', 'ticketId', 'requestedBy'], {
  additionalProperties: false,
});
/** Body of `POST /tickets/:id/burn`. */
export const BurnBody = Type.Omit(BurnRequest, ['tenantId', 'ticketId', 'requestedBy'], {
  additionalProperties: false,
});
