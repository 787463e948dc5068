/** What is wrong with the money of venues after a script, told by provider, books, chain and engine; in words. */
import { isDeepStrictEqual } from 'node:util';
import type { Stripe } from 'stripe';
import { payoutReturnWorkflowId, refundReturnWorkflowId } from '../../contracts/ids.ts';
import type { Pool } from '../../infrastructure/postgres.ts';
import type { Summary } from '../../sandbox/stripe/summary.ts';
import { simulatorAt } from './faults.ts';
import type { VenueStory } from './money-play.ts';
import { workflowIdOf } from './purchases.ts';
import { refundWorkflowIdOf } from './refunding.ts';

const say = (holds: boolean, broken: string): string[] => (holds ? [] : [broken]);
const sumOf = (amounts: readonly number[]) => amounts.reduce((sum, amount) => sum + amount, 0);
const shown = (value: unknown) => JSON.stringify(value);

async function rows<Row extends object>(pool: Pool, sql: string, values: readonly unknown[]): Promise<Row[]> {
  return (await pool.query<Row>(sql, [...values])).rows;
}

/** The books of the venue, its account and its payouts are the provider's, also while payouts are on their way. */
export async function wrongsOfBalances({ shop, desk, currency }: VenueStory, pool: Pool): Promise<string[]> {
  const { ledger, provider } = await desk.money();
  const balances = await rows<{ account: string; balance: number }>(
    pool,
    `select account, sum(amount)::bigint as balance from ledger_entries where tenant_id = $1 and venue_id = $2
     group by account having sum(amount) <> 0`,
    [shop.tenantId, shop.venueId],
  );
  const of = (account: string) => balances.find((row) => row.account === account)?.balance ?? 0;
  const summary = (await (await fetch(`${shop.endpoints.stripe}/_sim/summary`)).json()) as Summary;
  const connected = summary.accounts[desk.account]?.[currency.toLowerCase()]?.total ?? 0;
  return [
    ...say(isDeepStrictEqual(ledger, provider), `${currency}: books ${shown(ledger)}, provider ${shown(provider)}`),
    ...say(of('connected_balance') === connected, `${currency}: ${of('connected_balance')} booked in the account, which has ${connected}`), // prettier-ignore
    ...say(sumOf(balances.map(({ balance }) => balance)) === 0, `${currency}: the venue's entries do not sum to zero`),
    ...say(of('refunds_pending') === 0, `${currency}: ${of('refunds_pending')} are set aside for refunds that have ended`), // prettier-ignore
    ...say(of('disputed') === 0 && of('venue_hold') === 0, `${currency}: ${of('venue_hold')} are held, ${of('disputed')} disputed`), // prettier-ignore
    ...say(of('venue_payout') === -of('in_transit'), `${currency}: ${of('venue_payout')} are reserved for payouts`),
  ];
}

/** At most what was captured goes back, and each result tells what the provider has: exactly one refund, or none. */
async function wrongsOfRefunds({ shop, purchases, refunds }: VenueStory): Promise<string[]> {
  const records = await shop.audit.purchases(
    purchases.map(({ order }) => ({ tenantId: order.tenantId, paymentKey: order.idempotencyKey })),
  );
  const tooMuch = records.flatMap(({ workflowId, captured, refunded, disputed }) =>
    say(refunded + disputed <= captured, `${workflowId}: ${refunded} refunded, ${disputed} disputed of ${captured}`),
  );
  const objects = await simulatorAt(shop.endpoints.stripe).objects<Stripe.Refund>('refunds');
  const untrue = refunds.flatMap(({ request, result, returned }) => {
    const own = objects.filter(({ metadata }) => metadata?.['workflow'] === refundWorkflowIdOf(request));
    const standing = own.filter(({ status }) => status === 'succeeded').map(({ amount }) => amount);
    const wanted = result.status === 'completed' && !returned ? [result.amount] : [];
    const most = result.status === 'rejected' ? 0 : 1;
    return [
      ...say(own.length <= most, `${request.refundId} is ${result.status}, the provider has ${own.length} of it`),
      ...say(isDeepStrictEqual(standing, wanted), `${request.refundId} is ${shown(result)}, the provider gave ${shown(standing)}`), // prettier-ignore
    ];
  });
  return [...tooMuch, ...untrue];
}

async function wrongsOfPayouts({ desk, payouts }: VenueStory): Promise<string[]> {
  const [made, transfers] = await Promise.all([desk.atProvider(), desk.transfers()]);
  return payouts.flatMap(({ payout: { payoutId, workflowId }, result, returned }) => {
    const own = made.filter(({ metadata }) => metadata?.['workflow'] === workflowId);
    const paid = own.filter(({ status }) => status === 'paid').map(({ amount }) => amount);
    const wanted = result.status === 'paid' && !returned ? [result.amount] : [];
    const given = transfers.filter(({ transfer_group: group }) => group === payoutId);
    const most = result.status === 'rejected' ? 0 : 1;
    return [
      ...say(own.length <= most && given.length <= most, `${payoutId} is ${result.status}: ${own.length} payouts, ${given.length} transfers`), // prettier-ignore
      ...say(isDeepStrictEqual(paid, wanted), `${payoutId} is ${shown(result)}, the bank has ${shown(paid)}`),
      ...say(sumOf(given.map(({ amount }) => amount)) <= sumOf(own.map(({ amount }) => amount)) || own.length === 0, `${payoutId} was given more than it paid out`), // prettier-ignore
    ];
  });
}

/**
 * What a payout found available by the entries that its statement lists, or an earlier one. A debit that was committed in
 * the very moment of the reservation may have taken its number shortly before it: such ones are not held against it.
 */
const sameMoment = 5;
const overdrawn = `
  select p.payout_id as "payoutId", p.amount,
    (select coalesce(-sum(e.amount), 0)::bigint from statement_entries l join ledger_entries e on e.id = l.entry_id
       where l.tenant_id = p.tenant_id and l.venue_id = p.venue_id and l.currency = p.currency
         and (l.statement < p.statement or (l.statement = p.statement and e.transaction_id <> t.id
           and (e.amount < 0 or e.transaction_id < t.id - ${sameMoment})))) as available
  from payouts p join ledger_transactions t
    on t.tenant_id = p.tenant_id and t.operation = p.workflow_id and t.step = 'payout_reserved'
  where p.tenant_id = $1 and p.venue_id = $2`;

async function wrongsOfReservations({ shop }: VenueStory, pool: Pool): Promise<string[]> {
  const found = await rows<{ payoutId: string; amount: number; available: number }>(pool, overdrawn, [
    shop.tenantId,
    shop.venueId,
  ]);
  return found.flatMap(({ payoutId, amount, available }) =>
    say(amount <= available, `${payoutId} reserved ${amount} of ${available} that were available`),
  );
}

/** Of each purchase, as the books have it: what is left of its money, and of the platform's fee. */
const feesLeft = `
  with part as (
    select payment_key, workflow_id, fee_share, case when status in ('refunded', 'completed') then amount else 0 end as gone
      from refunds where tenant_id = $1
    union all select payment_key, workflow_id, fee_share, withdrawn from disputes where tenant_id = $1
    union all select payment_key, 'refund-return:' || tenant_id || ':' || refund_id, 0, 0 from refunds where tenant_id = $1
  )
  select p.workflow_id as "workflowId", p.amount as captured, p.platform_fee as fee,
    (select count(*) from part where part.payment_key = p.payment_key) as parts,
    (select p.amount - coalesce(sum(gone), 0)::bigint from part where part.payment_key = p.payment_key) as left,
    (select coalesce(-sum(e.amount), 0)::bigint from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
       where t.tenant_id = p.tenant_id and e.account = 'platform_fees' and (t.operation = p.workflow_id
         or t.operation in (select workflow_id from part where part.payment_key = p.payment_key))) as "feeLeft"
  from payments p where p.tenant_id = $1 and p.venue_id = $2 and p.status = 'completed'`;

/** The fee goes back in step with the money; each part is rounded once. */
async function wrongsOfFees({ shop }: VenueStory, pool: Pool): Promise<string[]> {
  type Left = { workflowId: string; captured: number; fee: number; parts: number; left: number; feeLeft: number };
  const found = await rows<Left>(pool, feesLeft, [shop.tenantId, shop.venueId]);
  return found.flatMap(({ workflowId, captured, fee, parts, left, feeLeft }) => {
    const due = (fee * left) / captured;
    const inStep = Math.abs(feeLeft - due) <= (left === captured || left === 0 ? 0 : parts);
    return say(inStep, `${workflowId}: ${feeLeft} of its fee of ${fee} are left, with ${left} of ${captured}`);
  });
}

/** Only a refund that came back waits for a person. */
async function wrongsOfLetters(story: VenueStory, pool: Pool): Promise<string[]> {
  const { tenantId } = story.shop;
  const ids = [
    ...story.purchases.map(({ order }) => workflowIdOf(order)),
    ...story.refunds.map(({ request }) => refundWorkflowIdOf(request)),
    ...story.payouts.map(({ payout }) => payout.workflowId),
    ...story.payouts.map(({ payout }) => payoutReturnWorkflowId(tenantId, payout.payoutId)),
    ...story.disputes,
  ];
  const returned = story.refunds.filter((refund) => refund.returned);
  const expected = returned.map(({ request }) => refundReturnWorkflowId(tenantId, request.refundId)).toSorted();
  const found = await rows<{ workflowId: string; step: string; error: string }>(
    pool,
    `select workflow_id as "workflowId", step, error from dead_letter_jobs
     where tenant_id = $1 and workflow_id = any ($2::text[]) and resolved_at is null`,
    [tenantId, [...ids, ...expected]],
  );
  const others = found.filter(({ step }) => step !== 'refund_returned');
  const told = found.filter(({ step }) => step === 'refund_returned').map(({ workflowId }) => workflowId);
  return [
    ...others.map(({ workflowId, step, error }) => `${workflowId} waits for a person at ${step}: ${error}`),
    ...say(isDeepStrictEqual(told.toSorted(), expected), `came back: ${shown(expected)}, a person hears of ${shown(told)}`), // prettier-ignore
  ];
}

/** Once everything has ended. */
export async function wrongsOfVenue(story: VenueStory, pool: Pool): Promise<string[]> {
  const { shop, purchases } = story;
  // One after another: each of these asks much of the database.
  const ofPurchases = await shop.wrongs(purchases);
  const running = await shop.running();
  const others = [
    await wrongsOfBalances(story, pool),
    await wrongsOfRefunds(story),
    await wrongsOfPayouts(story),
    await wrongsOfReservations(story, pool),
    await wrongsOfFees(story, pool),
    await wrongsOfLetters(story, pool),
  ];
  return [
    ...Object.entries(ofPurchases).flatMap(([key, wrong]) => wrong.map((text) => `${key}: ${text}`)),
    ...say(running === 0, `${running} workflows of ${shop.venueId} still run`),
    ...others.flat(),
  ];
}
