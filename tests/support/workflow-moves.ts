/** Transfers and burns, started in a workflow world. */
import type { WorkflowHandle } from '@temporalio/client';
import { burnStart, transferStart } from '../../client/ticket-starts.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import { workflowTypes } from '../../contracts/messages.ts';
import type { BurnRequest, MoveResult, TransferRequest } from '../../contracts/ticket-move.ts';
import { toWallet } from './workflow-move-twins.ts';
import type { Twin } from './workflow-twins.ts';
import type { Started, WorkflowWorld } from './workflow-world.ts';

let count = 0;

type MoveWorkflow = (input: { request: TransferRequest | BurnRequest; fingerprint: string }) => Promise<MoveResult>;
type StartedMove = Started<Parameters<MoveWorkflow>[0], MoveResult>;

/** `plan` sets the twin up before anything can call it. */
export async function startMove(
  world: WorkflowWorld,
  kind: 'transfer' | 'burn',
  plan?: (twin: Twin) => void,
): Promise<StartedMove> {
  count += 1;
  const asked = { tenantId: 'acme', ticketId: 'seat-1', reason: 'sold on', requestedBy: 'support-7' };
  const transfer: TransferRequest = { ...asked, transferId: `transfer-${count}`, toWallet };
  const burn: BurnRequest = { ...asked, burnKey: `burn-${count}` };
  const { args, ...start } =
    kind === 'transfer' ? transferStart(transfer, fingerprintOf(transfer)) : burnStart(burn, fingerprintOf(burn));
  const twin = world.twinOf(start.workflowId);
  plan?.(twin);
  const handle: WorkflowHandle<MoveWorkflow> = await world.client.workflow.start<MoveWorkflow>(workflowTypes[kind], {
    ...start,
    args: [...args],
  });
  return { handle, twin };
}
