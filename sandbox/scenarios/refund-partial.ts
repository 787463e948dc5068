import { ended, type Scenario } from './scenario.ts';

export const refundPartial: Scenario = {
  name: 'refund-partial',
  title: 'one of two tickets refunded and burned',
  async run({ boxoffice, order, say }) {
    const wanted = order();
    const attempt = await ended(wanted, await boxoffice.payments.purchase(wanted));
    const [first] = wanted.tickets;
    if (!first) throw new Error('the order has no ticket');
    say(`paid: "${attempt.end}"; one ticket goes back`);
    const refund = await boxoffice.refunds.request({
      tenantId: wanted.tenantId,
      refundId: wanted.idempotencyKey,
      paymentKey: wanted.idempotencyKey,
      ticketIds: [first.ticketId],
      tickets: 'burn',
      reason: 'one of them cannot come',
      requestedBy: 'ada',
    });
    const { status: end } = await refund.result();
    return {
      happened: 'its price given back once, its token burned',
      attempts: [attempt],
      // Order and tickets stay sold: the other one still is.
      expected: {
        charges: 1, captured: wanted.amount, refunds: 1, refunded: first.price, refundsPending: 0, mints: 2, owned: 1,
        holdsLive: 3, mails: 1,
      }, // prettier-ignore
      besides: [refund.workflowId],
      findings: [{ what: 'end of the refund', expected: 'completed', found: end }],
    };
  },
};
