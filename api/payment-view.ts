/** What a caller sees of a purchase. */
import { closedStatus, type PurchaseHandle } from '../client/index.ts';
import type { RefusedReason } from '../contracts/payment.ts';
import { problems } from '../contracts/problems.ts';
import type { PaymentRecord } from '../store/index.ts';
import type { WebUi } from '../client/web-ui.ts';
import type { ApiStore } from './deps.ts';
import { ApiProblem } from './problem.ts';
import { identityOf, pendingView } from './run-view.ts';

/** One line of the list. */
export function summaryOf({ key, workflowId, status, result, sale, claimedAt, endedAt }: PaymentRecord, webUi?: WebUi) {
  return {
    ...identityOf({ id: key, workflowId }, webUi),
    status,
    moneyMoved: result ? closedStatus(result).moneyMoved : 'unknown',
    ...(sale && { orderId: sale.orderId, eventId: sale.eventId, amount: sale.amount, currency: sale.currency }),
    claimedAt,
    ...(endedAt ? { endedAt } : {}),
  };
}

/** The early answer as a body, with what a customer who has to act needs for it: it is in our database only. */
export async function buyerView(
  { customerActions }: Pick<ApiStore, 'customerActions'>,
  tenantId: string,
  handle: PurchaseHandle,
  webUi: WebUi | undefined,
) {
  const view = earlyView(handle, webUi);
  if (handle.early.status !== 'requires_action') return view;
  const action = await customerActions.get({ tenantId, paymentKey: handle.paymentKey });
  return { ...view, ...(action ? { clientSecret: action.clientSecret } : {}) };
}

/** The early answer as a body. @throws ApiProblem when the purchase was refused: nothing was started. */
function earlyView(handle: PurchaseHandle, webUi: WebUi | undefined) {
  const { early } = handle;
  const run = { id: handle.paymentKey, workflowId: handle.workflowId };
  if (early.status === 'pending') return pendingView(run, webUi);
  if (early.status === 'refused') throw refusal(early.reason, handle.workflowId, early.otherPayment);
  return { ...identityOf(run, webUi), ...early };
}

function refusal(reason: RefusedReason, workflowId: string, otherPayment: string | undefined): ApiProblem {
  const other = otherPayment === undefined ? '' : `: ${otherPayment}`;
  return new ApiProblem(reason, `${problems[reason].title}${other}`, {
    workflowId,
    ...(otherPayment === undefined ? {} : { otherPayment }),
  });
}
