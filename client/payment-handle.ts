/** A purchase that exists: read it, wait for it, cancel it, have its customer act. */
import type { Client } from '@temporalio/client';
import { Type } from 'typebox';
import { paymentWorkflowId } from '../contracts/ids.ts';
import { cancelUpdate, statusQuery } from '../contracts/messages.ts';
import { openStages, type PaymentResult, type PaymentStatus } from '../contracts/payment.ts';
import { closedStatus } from '../contracts/payment-words.ts';
import { Id } from '../contracts/schema/common.ts';
import { createValidator } from '../contracts/schema/validate.ts';
import { checked } from './errors.ts';
import { type ApiAccess, type CustomerAction, customerActionOf } from './http.ts';
import { createRunHandle, type RunHandle, type RunKind } from './run-handle.ts';

/** Its `cancel` gives the money back unless the capture is scheduled. */
export interface PaymentHandle extends RunHandle<PaymentResult, PaymentStatus> {
  readonly paymentKey: string;
  /**
   * What the customer needs while the purchase waits for them (stage `awaiting customer`). It comes from the API.
   * @throws ApiError `not_found` when no customer is waited for.
   * @throws TypeError when this client was made without `api`.
   */
  customerAction(): Promise<CustomerAction>;
}

const kind: RunKind<PaymentStatus['stage'], PaymentResult> = { statusQuery, cancelUpdate, openStages, closedStatus };
const checkKey = createValidator(Type.Object({ tenantId: Id('tenantId'), paymentKey: Id('paymentKey') }));

export function createPaymentHandle(
  client: Client,
  api: ApiAccess | undefined,
  tenantId: string,
  paymentKey: string,
): PaymentHandle {
  checked(() => checkKey({ tenantId, paymentKey }));
  return {
    paymentKey,
    ...createRunHandle(client, paymentWorkflowId(tenantId, paymentKey), kind),
    customerAction: () => customerActionOf(api, tenantId, paymentKey),
  };
}
