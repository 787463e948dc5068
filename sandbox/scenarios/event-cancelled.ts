import { ended, type Scenario } from './scenario.ts';
import { doomedEventId as eventId } from './shop.ts';

const purchases = 50;

export const eventCancelled: Scenario = {
  name: 'event-cancelled',
  title: `an event cancelled, ${purchases} purchases given back`,
  async run({ boxoffice, order, say }) {
    const orders = Array.from({ length: purchases }, (_, index) => order({ copy: index + 1, eventId, tickets: 1 }));
    const attempts = await Promise.all(
      orders.map(async (wanted) => ended(wanted, await boxoffice.payments.purchase(wanted, { deadlineMs: 60_000 }))),
    );
    say(`${purchases} sold; the event is cancelled`);
    const [first] = orders;
    if (!first) throw new Error('nothing was ordered');
    const { tenantId, amount } = first;
    const handle = await boxoffice.eventCancellations.start({
      tenantId,
      eventId,
      reason: 'the artist is ill',
      requestedBy: 'ada',
    });
    const end = await handle.result();
    const refunded = end.status === 'refused' ? 0 : end.report.refunded;
    return {
      happened: 'sales closed, everything refunded and burned',
      attempts,
      expected: {
        charges: purchases, captured: purchases * amount, refunds: purchases, refunded: purchases * amount,
        refundsPending: 0, mints: purchases, owned: 0, holdsLive: 0, mails: purchases,
      }, // prettier-ignore
      besides: [handle.workflowId],
      findings: [
        { what: 'end of the cancellation', expected: 'completed', found: end.status },
        { what: 'refunds in its report', expected: purchases, found: refunded },
      ],
    };
  },
};
