/** What a caller sees of a purchase. */
import { closedStatus, type PaymentHandle, type PurchaseHandle } from '../client/index.ts';
import type { PaymentStatus, RefusedReason } from '../contracts/payment.ts';
import { problems } from '../contracts/problems.ts';
import type { PaymentRecord } from '../store/index.ts';
import { type WebUi, workflowLink } from '../client/web-ui.ts';
import { ApiProblem } from './problem.ts';

type Identified = Pick<PaymentHandle, 'paymentKey' | 'workflowId'>;

export function identityOf({ paymentKey, workflowId }: Identified, webUi: WebUi | undefined) {
  return {
    id: paymentKey,
    workflowId,
    ...(webUi ? { webUi: workflowLink(webUi, workflowId) } : {}),
  };
}

export function viewOf(handle: Identified, status: PaymentStatus, webUi: WebUi | undefined) {
  return { ...identityOf(handle, webUi), status: status.result?.status ?? 'live', ...status };
}

/** One line of the list. */
export function summaryOf({ key, workflowId, status, result, sale, claimedAt, endedAt }: PaymentRecord, webUi?: WebUi) {
  return {
    ...identityOf({ paymentKey: key, workflowId }, webUi),
    status,
    moneyMoved: result ? closedStatus(result).moneyMoved : 'unknown',
    ...(sale && { orderId: sale.orderId, eventId: sale.eventId, amount: sale.amount, currency: sale.currency }),
    claimedAt,
    ...(endedAt ? { endedAt } : {}),
  };
}

export const pendingView = (handle: Identified, webUi: WebUi | undefined) => ({
  ...identityOf(handle, webUi),
  status: 'pending',
  moneyMoved: 'unknown',
  next: problems.still_running.nextAction,
});

/** The early answer as a body. @throws ApiProblem when the purchase was refused: nothing was started. */
export function earlyView(handle: PurchaseHandle, webUi: WebUi | undefined) {
  const { early } = handle;
  if (early.status === 'pending') return pendingView(handle, webUi);
  if (early.status === 'refused') throw refusal(early.reason, handle.workflowId, early.otherPayment);
  return { ...identityOf(handle, webUi), ...early };
}

function refusal(reason: RefusedReason, workflowId: string, otherPayment: string | undefined): ApiProblem {
  const other = otherPayment === undefined ? '' : `: ${otherPayment}`;
  return new ApiProblem(reason, `${problems[reason].title}${other}`, {
    workflowId,
    ...(otherPayment === undefined ? {} : { otherPayment }),
  });
}
