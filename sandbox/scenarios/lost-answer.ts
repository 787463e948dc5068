import { ended, type Scenario } from './scenario.ts';

export const lostAnswer: Scenario = {
  name: 'lost-answer',
  title: 'the answer lost after the money was held, and again after it was taken',
  async run({ boxoffice, order, provider, say }) {
    const wanted = order();
    await provider.loseAnswer(wanted, 'authorize');
    await provider.loseAnswer(wanted, 'capture');
    const handle = await boxoffice.payments.purchase(wanted);
    say(`asked again with the same key: "${handle.early.status}"`);
    return {
      happened: 'unknown is not failed: the same key was asked again, then the charge was looked up',
      attempts: [await ended(wanted, handle)],
      expected: { intents: 1, authorizeCalls: 1, replays: 1, charges: 1, captured: wanted.amount, mints: 2, mails: 1 },
    };
  },
};
