import { type Statement, statementText } from '../../cli/statement.ts';
import { ApiError } from '../../client/index.ts';
import { until } from '../processes/until.ts';
import { decisionsOf, decisionsText, type Person } from './people.ts';
import { ended, type Finding, type Scenario } from './scenario.ts';
import { accountOf, paidVenue } from './shop.ts';

const { venueId, eventId } = paidVenue;
/** Of its charge nothing has to be waited for: the provider has the money at once. */
const card = 'pm_card_bypassPending';
const waitsWithinMs = 30_000;

interface Balance {
  available: number;
  inPayout: number;
  connected: number;
  inTransit: number;
}

export const payoutApproved: Scenario = {
  name: 'payout-approved',
  title: 'a venue is paid once two other people have agreed',
  async run({ boxoffice, people, order, provider, say }) {
    const wanted = order({ venueId, eventId, card });
    const attempt = await ended(wanted, await boxoffice.payments.purchase(wanted));
    const { tenantId, idempotencyKey: payoutId } = wanted;
    const account = accountOf(tenantId, venueId);
    const [admin, first, second] = [people('admin'), people('approver'), people('approver2')];
    const { available } = await admin.ask<Balance>('GET', `/venues/${venueId}/balance`);
    const { workflowId } = boxoffice.payouts.get(tenantId, payoutId);
    // Its answer waits some seconds for an end that people have to allow first.
    const asked = admin.ask('POST', `/venues/${venueId}/payouts`, { payoutId, reason: 'weekly' });
    const payout = boxoffice.payouts.get(tenantId, payoutId);
    const waits = async () => (await payout.status()).stage === 'awaiting approval';
    if (!(await until(waits, { withinMs: waitsWithinMs }))) throw new Error(`${payoutId} never waited for approval`);

    const approval = { workflowId, decision: 'approve', reason: 'checked with the venue' } as const;
    const findings: Finding[] = [await refusal('whoever asked for it', admin, approval)];
    say('its requester may not approve it; two others have to');
    await first.decide(approval);
    findings.push(await refusal('the same person again', first, approval));
    const before = await provider.venueMoney(account);
    await second.decide(approval);
    say('approved by two; the money goes to the bank');
    await provider.payToBank(account);
    const [end] = await Promise.all([payout.result(), asked]);
    const [after, books] = [
      await provider.venueMoney(account),
      await admin.ask<Balance>('GET', `/venues/${venueId}/balance`),
    ];
    const statement = await admin.ask<Statement>('GET', `/payouts/${payoutId}/statement`);
    const decisions = await decisionsOf(admin, workflowId);
    return {
      happened: 'two refusals, two approvals, one transfer, one payout',
      attempts: [attempt],
      expected: { charges: 1, captured: wanted.amount, refunds: 0, mints: 2, owned: 2, holdsLive: 3, mails: 1 },
      findings: [
        ...findings,
        { what: 'end of the payout', expected: 'paid', found: end.status },
        { what: 'transferred before the second approval', expected: 0, found: before.transferred },
        { what: 'transferred at the provider', expected: available, found: after.transferred },
        { what: 'paid out at the provider', expected: available, found: after.atBank },
        { what: 'net of the statement', expected: available, found: sum(statement.lines.map(({ net }) => net)) },
        {
          what: 'left of it in the books, anywhere',
          expected: 0,
          found: books.available + books.inPayout + books.connected + books.inTransit,
        },
        { what: 'decisions on record', expected: 4, found: decisions.length },
      ],
      besides: [workflowId],
      exhibit: [...decisionsText(decisions), '', statementText(statement)].join('\n'),
    };
  },
};

const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);

/** The finding that somebody may not decide like that, and is told so. */
async function refusal(who: string, person: Person, request: Parameters<Person['decide']>[0]): Promise<Finding> {
  const what = `decision of ${who}`;
  try {
    await person.decide(request);
    return { what, expected: 'refused', found: 'taken' };
  } catch (error) {
    const found = error instanceof ApiError && error.code === 'decision_refused' ? 'refused' : String(error);
    return { what, expected: 'refused', found };
  }
}
