import { ended, type Finding, type Scenario, type ScenarioContext } from './scenario.ts';

/** Its bank asks for the holder at every payment. */
const card = 'pm_card_threeDSecure2Required';

export const threeDSecure: Scenario = {
  name: 'three-d-secure',
  title: 'a card whose bank asks for its holder',
  async run(context) {
    const { order, say } = context;
    const failing = order({ card, attempt: 1 });
    const failed = await attempt(context, failing, 'fail');
    say(`the holder failed: "${failed.end}"; tries again`);
    const wanted = order({ card, attempt: 2 });
    const paid = await attempt(context, wanted, 'succeed');
    return {
      happened: 'failed: nothing held; confirmed: charged once',
      attempts: [failed, paid],
      expected: { runs: 2, intents: 2, charges: 1, captured: wanted.amount, held: 0, mints: 2, mails: 1 },
      findings: [
        ...failed.findings,
        ...paid.findings,
        { what: 'end of the failed attempt', expected: 'declined', found: failed.end },
        { what: 'end of the confirmed attempt', expected: 'completed', found: paid.end },
      ],
    };
  },
};

async function attempt(
  { boxoffice, provider, say }: ScenarioContext,
  order: ReturnType<ScenarioContext['order']>,
  outcome: 'succeed' | 'fail',
) {
  const handle = await boxoffice.payments.purchase(order);
  const { early } = handle;
  const findings: Finding[] = [{ what: 'early answer', expected: 'requires_action', found: early.status }];
  if (early.status === 'requires_action') {
    const secret = early.clientSecret?.startsWith(early.intentId) ? 'there' : 'missing';
    findings.push({ what: 'client secret', expected: 'there', found: secret });
    say('the buyer is asked to confirm with their bank');
    await provider.authenticate(early.intentId, outcome);
  }
  return { ...(await ended(order, handle)), findings };
}
