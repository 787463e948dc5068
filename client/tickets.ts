/** Transfers and burns of tickets: asked for once under their own key, then read, waited for, cancelled. */
import type { Client } from '@temporalio/client';
import type { UpdateDefinition, QueryDefinition } from '@temporalio/common';
import { Type } from 'typebox';
import { fingerprintOf } from '../contracts/hashes.ts';
import { burnWorkflowId, transferWorkflowId } from '../contracts/ids.ts';
import { cancelMoveUpdate, type CancelRequest, moveStatusQuery, workflowTypes } from '../contracts/messages.ts';
import { Id } from '../contracts/schema/common.ts';
import { BurnRequest, TransferRequest } from '../contracts/schema/ticket-move.ts';
import { createValidator } from '../contracts/schema/validate.ts';
import {
  type BurnResult,
  type MoveResult,
  type MoveStatus,
  openMoveStages,
  type TransferResult,
} from '../contracts/ticket-move.ts';
import { closedMoveStatus } from '../contracts/ticket-move-words.ts';
import { checked } from './errors.ts';
import { createRunHandle, type RunHandle, type RunKind } from './run-handle.ts';
import { startOnce } from './start-once.ts';
import { burnStart, transferStart } from './ticket-starts.ts';

/** Its `cancel` is in time until the transaction is signed. `id` is the transfer's, or the burn's key. */
export interface MoveHandle<Result extends MoveResult> extends RunHandle<Result, MoveStatus<Result>> {
  readonly id: string;
}

export type RequestedMove<Result extends MoveResult> = MoveHandle<Result> & {
  /** True when this very call started it; false when it was known already. */
  readonly created: boolean;
  readonly runId: string;
};

/** Both kinds speak the same messages; each answers with its own results. */
const kindOf = <Result extends MoveResult>(): RunKind<MoveStatus<Result>['stage'], Result> => ({
  statusQuery: moveStatusQuery as QueryDefinition<MoveStatus<Result>>,
  cancelUpdate: cancelMoveUpdate as unknown as UpdateDefinition<Result, [CancelRequest]>,
  openStages: openMoveStages,
  closedStatus: (result) => closedMoveStatus(result),
});

const checkTransfer = createValidator(TransferRequest);
const checkBurn = createValidator(BurnRequest);
const checkTransferId = createValidator(Type.Object({ tenantId: Id('tenantId'), transferId: Id('transferId') }));
const checkBurnKey = createValidator(
  Type.Object({ tenantId: Id('tenantId'), ticketId: Id('ticketId'), burnKey: Id('burnKey') }),
);

function createTransferHandle(client: Client, tenantId: string, transferId: string): MoveHandle<TransferResult> {
  checked(() => checkTransferId({ tenantId, transferId }));
  const workflowId = transferWorkflowId(tenantId, transferId);
  return { id: transferId, ...createRunHandle(client, workflowId, kindOf<TransferResult>()) };
}

function createBurnHandle(client: Client, tenantId: string, ticketId: string, burnKey: string): MoveHandle<BurnResult> {
  checked(() => checkBurnKey({ tenantId, ticketId, burnKey }));
  const workflowId = burnWorkflowId(tenantId, ticketId, burnKey);
  return { id: burnKey, ...createRunHandle(client, workflowId, kindOf<BurnResult>()) };
}

/** @throws InvalidOrderError, or IdempotencyConflictError when the id was used for another request: nothing was started. */
async function requestTransfer(client: Client, given: TransferRequest): Promise<RequestedMove<TransferResult>> {
  const request = checked(() => checkTransfer(given));
  const started = await startOnce(client, workflowTypes.transfer, transferStart(request, fingerprintOf(request)));
  return { ...createTransferHandle(client, request.tenantId, request.transferId), ...started };
}

/** As {@link requestTransfer}. */
async function requestBurn(client: Client, given: BurnRequest): Promise<RequestedMove<BurnResult>> {
  const request = checked(() => checkBurn(given));
  const started = await startOnce(client, workflowTypes.burn, burnStart(request, fingerprintOf(request)));
  const { tenantId, ticketId, burnKey } = request;
  return { ...createBurnHandle(client, tenantId, ticketId, burnKey), ...started };
}

export interface TicketCalls {
  /**
   * Gives a ticket to another wallet, or finds the transfer with the same id; a rejection is a result. Sending the same
   * request again is always safe.
   * @throws InvalidOrderError, IdempotencyConflictError: nothing was started.
   * @throws UnavailableError: unknown whether it arrived; send it again.
   */
  transfer(request: TransferRequest): Promise<RequestedMove<TransferResult>>;
  /** Takes a ticket out of the world, as `transfer`. No money moves: a refund is another request. */
  burn(request: BurnRequest): Promise<RequestedMove<BurnResult>>;
  getTransfer(tenantId: string, transferId: string): MoveHandle<TransferResult>;
  getBurn(tenantId: string, ticketId: string, burnKey: string): MoveHandle<BurnResult>;
}

export const createTicketCalls = (client: Client): TicketCalls => ({
  transfer: (request) => requestTransfer(client, request),
  burn: (request) => requestBurn(client, request),
  getTransfer: (tenantId, transferId) => createTransferHandle(client, tenantId, transferId),
  getBurn: (tenantId, ticketId, burnKey) => createBurnHandle(client, tenantId, ticketId, burnKey),
});
