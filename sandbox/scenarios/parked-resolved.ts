import { until } from '../processes/until.ts';
import { decisionsOf, decisionsText } from './people.ts';
import { ended, type Scenario } from './scenario.ts';

const parksWithinMs = 30_000;

export const parkedResolved: Scenario = {
  name: 'parked-resolved',
  title: 'a step that waits for a person, and one who decides',
  async run({ boxoffice, people, order, provider, recordOf, say }) {
    const wanted = order();
    await provider.refuseKey(wanted, 'capture');
    const handle = await boxoffice.payments.purchase(wanted);
    const { workflowId } = handle;
    let waiting = await handle.status();
    const parked = async () => (waiting = await handle.status()).attention === 'review';
    if (!(await until(parked, { withinMs: parksWithinMs }))) throw new Error(`${workflowId} never waited for a person`);
    const [letter] = (await recordOf(wanted)).deadLetters;
    say(`the charge waits for a person: ${letter?.error ?? 'nobody knows why'}`);

    const approver = people('approver');
    const reason = 'the key at the card provider is right again';
    await approver.decide({ workflowId, decision: 'retry', reason });
    const attempt = await ended(wanted, handle);
    const decisions = await decisionsOf(approver, workflowId);
    const { deadLetters } = await recordOf(wanted);
    return {
      happened: 'the charge was refused; a person said "retry"; charged once',
      attempts: [attempt],
      expected: { intents: 1, charges: 1, captured: wanted.amount, held: 0, mints: 2, mails: 1 },
      findings: [
        { what: 'stage while it waited', expected: 'in review', found: waiting.stage },
        { what: 'open dead letters while it waited', expected: 'capture', found: letter?.step ?? 'none' },
        { what: 'open dead letters now', expected: 0, found: deadLetters.filter(({ resolved }) => !resolved).length },
        { what: 'decisions on record', expected: 1, found: decisions.length },
      ],
      exhibit: [
        `Attention=${waiting.attention}, stage "${waiting.stage}", money ${waiting.moneyMoved}`,
        `dead letter: step "${letter?.step}", ${letter?.error}`,
        ...decisionsText(decisions),
      ].join('\n'),
    };
  },
};
