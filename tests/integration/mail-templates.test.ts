/** Every mail from what the store knows, and the receipt that a refund ends with; told by the mailbox. */
import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { emailWorkflowId, refundWorkflowId } from '../../contracts/ids.ts';
import type { EmailResult, MailMessage } from '../../contracts/mail.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import { readMail } from '../../sandbox/audit/mail.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { openShop, type Shop } from '../support/purchases.ts';
import { createRefundDesk, type RefundDesk } from '../support/refunding.ts';
import { filesWith } from '../support/world-files.ts';

let shop: Shop;
let desk: RefundDesk;
let order: PurchaseOrder;
beforeAll(async () => {
  shop = await openShop(await readEndpoints(inject('worldDir')));
  desk = createRefundDesk(shop);
  order = shop.order({ tickets: 2, fee: 500 });
  expect(await (await shop.boxoffice.payments.purchase(order)).result()).toMatchObject({ status: 'completed' });
});
afterAll(() => shop.close());

const mailWith = async (messageId: string) =>
  (await readMail(shop.endpoints.smtp.inbox)).filter((mail) => mail.messageId === messageId);

async function send(message: MailMessage): Promise<EmailResult> {
  const { tenantId, emailRef } = shop;
  return (await shop.boxoffice.emails.send({ tenantId, emailRef, messageKey: randomUUID(), message })).result();
}

/** The one mail that a message became. */
async function received(message: MailMessage) {
  const result = await send(message);
  if (result.status !== 'sent') throw new Error(`${message.template}: ${JSON.stringify(result)}`);
  const [mail, ...more] = await mailWith(result.messageId);
  expect(more).toEqual([]);
  expect(mail).toMatchObject({ to: [shop.email] });
  return mail!;
}

const refundReceipt = (refundId: string) => {
  const hash = createHash('sha256').update(refundWorkflowId(shop.tenantId, refundId)).digest('hex').slice(0, 40);
  return {
    workflowId: emailWorkflowId(shop.tenantId, `refund-${hash}`),
    messageId: `<acme.refund-${hash}@boxoffice.example>`,
  };
};

test('mails about a purchase', async () => {
  const paymentKey = order.idempotencyKey;
  const { ticketId } = order.tickets[0]!;
  const subjects = [
    [{ template: 'ticket-purchase', paymentKey }, 'Your tickets for The Event', ticketId],
    [{ template: 'order-receipt', paymentKey }, `Receipt for order ${order.orderId}`, '205.00 USD'],
    [{ template: 'event-reminder', paymentKey }, 'Soon: The Event', '1 June 2027 at 22:00 UTC'],
    [{ template: 'transfer-notification', paymentKey, ticketId }, 'A ticket for The Event has a new owner', ticketId],
    [
      { template: 'marketplace-listing', paymentKey, ticketId, price: 7_500 },
      'Your ticket for The Event is offered for 75.00 USD',
      ticketId,
    ],
  ] satisfies [MailMessage, string, string][];
  for (const [message, subject, shown] of subjects) {
    const mail = await received(message);
    expect(mail.subject).toBe(subject);
    expect(mail.text).toContain(shown);
    expect(mail.html).toContain(shown);
  }
  const nobodys = { template: 'transfer-notification', paymentKey, ticketId: 'other' } as const;
  expect(await send(nobodys)).toEqual({ status: 'suppressed', reason: 'nothing_to_say' });
});

test('mails about an account show the link or code that stands nowhere else', async () => {
  const code = `Y${randomUUID().slice(0, 7)}`;
  const link = `https://boxoffice.example/reset?token=${randomUUID()}`;
  const { contentRef } = await shop.boxoffice.messageContents.put({ code, link, minutes: 30 });

  const reset = await received({ template: 'password-reset', contentRef });
  expect(reset.text).toContain(link);
  expect(reset.html).toContain(`href="${link}"`);
  expect(reset.text).toContain('Hello Ada,');
  const verification = await received({ template: 'verification', contentRef });
  expect(verification.html).toContain(code);
  const welcome = await received({ template: 'welcome', venueId: shop.venueId });
  expect(welcome.subject).toBe('Welcome to The Venue');

  const codeOnly = await shop.boxoffice.messageContents.put({ code, minutes: 30 });
  const withoutLink = { template: 'password-reset', contentRef: codeOnly.contentRef } as const;
  expect(await send(withoutLink)).toEqual({ status: 'suppressed', reason: 'nothing_to_say' });
  expect(await filesWith(inject('worldDir'), { code, link: link.slice(-36) })).toEqual({});
});

test('a refund ends with its own receipt, once; a refund that is refused has none', async () => {
  const request = desk.request(order, { amount: 3_333 });
  const handle = await desk.start(request);
  expect(await handle.result()).toMatchObject({ status: 'completed' });
  const receipt = refundReceipt(request.refundId);
  const sent = shop.client.workflow.getHandle<() => Promise<EmailResult>>(receipt.workflowId);
  expect(await sent.result()).toEqual({ status: 'sent', messageId: receipt.messageId });
  const mails = await mailWith(receipt.messageId);
  expect(mails).toMatchObject([{ to: [shop.email], subject: 'Your refund of 33.33 USD for The Event' }]);
  expect(mails[0]!.text).toContain('Your tickets stay as they are.');
  // The purchase's own receipt is another one, and stays the only one.
  expect(await shop.audit.receipts(order.tenantId, order.idempotencyKey)).toHaveLength(1);

  const tooMuch = desk.request(order, { amount: order.amount });
  expect(await (await desk.start(tooMuch)).result()).toMatchObject({ status: 'rejected', reason: 'exceeds' });
  const none = shop.client.workflow.getHandle(refundReceipt(tooMuch.refundId).workflowId).describe();
  await expect(none).rejects.toThrow(/not found/i);
  expect((await shop.audit.world()).duplicateMails[receipt.messageId]).toBeUndefined();
});
