/** What the outside counts of a cancelled event: the provider's objects, the chain's logs, the books, the engine. */
import { isDeepStrictEqual } from 'node:util';
import { createPublicClient, getAddress, http, parseAbiItem, zeroAddress } from 'viem';
import { type CancellationReport, nothingYet } from '../../contracts/event-cancellation.ts';
import type { PaymentResult } from '../../contracts/payment.ts';
import { createPool } from '../../infrastructure/postgres.ts';
import { until } from '../../sandbox/processes/until.ts';
import type { Sold } from './cancelled-event.ts';
import type { EventProgress, EventWatch, Played } from './event-cancelling.ts';
import type { Shop } from './purchases.ts';

export interface EventLook extends EventWatch {
  counts(played: Played): Promise<EventCounts>;
  close(): Promise<void>;
}

export interface EventCounts {
  /** What the report has to say, by the provider's objects and by what callers were told. */
  report: CancellationReport;
  /** Purchases that the provider has given back more than once, or more of than was paid. */
  refundedTwice: number;
  /** Minor units. */
  refunded: number;
  /** Tokens of the event that the chain's logs have burned, and how many of those more than once. */
  burned: number;
  burnedTwice: number;
  owned: number;
  openDeadLetters: number;
  /** Refunds that a person was asked about, and those of them that somebody has decided about. */
  parked: number;
  decided: number;
  running: number;
  /** Of the ledger, by account; those of 0 left out. */
  balances: Record<string, number>;
  /** By payment key. */
  wrongs: Record<string, string[]>;
  wrongsOfWorld: string[];
}

const burn = parseAbiItem('event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)');

/** For a world of its own: it counts everything of the tenant. */
export function lookAtEvents(shop: Shop): EventLook {
  const { endpoints, tenantId } = shop;
  const pool = createPool({ url: endpoints.postgresOwner, max: 2, applicationName: 'event-counts' });
  const row = async <Row extends object>(sql: string, values: readonly unknown[] = [tenantId]): Promise<Row> => {
    const { rows } = await pool.query<Row>(sql, [...values]);
    return rows[0]!;
  };

  const isClosed: EventLook['isClosed'] = async (eventId) => {
    const sql = `select cancelled_at is not null as closed from events where tenant_id = $1 and event_id = $2`;
    return (await row<{ closed: boolean }>(sql, [tenantId, eventId])).closed;
  };

  const progress: EventLook['progress'] = (eventId) =>
    row<EventProgress>(
      `select count(*) filter (where ended)::int as done, count(*) filter (where not ended and parked)::int as parked,
         count(*) filter (where not ended and not parked)::int as "underWay"
       from (select coalesce(r.ended_at is not null, false) as ended, exists (select from dead_letter_jobs d
           where d.tenant_id = $1 and d.workflow_id = r.workflow_id and d.resolved_at is null) as parked
         from event_refunds e left join refunds r using (tenant_id, refund_id)
         where e.tenant_id = $1 and e.event_id = $2) as standing`,
      [tenantId, eventId],
    );

  async function burnsOf(sold: readonly Sold[]) {
    const tokens = sold.flatMap(({ end }) => (end.status === 'completed' ? end.tickets : []));
    const wanted = new Set(tokens.map(({ tokenId }) => BigInt(tokenId)));
    const client = createPublicClient({ transport: http(endpoints.chainRpc) });
    const address = getAddress(endpoints.chain.contract);
    const to = { to: zeroAddress };
    const logs = await client.getLogs({ address, event: burn, args: to, fromBlock: 0n, strict: true });
    const burns = logs.map(({ args }) => args.tokenId).filter((token) => wanted.has(token));
    return { burned: new Set(burns).size, burnedTwice: burns.length - new Set(burns).size };
  }

  /** Everything that runs in the world, mails included, once it had time to end and to be seen. */
  async function running(): Promise<number> {
    let open = -1;
    const count = async () => (open = (await shop.client.workflow.count(`ExecutionStatus = 'Running'`)).count) === 0;
    await until(count, { withinMs: 15_000 });
    return open;
  }

  return {
    isClosed,
    progress,
    close: () => pool.end(),
    async counts({ sold, atItsFirstMoment, late, stuck }) {
      const all = [...sold, ...atItsFirstMoment, ...late];
      const stillRunning = await running();
      const records = await shop.audit.purchases(
        all.map(({ order }) => ({ tenantId, paymentKey: order.idempotencyKey })),
      );
      const given = records.filter(({ refunds, refundsPending }) => refunds > 0 && refundsPending === 0);
      const refunded = given.reduce((sum, record) => sum + record.refunded, 0);
      const whole = given.filter((record) => record.refunds === 1 && record.refunded === record.order?.amount);
      const ends = all.map(({ end }) => end.status);
      const [books, ledger] = await Promise.all([
        row<Pick<EventCounts, 'openDeadLetters' | 'parked' | 'decided'>>(
          `select count(*) filter (where resolved_at is null)::int as "openDeadLetters",
             count(distinct workflow_id) filter (where step = 'refund')::int as parked,
             (select count(distinct workflow_id)::int from decisions where tenant_id = $1 and workflow_id = any($2)
               and refused_because is null) as decided
           from dead_letter_jobs where tenant_id = $1`,
          [tenantId, stuck],
        ),
        row<{ balances: Record<string, number> | null }>(
          `select json_object_agg(account, balance) filter (where balance <> 0) as balances
           from (select account, sum(amount) as balance from ledger_entries where tenant_id = $1 group by account) as a`,
        ),
      ]);
      return {
        report: {
          ...nothingYet,
          purchases: ends.filter((end) => end === 'completed').length,
          refunded: whole.length,
          cancelledInFlight: ends.filter((end) => end === 'cancelled').length,
          amounts: { USD: whole.reduce((sum, record) => sum + record.refunded, 0) },
        },
        refundedTwice: given.length - whole.length,
        refunded,
        ...(await burnsOf(all)),
        owned: records.reduce((sum, record) => sum + record.owned, 0),
        ...books,
        running: stillRunning,
        balances: ledger.balances ?? {},
        wrongs: await shop.wrongs(all),
        wrongsOfWorld: await shop.wrongsOfWorld(),
      };
    },
  };
}

/** Those that ended otherwise, as they did. */
const others = (sold: readonly Sold[], allowed: (end: PaymentResult) => boolean): string[] =>
  sold.filter(({ end }) => !allowed(end)).map(({ end }) => JSON.stringify(end));
const isPaid = ({ status }: PaymentResult) => status === 'completed';
const isTooLate = (end: PaymentResult) => end.status === 'refused' && end.reason === 'sales_closed';

/** What is wrong with a cancellation, in words; none when all of it is right. */
export function faultsOf(played: Played, counts: EventCounts): string[] {
  const { sold, atItsFirstMoment, late, stuck, blows, result, again } = played;
  const { report, balances, wrongs } = counts;
  const fees = -(balances['stripe_balance'] ?? 0);
  const checks: readonly (readonly [boolean, string])[] = [
    [
      isDeepStrictEqual(result, { status: 'completed', moneyMoved: 'refunded', report }),
      `it reports ${JSON.stringify(result)}; the outside counts ${JSON.stringify(report)}`,
    ],
    [isDeepStrictEqual(again, { created: false, result }), `asked again, it says ${JSON.stringify(again)}`],
    [report.purchases === report.refunded, `${report.refunded} of ${report.purchases} were given back once and whole`],
    [counts.refundedTwice === 0, `${counts.refundedTwice} were given back twice, or in part`],
    [counts.burned === report.purchases, `${counts.burned} of ${report.purchases} tokens were burned`],
    [counts.burnedTwice === 0, `${counts.burnedTwice} tokens were burned twice`],
    [counts.owned === 0, `buyers own ${counts.owned} tokens`],
    [counts.openDeadLetters === 0, `${counts.openDeadLetters} dead letters are open`],
    [counts.parked === stuck.length, `${counts.parked} refunds waited for a person instead of ${stuck.length}`],
    [counts.decided === stuck.length, `a person has decided about ${counts.decided} of ${stuck.length} refunds`],
    [counts.running === 0, `${counts.running} workflows still run`],
    [blows.every((underWay) => underWay > 0), `a blow hit nothing: ${blows.join(', ')}`],
    // Only the provider's fees are gone; what was set aside for refunds is spent, and the platform keeps no fee.
    [balances['provider_fees'] === fees && fees > 0, `the provider's fees are booked as ${balances['provider_fees']}`],
    [!('refunds_pending' in balances) && !('platform_fees' in balances), `balances: ${JSON.stringify(balances)}`],
    [
      (balances['venue_payable'] ?? 0) + (balances['venue_reserve'] ?? 0) === 0,
      `the venue's balances do not cancel out: ${JSON.stringify(balances)}`,
    ],
  ];
  return [
    ...checks.flatMap(([holds, fault]) => (holds ? [] : [fault])),
    ...others(sold, isPaid).map((end) => `sold before, and ended as ${end}`),
    ...others(atItsFirstMoment, (end) => isPaid(end) || isTooLate(end) || end.status === 'cancelled').map(
      (end) => `begun at its first moment, and ended as ${end}`,
    ),
    ...others(late, isTooLate).map((end) => `begun after its first moment, and ended as ${end}`),
    ...Object.entries(wrongs).map(([paymentKey, wrong]) => `${paymentKey}: ${wrong.join('; ')}`),
    ...counts.wrongsOfWorld,
  ];
}
