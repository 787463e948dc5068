import type { Scenario } from './scenario.ts';

export const cancelled: Scenario = {
  name: 'cancelled',
  title: 'cancelled while the tickets are being minted',
  async run({ boxoffice, order, say }) {
    const wanted = order();
    const handle = await boxoffice.payments.purchase(wanted);
    say(`"${handle.early.status}"; cancelling`);
    const { status: end } = await handle.cancel({ actor: 'ada', reason: 'changed her mind' });
    return {
      happened: 'tickets burned, card released, no charge',
      attempts: [{ order: wanted, end }],
      expected: { intents: 1, charges: 0, captured: 0, held: 0, owned: 0, mails: 0 },
      findings: [{ what: 'end', expected: 'cancelled', found: end }],
    };
  },
};
