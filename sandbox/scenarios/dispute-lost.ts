import type { DisputeStatus } from '../../contracts/dispute.ts';
import { until } from '../processes/until.ts';
import { ended, type Scenario } from './scenario.ts';

const heardWithinMs = 30_000;

export const disputeLost: Scenario = {
  name: 'dispute-lost',
  title: "the cardholder's bank takes the money back, and keeps it",
  async run({ boxoffice, provider, order, say }) {
    const wanted = order();
    const attempt = await ended(wanted, await boxoffice.payments.purchase(wanted));
    const disputeId = await provider.openDispute(wanted);
    const dispute = boxoffice.disputes.get(wanted.tenantId, disputeId);
    let shown: DisputeStatus | undefined;
    // Until its webhook has come, nobody knows of it.
    const heard = async () => (shown = await dispute.status()).stage === 'respond';
    if (!(await until(heard, { withinMs: heardWithinMs }))) throw new Error(`${disputeId} is not followed`);
    say(`disputed; evidence is due by ${shown?.evidenceDueBy}`);
    await provider.decideDispute(disputeId, 'lost');
    const result = await dispute.result();
    return {
      happened: `the bank kept the money and Stripe a fee; ${result.status === 'lost' ? result.locked.length : 0} tickets locked`,
      attempts: [attempt],
      // The buyer still has the tokens; nobody moves them without a person.
      expected: {
        charges: 1, captured: wanted.amount, refunds: 0, disputed: wanted.amount, disputeFees: 1_500, mints: 2, owned: 2,
        holdsLive: 3, mails: 1,
      }, // prettier-ignore
      besides: [dispute.workflowId],
      findings: [
        { what: 'end of the dispute', expected: 'lost', found: result.status },
        { what: 'attention while it waited', expected: 'review', found: shown?.attention ?? 'none' },
        { what: 'deadlines shown', expected: 1, found: shown?.evidenceDueBy === undefined ? 0 : 1 },
      ],
    };
  },
};
