import { ended, type Scenario } from './scenario.ts';

export const declinedThenPaid: Scenario = {
  name: 'declined-then-paid',
  title: 'a declined card, then another, same order',
  async run({ boxoffice, order, say }) {
    const refused = order({ card: 'pm_card_chargeDeclined', attempt: 1 });
    const declined = await ended(refused, await boxoffice.payments.purchase(refused));
    say(`first card: "${declined.end}"; the buyer takes another`);
    const wanted = order({ attempt: 2 });
    const paid = await ended(wanted, await boxoffice.payments.purchase(wanted));
    return {
      happened: 'the first card declined, the second charged',
      attempts: [declined, paid],
      expected: { runs: 2, intents: 2, charges: 1, captured: wanted.amount, mints: 2, mails: 1 },
      findings: [
        { what: 'end of the first attempt', expected: 'declined', found: declined.end },
        { what: 'end of the second attempt', expected: 'completed', found: paid.end },
      ],
    };
  },
};
