import { setHandler } from '@temporalio/workflow';
import { cancelMintUpdate, jobStatusQuery } from '../contracts/messages.ts';
import type { MintInput, MintResult } from '../contracts/mint.ts';
import { Frame } from './frame.ts';
import { JobView } from './job-view.ts';
import { readFailure } from './outcomes.ts';
import { untilKnown } from './parking.ts';
import { currentOperation, records, tickets } from './proxies.ts';
import { businessNow } from './time.ts';

/** One ticket for whoever asks for a mint alone: a guest list, a replacement. Ends minted, rejected or cancelled. */
export function mint(input: MintInput): Promise<MintResult> {
  const { request } = input;
  const { tenantId, wallet, venueId, eventId, ticketId, mintKey } = request;
  const operation = currentOperation(tenantId);
  const view = new JobView(`Mint of ticket ${ticketId}`, 'minting');
  setHandler(jobStatusQuery, () => view.status(), { description: 'Stage and what comes next' });
  const frame = new Frame<MintResult>({
    operation,
    queueName: 'money',
    jobType: 'nft-mint',
    view,
    cancelUpdate: cancelMintUpdate,
  });

  async function forward(): Promise<MintResult> {
    frame.undo.register('burn', (round) =>
      tickets.burnTickets({ operation, round, unlessSettled: { ticketId, mintKey } }),
    );
    const minted = await untilKnown(
      {
        step: 'mint',
        // The undo looks for what it did, so that nothing has to be known before.
        marks: { failed: () => Promise.resolve(), undone: true },
        run: ({ round, within }) =>
          tickets.mintTickets.executeWithOptions({ ...within, summary: 'mint 1' }, [
            {
              operation,
              wallet,
              venueId,
              eventId,
              tickets: [{ ticketId }],
              round,
              settles: { ticketId, mintKey, now: businessNow() },
            },
          ]),
      },
      frame.parking,
    );
    const [ticket] = minted.tickets;
    return { status: 'minted', ticket: ticket!, transactionHash: minted.transactionHash };
  }

  return frame.run({
    claim: () => records.claimMint({ operation, input, now: businessNow() }),
    forward,
    stoppedBy: (error, cancelled) => {
      if (cancelled) return { status: 'cancelled', ...cancelled };
      const failure = readFailure(error);
      return failure.kind === 'declined' ? { status: 'rejected', reason: failure.code } : undefined;
    },
    close: (result = { status: 'rejected', reason: 'internal_error' }) =>
      records.closeMint({ operation, ticketId, mintKey, result, now: businessNow() }),
  });
}
