import { ended, type Scenario } from './scenario.ts';

export const workerKilled: Scenario = {
  name: 'worker-killed',
  title: 'worker killed between charge and answer',
  alone: true,
  async run({ boxoffice, order, provider, world, say }) {
    const wanted = order();
    await provider.holdAnswer(wanted, 'capture');
    const handle = await boxoffice.payments.purchase(wanted);
    say('waiting for the charge');
    await provider.untilHeld(wanted);
    say('charged; worker killed with SIGKILL');
    await world.kill('worker', 'SIGKILL');
    await world.start('worker');
    say('worker is back; nobody repairs anything');
    return {
      happened: 'one charge, one mint per ticket, no repair',
      attempts: [await ended(wanted, handle)],
      expected: { intents: 1, authorizeCalls: 1, replays: 1, charges: 1, captured: wanted.amount, mints: 2, mails: 1 },
    };
  },
};
