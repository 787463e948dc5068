import { ended, type Scenario } from './scenario.ts';

export const engineKilled: Scenario = {
  name: 'engine-killed',
  title: 'Temporal server killed in mid-purchase',
  alone: true,
  async run({ boxoffice, order, world, say }) {
    const wanted = order();
    const handle = await boxoffice.payments.purchase(wanted);
    say(`"${handle.early.status}"; server killed with SIGKILL`);
    await world.kill('temporal', 'SIGKILL');
    await world.start('temporal');
    say('server is back; the purchase goes on');
    return {
      happened: 'it went on where its history had stopped',
      attempts: [await ended(wanted, handle)],
      expected: { runs: 1, intents: 1, authorizeCalls: 1, charges: 1, captured: wanted.amount, mints: 2, mails: 1 },
    };
  },
};
