/** The property itself: whatever is done at once to the money of three venues, the outside finds nothing wrong. */
import * as fc from 'fast-check';
import { createPool, type Pool } from '../../infrastructure/postgres.ts';
import { until } from '../../sandbox/processes/until.ts';
import { wrongsOfBalances, wrongsOfVenue } from './money-checks.ts';
import { playMoney, type VenuePlay } from './money-play.ts';
import { moneyCurrencies, moneyScript } from './money-script.ts';
import { seedOf } from './property-seed.ts';
import { openShop, type ShopEndpoints } from './purchases.ts';

const withinMs = 60_000;

/**
 * The platform's own money: it bears the fees of the provider and of disputes, and without it a payout would wait for funds.
 * Its event's fee is all there is.
 */
async function fund(endpoints: ShopEndpoints): Promise<void> {
  const shop = await openShop(endpoints);
  try {
    await Promise.all(
      moneyCurrencies.map(async (currency) => {
        const [venueId, eventId] = [`${shop.venueId}-${currency}`, `${shop.eventId}-${currency}`];
        const policy = { feeBasisPoints: 10_000, feeFixed: 0, reserveBasisPoints: 0 };
        await shop.boxoffice.venues.put(venueId, { name: 'The House', currency, ...policy });
        await shop.boxoffice.events.put(eventId, { venueId, name: 'All of it', endsAt: '2027-06-01T22:00:00Z', salesOpen: true }); // prettier-ignore
        const order = shop.order({ venueId, eventId, currency, price: 50_000_000, paymentMethod: 'pm_card_bypassPending' }); // prettier-ignore
        const { status } = await (await shop.boxoffice.payments.purchase(order, { deadlineMs: withinMs })).result();
        if (status !== 'completed') throw new Error(`the platform has no money: ${status}`);
      }),
    );
  } finally {
    await shop.close();
  }
}

/** One more payout each, of all there is: the books have to be right while it is on its way, too. */
async function lookUnderWay(plays: readonly VenuePlay[], pool: Pool): Promise<string[]> {
  const wrongs: string[] = [];
  await Promise.all(
    plays.map(async (play) => {
      const payout = await play.desk.request();
      await play.finish(payout, 'pays', async () => {
        const shows = async () => ['in transit', 'rejected'].includes((await payout.status()).stage);
        if (!(await until(shows, { withinMs }))) wrongs.push(`${payout.payoutId} is ${(await payout.status()).stage}`);
        wrongs.push(...(await wrongsOfBalances(play, pool)));
      });
    }),
  );
  return wrongs;
}

function counted(ends: readonly string[]): string {
  const counts: Record<string, number> = {};
  for (const end of ends) counts[end] = (counts[end] ?? 0) + 1;
  return JSON.stringify(counts);
}

const endOf = ({ result, returned }: { result: { status: string }; returned: boolean }) =>
  returned ? `${result.status}, then returned` : result.status;

/** So that a run shows what it had to do with. */
const told = (plays: readonly VenuePlay[]) =>
  [
    `purchases ${counted(plays.flatMap(({ purchases }) => purchases.map(({ end }) => end.status)))}`,
    `refunds ${counted(plays.flatMap(({ refunds }) => refunds.map(endOf)))}`,
    `payouts ${counted(plays.flatMap(({ payouts }) => payouts.map(endOf)))}`,
    `disputes ${plays.flatMap(({ disputes }) => disputes).length}`,
  ].join(' · ');

/** Plays `scripts` scripts of `commands` commands, one after another. @throws Error with seed and script of the one that failed */
export async function moneyHolds(
  endpoints: ShopEndpoints,
  { scripts, commands }: { scripts: number; commands: number },
): Promise<void> {
  const pool = createPool({ url: endpoints.postgresOwner, max: 2, applicationName: 'money-properties' });
  try {
    await fund(endpoints);
    const property = fc.asyncProperty(moneyScript(commands), async (script) => {
      const startedAt = performance.now();
      const plays = await playMoney(endpoints, script);
      try {
        const underWay = await lookUnderWay(plays, pool);
        const ended: string[] = [];
        for (const play of plays) ended.push(...(await wrongsOfVenue(play, pool)));
        const wrongs = [...underWay, ...ended, ...(await plays[0]!.shop.wrongsOfWorld())];
        console.info(`${((performance.now() - startedAt) / 1_000).toFixed(1)} s: ${told(plays)}`);
        if (wrongs.length > 0) throw new Error(wrongs.join('\n'));
      } finally {
        await Promise.all(plays.map((play) => play.close()));
      }
    });
    await fc.assert(property, seedOf(scripts));
  } finally {
    await pool.end();
  }
}
