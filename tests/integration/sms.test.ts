/** Text messages on real parts, told by Twilio's simulator: once each, also when it does not answer. */
import { randomUUID } from 'node:crypto';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { smsMarkOf } from '../../contracts/hashes.ts';
import { smsWorkflowId } from '../../contracts/ids.ts';
import type { SmsMessage, SmsRequest } from '../../contracts/sms.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { openShop, type Shop } from '../support/purchases.ts';
import { createTextDesk, type Phone, type TextDesk } from '../support/texting.ts';
import { filesWith } from '../support/world-files.ts';

let shop: Shop;
let desk: TextDesk;
let order: PurchaseOrder;
beforeAll(async () => {
  shop = await openShop(await readEndpoints(inject('worldDir')));
  desk = createTextDesk(shop);
  order = shop.order({ tickets: 2 });
  expect(await (await shop.boxoffice.payments.purchase(order)).result()).toMatchObject({ status: 'completed' });
});
afterAll(async () => {
  await desk.close();
  await shop.close();
});

/** Payloads are bytes, with JSON inside. */
const readable = (history: string) =>
  history.replace(/"data": ?"([^"]+)"/g, (_, data: string) => Buffer.from(data, 'base64').toString('utf8'));

const posted = { method: 'POST', pathRegex: 'Messages' };

function requestTo({ phoneRef }: Phone, message?: SmsMessage): SmsRequest {
  return {
    tenantId: shop.tenantId,
    messageKey: randomUUID(),
    phoneRef,
    message: message ?? { template: 'ticket-confirmation', paymentKey: order.idempotencyKey },
  };
}

const send = async (request: SmsRequest) => (await shop.boxoffice.sms.send(request)).result();

test('a text message is sent once, however often it is asked for, and says what was bought', async () => {
  const phone = await desk.phone();
  const request = requestTo(phone);
  const result = await send(request);
  expect(result).toEqual({ status: 'sent', messageSid: expect.stringMatching(/^SM[0-9a-f]{32}$/) as string });
  expect(await send(request)).toEqual(result);
  const texts = await phone.texts();
  expect(texts).toMatchObject([{ sid: Object(result).messageSid, from: '+15005550006' }]);
  expect(texts[0]!.body).toBe(
    `2 tickets for The Event: in your wallet now. Order ${order.orderId}. Ref ${smsMarkOf(request)}`,
  );
});

test('a text message whose answer is lost is found, and not sent again', async () => {
  const phone = await desk.phone();
  await desk.sim.add({ kind: 'lose_answer', match: posted });
  const result = await send(requestTo(phone));
  const texts = await phone.texts();
  expect(texts).toHaveLength(1);
  expect(result).toEqual({ status: 'sent', messageSid: texts[0]!.sid });
});

test('a text message that a gateway swallowed the answer of is found as well', async () => {
  const phone = await desk.phone();
  await desk.sim.add({ kind: 'status', status: 503, after: true, match: posted });
  const result = await send(requestTo(phone));
  const texts = await phone.texts();
  expect(texts).toHaveLength(1);
  expect(result).toEqual({ status: 'sent', messageSid: texts[0]!.sid });
});

test('429 closes the lane for as long as Twilio says, and is no attempt', async () => {
  const phone = await desk.phone();
  const seen = (await desk.sim.calls()).at(-1)?.seq ?? 0;
  await desk.sim.add({ kind: 'rate_limit', retryAfter: 1, match: posted });
  expect(await send(requestTo(phone))).toMatchObject({ status: 'sent' });
  const calls = (await desk.sim.calls()).filter(({ seq, method }) => seq > seen && method === 'POST');
  expect(calls.map(({ status }) => status)).toEqual([429, 201]);
  expect(calls[1]!.receivedAt - calls[0]!.answeredAt!).toBeGreaterThan(950);
  expect(await phone.texts()).toHaveLength(1);
});

test('whoever has said STOP gets nothing', async () => {
  const phone = await desk.phone();
  await desk.control('stop', { to: phone.number });
  expect(await send(requestTo(phone))).toEqual({ status: 'suppressed', reason: 'stopped' });
  expect(await phone.texts()).toEqual([]);
});

test.each([21211, 21612, 21614, 21606])('%i is the end, and a dead letter says so', async (code) => {
  const phone = await desk.phone();
  const request = requestTo(phone);
  await desk.control('plans', { to: phone.number, refuse: code });
  expect(await send(request)).toEqual({ status: 'undeliverable', reason: String(code) });
  expect(await phone.texts()).toEqual([]);
  expect(await desk.deadLetters(request)).toEqual([
    {
      jobType: 'send-sms',
      step: 'send',
      error: String(code),
      attempts: 1,
      data: { ...request.message, phoneRef: phone.phoneRef },
    },
  ]);
});

test('an address is no number: there is nobody to write to', async () => {
  const request = { ...requestTo(await desk.phone()), phoneRef: shop.emailRef };
  expect(await send(request)).toEqual({ status: 'suppressed', reason: 'no_recipient' });
});

test('a code reaches the phone, and neither it nor the number stands anywhere else', async () => {
  const phone = await desk.phone();
  const code = `X${randomUUID().slice(0, 7)}`;
  const { contentRef } = await shop.boxoffice.messageContents.put({ code, minutes: 10 });
  const request = requestTo(phone, { template: 'verification', contentRef });
  expect(await send(request)).toMatchObject({ status: 'sent' });
  expect((await phone.texts()).map(({ body }) => body)).toEqual([
    `Your code: ${code}. Valid for 10 min. Give it to nobody. Ref ${smsMarkOf(request)}`,
  ]);
  // A number that Twilio quotes when it refuses it, too.
  const refused = await desk.phone();
  await desk.control('plans', { to: refused.number, refuse: 21211 });
  await send(requestTo(refused));

  const id = smsWorkflowId(shop.tenantId, request.messageKey);
  const history = readable(historyToJSON(await shop.client.workflow.getHandle(id).fetchHistory()));
  expect(history).toContain(contentRef);
  for (const secret of [code, phone.number]) expect(history).not.toContain(secret);
  const needles = { code, number: phone.number.slice(1), refused: refused.number.slice(1) };
  expect(await filesWith(inject('worldDir'), needles)).toEqual({});
});
