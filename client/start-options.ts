/** How each workflow is started: ids, policies, what people see. Nothing personal goes in here: ids, memo, attributes,
 * priority and summaries are stored unencrypted. */
import { createHash } from 'node:crypto';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/client';
import {
  emailWorkflowId,
  eventCancellationWorkflowId,
  mintWorkflowId,
  paymentWorkflowId,
  refundWorkflowId,
  smsWorkflowId,
} from '../contracts/ids.ts';
import { type JobType, jobTypes } from '../contracts/job-types.ts';
import { formatAmount } from '../contracts/money.ts';
import type { EventCancellationRequest } from '../contracts/schema/event-cancellation.ts';
import type { EmailRequest, MintRequest } from '../contracts/schema/jobs.ts';
import type { PurchaseOrder } from '../contracts/schema/payment.ts';
import type { RefundRequest } from '../contracts/schema/refund.ts';
import type { SmsRequest } from '../contracts/schema/sms.ts';
import { startedWith } from './start-attributes.ts';

/** The server takes fairness keys of 64 bytes; a longer one is hashed, so that it stays one key. */
export function fairnessKeyOf(tenantId: string, venueId: string): string {
  const key = `${tenantId}:${venueId}`;
  return key.length <= 64 ? key : createHash('sha256').update(key).digest('hex').slice(0, 40);
}

/** One run per id for as long as Temporal remembers it. A second purchase joins the running one; a second job is told. */
const once = { workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE } as const;
const join = { ...once, workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING } as const;
export const tell = { ...once, workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL } as const;

export function queued(type: JobType, fairnessKey: string) {
  const { queue, priority } = jobTypes[type];
  return { taskQueue: queue, priority: { priorityKey: priority, fairnessKey } };
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

export function paymentStart(order: PurchaseOrder, fingerprint: string) {
  const { tenantId, venueId, eventId, amount, currency, tickets } = order;
  const price = formatAmount(amount, currency);
  return {
    ...join,
    ...queued('payment-process', fairnessKeyOf(tenantId, venueId)),
    workflowId: paymentWorkflowId(tenantId, order.idempotencyKey),
    args: [{ order, fingerprint }] as const,
    memo: { fingerprint },
    typedSearchAttributes: startedWith({ tenantId, venueId, eventId, amount, currency }),
    staticSummary: `Purchase of ${counted(tickets.length, 'ticket')} for ${price}`,
    staticDetails: [
      `Order \`${order.orderId}\` by user \`${order.userId}\`: **${price}**, event \`${eventId}\` at venue \`${venueId}\`.`,
      '',
      `${counted(tickets.length, 'ticket')}: ${tickets.map(({ ticketId }) => `\`${ticketId}\``).join(', ')}`,
      '',
      'Before the capture, the update `cancel` or *Request Cancellation* undoes everything; afterwards a refund does. Do **not** terminate: that skips the undoing.',
    ].join('\n'),
  };
}

const whatGoesBack = ({ amount, ticketIds }: RefundRequest) =>
  amount !== undefined
    ? `${amount} (minor units)`
    : ticketIds
      ? `the price of ${counted(ticketIds.length, 'ticket')}`
      : 'all that is left';

/** Venue and currency are the purchase's, which mostly nobody has looked up yet; an event's cancellation knows its venue. */
export function refundStart(request: RefundRequest, fingerprint: string, venueId?: string) {
  const { tenantId, refundId, paymentKey, tickets } = request;
  return {
    ...tell,
    ...queued('refund-process', venueId === undefined ? tenantId : fairnessKeyOf(tenantId, venueId)),
    workflowId: refundWorkflowId(tenantId, refundId),
    args: [{ request, fingerprint }] as const,
    memo: { fingerprint },
    typedSearchAttributes: startedWith({ tenantId }),
    staticSummary: `Refund of purchase ${paymentKey}`,
    staticDetails: [
      `Refund \`${request.refundId}\` of purchase \`${paymentKey}\`, asked for by \`${request.requestedBy}\`: **${whatGoesBack(request)}**; the tickets are ${tickets === 'burn' ? 'burned' : 'kept'}.`,
      '',
      'It can be cancelled only until the card provider is asked, which takes a moment. Do **not** terminate: a refund that is under way would go on unseen.',
    ].join('\n'),
  };
}

export function eventCancellationStart(request: EventCancellationRequest, fingerprint: string) {
  const { tenantId, eventId, tickets, inFlight } = request;
  return {
    ...tell,
    ...queued('refund-process', tenantId),
    workflowId: eventCancellationWorkflowId(tenantId, eventId),
    args: [{ request, fingerprint }] as const,
    memo: { fingerprint },
    typedSearchAttributes: startedWith({ tenantId, eventId }),
    staticSummary: `Cancellation of event ${eventId}`,
    staticDetails: [
      `Event \`${eventId}\` is cancelled, asked for by \`${request.requestedBy}\`: sales are closed for good, and every purchase is given back, ${counted(inFlight, 'refund')} at a time; the tickets are ${tickets === 'burn' ? 'burned' : 'kept'}.`,
      '',
      '`pause` and `resume` hold and go on; `cancel` stops starting refunds. Do **not** terminate: what is left would be forgotten.',
    ].join('\n'),
  };
}

export function mintStart(request: MintRequest, fingerprint: string) {
  const { tenantId, venueId, eventId, ticketId, mintKey } = request;
  return {
    ...tell,
    ...queued('nft-mint', fairnessKeyOf(tenantId, venueId)),
    workflowId: mintWorkflowId(tenantId, ticketId, mintKey),
    args: [{ request, fingerprint }] as const,
    memo: { fingerprint },
    typedSearchAttributes: startedWith({ tenantId, venueId, eventId }),
    staticSummary: `Mint of ticket ${ticketId}`,
    staticDetails: `Ticket \`${ticketId}\` of event \`${eventId}\` is minted outside a purchase.`,
  };
}

function messageStart(
  type: 'send-email' | 'send-sms',
  { request, fingerprint }: { request: EmailRequest | SmsRequest; fingerprint: string },
) {
  const { tenantId, message } = request;
  const { template, ...about } = message;
  const ids = Object.entries(about).map(([name, value]) => `${name} \`${value}\``);
  return {
    ...tell,
    ...queued(type, tenantId),
    memo: { fingerprint },
    typedSearchAttributes: startedWith({ tenantId }),
    staticDetails: `Template \`${template}\`: ${ids.join(', ')}.`,
  };
}

export function emailStart(request: EmailRequest, fingerprint: string) {
  return {
    ...messageStart('send-email', { request, fingerprint }),
    workflowId: emailWorkflowId(request.tenantId, request.messageKey),
    args: [{ request, fingerprint }] as const,
    staticSummary: `Mail ${request.message.template}`,
  };
}

export function smsStart(request: SmsRequest, fingerprint: string) {
  return {
    ...messageStart('send-sms', { request, fingerprint }),
    workflowId: smsWorkflowId(request.tenantId, request.messageKey),
    args: [{ request, fingerprint }] as const,
    staticSummary: `Text message ${request.message.template}`,
  };
}
