import { ended, type Scenario } from './scenario.ts';

export const lostAnswer: Scenario = {
  name: 'lost-answer',
  title: 'answers lost after the hold and the charge',
  async run({ boxoffice, order, provider, say }) {
    const wanted = order();
    await provider.loseAnswer(wanted, 'authorize');
    await provider.loseAnswer(wanted, 'capture');
    const handle = await boxoffice.payments.purchase(wanted);
    say(`asked again with the same key: "${handle.early.status}"`);
    return {
      happened: 'unknown is not failed: looked, charged once',
      attempts: [await ended(wanted, handle)],
      expected: { intents: 1, authorizeCalls: 1, replays: 1, charges: 1, captured: wanted.amount, mints: 2, mails: 1 },
    };
  },
};
