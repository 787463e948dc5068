/** How transfers and burns of tickets are started: as start-options.ts, whose rules hold here too. */
import { burnWorkflowId, transferWorkflowId } from '../contracts/ids.ts';
import type { BurnRequest, TransferRequest } from '../contracts/schema/ticket-move.ts';
import { startedWith } from './start-attributes.ts';
import { queued, tell } from './start-options.ts';

/** Venue and event are the ticket's, which nobody has looked up yet. */
function moveStart<Request extends { tenantId: string }>(workflowId: string, request: Request, fingerprint: string) {
  return {
    ...tell,
    ...queued('nft-mint', request.tenantId),
    workflowId,
    args: [{ request, fingerprint }] as const,
    memo: { fingerprint },
    typedSearchAttributes: startedWith({ tenantId: request.tenantId }),
  };
}

const untilSigned =
  'It can be cancelled until its transaction is signed. Do **not** terminate: what was signed would go on unseen.';

export function transferStart(request: TransferRequest, fingerprint: string) {
  const { tenantId, transferId, ticketId, toWallet, requestedBy } = request;
  return {
    ...moveStart(transferWorkflowId(tenantId, transferId), request, fingerprint),
    staticSummary: `Transfer of ticket ${ticketId}`,
    staticDetails: `Ticket \`${ticketId}\` goes to wallet \`${toWallet}\`, asked for by \`${requestedBy}\`.\n\n${untilSigned}`,
  };
}

export function burnStart(request: BurnRequest, fingerprint: string) {
  const { tenantId, ticketId, burnKey, requestedBy } = request;
  return {
    ...moveStart(burnWorkflowId(tenantId, ticketId, burnKey), request, fingerprint),
    staticSummary: `Burn of ticket ${ticketId}`,
    staticDetails: `Ticket \`${ticketId}\` is burned, asked for by \`${requestedBy}\`. No money moves with it.\n\n${untilSigned}`,
  };
}
