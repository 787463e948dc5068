import { ended, type Scenario } from './scenario.ts';

export const purchase: Scenario = {
  name: 'purchase',
  title: 'two tickets, paid by card',
  async run({ boxoffice, order, say }) {
    const wanted = order({ tickets: 2 });
    const handle = await boxoffice.payments.purchase(wanted);
    say(`the buyer hears "${handle.early.status}"; tickets are being minted`);
    return {
      happened: 'held, minted in one transaction, captured',
      attempts: [await ended(wanted, handle)],
      expected: { runs: 1, intents: 1, authorizeCalls: 1, charges: 1, captured: wanted.amount, mints: 2, mails: 1 },
    };
  },
};
