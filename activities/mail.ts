/** Mail: one activity, run by a purchase for its receipt and by `sendEmail` for whoever asks for a mail alone. */
import { fingerprintOf, receiptKeyOf } from '../contracts/hashes.ts';
import { emailWorkflowId } from '../contracts/ids.ts';
import { jobTypes } from '../contracts/job-types.ts';
import type { EmailRequest, EmailResult } from '../contracts/mail.ts';
import type { LaneCaller } from '../lanes/call.ts';
import { detailOf } from './failure.ts';
import { budgetOf, deliverOnce, isGivenUp, type MessageInput } from './messages.ts';
import type { MessageLedger, MailFacts } from './ports.ts';
import type { ReceiptInput } from './records.ts';
import { messageIdOf } from './providers/mail/message-id.ts';
import type { MailProvider } from './providers/mail/provider.ts';
import { renderMail, type MailContent } from './providers/mail/render.ts';

const policy = jobTypes['send-email'];

export type SendMailInput = MessageInput<EmailRequest>;

export interface SendReceiptInput extends ReceiptInput {
  now: string;
}

export interface MailActivities {
  sendMail(input: SendMailInput): Promise<EmailResult>;
  /** The same mail that {@link receiptRequestOf} describes, whoever sends it. */
  sendReceipt(input: SendReceiptInput): Promise<EmailResult>;
}

/** A purchase's receipt as a message: `sendEmail` gets the same one when a purchase hands it over. */
export function receiptRequestOf({ tenantId, paymentWorkflowId, paymentKey, emailRef }: ReceiptInput): EmailRequest {
  return {
    tenantId,
    messageKey: receiptKeyOf(paymentWorkflowId),
    emailRef,
    message: { template: 'ticket-confirmation', paymentKey },
  };
}

export function createMailActivities(deps: {
  provider: MailProvider;
  lanes: LaneCaller;
  messages: MessageLedger;
  facts: MailFacts;
  /** Domain of the Message-ID, from the sender's address. */
  domain: string;
}): MailActivities {
  const { provider, lanes, messages, facts } = deps;

  /** Nobody to write to, nothing to write about: no mail, and no error either. */
  async function letterOf(
    request: EmailRequest,
  ): Promise<{ to: string; content: MailContent } | { suppressed: string }> {
    const contact = await facts.contact(request.tenantId, request.emailRef);
    if (!contact) return { suppressed: 'no_recipient' };
    const content = await facts.content(request.tenantId, request.message, contact);
    return content ? { to: contact.value, content } : { suppressed: 'nothing_to_say' };
  }

  async function deliver(request: EmailRequest, round: number): Promise<EmailResult> {
    const letter = await letterOf(request);
    if ('suppressed' in letter) return { status: 'suppressed', reason: letter.suppressed };
    const { template, data } = letter.content;
    const messageId = messageIdOf(`${request.tenantId}.${request.messageKey}`, deps.domain);
    const step = {
      tenantId: request.tenantId,
      workflowId: emailWorkflowId(request.tenantId, request.messageKey),
      step: 'send',
    };
    const written = renderMail(template, data);
    try {
      await lanes.change('email', { step, policy, budget: budgetOf(policy, round) }, () =>
        provider.send({ to: letter.to, messageId, mail: written }),
      );
      return { status: 'sent', messageId };
    } catch (error) {
      if (!isGivenUp(error)) throw error;
      return { status: 'undeliverable', reason: detailOf(error)?.code ?? 'unknown' };
    }
  }

  const sendMail = (input: SendMailInput): Promise<EmailResult> => deliverOnce(messages, input, deliver);

  return {
    sendMail,
    sendReceipt: ({ now, ...receipt }) => {
      const request = receiptRequestOf(receipt);
      return sendMail({ request, fingerprint: fingerprintOf(request), now });
    },
  };
}
