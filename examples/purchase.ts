/** A purchase of two tickets, against the sandbox: start it with `npm run sandbox`, then `npx tsx examples/purchase.ts`. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createBoxoffice } from '../client/index.ts';

const { temporal, api, tokens, webUi } = JSON.parse(readFileSync('.sandbox/endpoints.json', 'utf8'));

const boxoffice = createBoxoffice({ temporal, api: { url: api, token: tokens.acme.admin } });
await boxoffice.venues.put('arena', {
  name: 'Arena',
  currency: 'USD',
  feeBasisPoints: 500,
  feeFixed: 0,
  reserveBasisPoints: 1_000,
});
await boxoffice.events.put('summer-night', {
  venueId: 'arena',
  name: 'Summer Night',
  endsAt: '2099-06-01T22:00:00Z',
  salesOpen: true,
});
const { emailRef } = await boxoffice.contacts.put({ kind: 'email', value: 'ada@example.com', name: 'Ada' });

const attempt = randomUUID();
const tickets = [1, 2].map((seat) => ({ ticketId: `${attempt}-${seat}`, seatId: `A-${seat}`, price: 5_000 }));
const payment = await boxoffice.payments.purchase({
  tenantId: 'acme',
  venueId: 'arena',
  eventId: 'summer-night',
  userId: 'ada',
  orderId: `order-${attempt}`,
  idempotencyKey: attempt,
  currency: 'USD',
  amount: 10_500,
  paymentMethod: 'pm_card_visa',
  tickets,
  lines: [
    ...tickets.map(({ ticketId, price }) => ({ kind: 'ticket' as const, ticketId, amount: price })),
    { kind: 'fee', amount: 500 },
  ],
  buyer: { wallet: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8', emailRef },
});

console.log('The buyer hears:', payment.early);
console.log('It ended as:', await payment.result());
console.log(`Watch it: ${webUi}/namespaces/${temporal.namespace}/workflows/${encodeURIComponent(payment.workflowId)}`);
await boxoffice.close();
