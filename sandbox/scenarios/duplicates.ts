import { allEqual, ended, type Scenario } from './scenario.ts';

const copies = 20;

export const duplicates: Scenario = {
  name: 'duplicates',
  title: `the same order sent ${copies} times at once`,
  async run({ boxoffice, order, say }) {
    const wanted = order();
    const handles = await Promise.all(Array.from({ length: copies }, () => boxoffice.payments.purchase(wanted)));
    say(`${copies} callers heard "${handles[0]?.early.status}"`);
    const results = await Promise.all(handles.map((handle) => handle.result()));
    return {
      happened: `${copies} requests, one purchase, one answer`,
      attempts: [await ended(wanted, handles[0]!)],
      expected: { runs: 1, intents: 1, authorizeCalls: 1, charges: 1, captured: wanted.amount, mints: 2, mails: 1 },
      findings: [
        { what: 'starts', expected: 1, found: handles.filter(({ created }) => created).length },
        allEqual('different early answers', handles.map(({ early }) => early)), // prettier-ignore
        allEqual('different results', results),
      ],
    };
  },
};
