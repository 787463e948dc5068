/** The stages of a payout of all that a venue has, and how to get there. Each run has a venue of its own. */
import { isDeepStrictEqual } from 'node:util';
import { callApi } from '../../../client/http.ts';
import { payoutWorkflowId } from '../../../contracts/ids.ts';
import type { OpenPayoutStage } from '../../../contracts/payout.ts';
import type { VenueBody } from '../../../contracts/schema/setup.ts';
import type { VenueBalances } from '../../../store/payout-reads.ts';
import { openPayoutDesk, type PayoutDesk } from '../../support/paying-out.ts';
import { proxyGate, simulatorGate } from './gates.ts';
import { decide } from './people.ts';
import { sell } from './purchase-stages.ts';
import { eventually, type Judged, money, type Stage, waitingAt } from './stage.ts';
import type { RowName } from './table.ts';
import type { StagesWorld } from './world.ts';

interface Venue {
  desk: PayoutDesk;
  sold: Awaited<ReturnType<typeof sell>>;
  workflowId: string;
  payoutId: string;
}

let venues = 0;

/** A venue with one sale, whose money is available at once. */
async function openVenue(world: StagesWorld, change: Partial<VenueBody> = {}): Promise<Venue> {
  const { shop } = world;
  venues += 1;
  const place = { venueId: `${shop.venueId}-${venues}`, eventId: `${shop.eventId}-${venues}` };
  const desk = await openPayoutDesk({ ...shop, ...place }, change);
  await shop.boxoffice.events.put(place.eventId, {
    venueId: place.venueId,
    name: 'The Event',
    endsAt: '2027-06-01T22:00:00Z',
    salesOpen: true,
  });
  const sold = await sell(world, { ...place, paymentMethod: 'pm_card_bypassPending' });
  const payoutId = `p-${place.venueId}`;
  return { desk, sold, payoutId, workflowId: payoutWorkflowId(shop.tenantId, payoutId) };
}

/** What provider and books say of the venue's money, once its payout has ended. The desk's connections end by themselves when idle. */
async function judgeVenue({ shop }: StagesWorld, { desk, sold }: Venue): Promise<Judged> {
  const { api, tokens } = shop.endpoints;
  const access = { url: api, token: tokens[shop.tenantId]!['admin']! };
  const balance = callApi(access, 'GET', `/venues/${sold.order.venueId}/balance`) as Promise<VenueBalances>;
  const { payable, inPayout, inTransit } = await balance;
  const [{ ledger, provider }, transfers, payouts] = await Promise.all([
    desk.money(),
    desk.transfers(),
    desk.atProvider(),
  ]);
  const paid = payouts.filter(({ status }) => status === 'paid').reduce((sum, { amount }) => sum + amount, 0);
  const wrongs = [
    ...(isDeepStrictEqual(ledger, provider)
      ? []
      : [`books ${JSON.stringify(ledger)}, provider ${JSON.stringify(provider)}`]),
    ...(transfers.length <= 1 && payouts.length <= 1
      ? []
      : [`${transfers.length} transfers, ${payouts.length} payouts`]),
    ...(inPayout === 0 && inTransit === 0 ? [] : [`${inPayout} reserved and ${inTransit} in transit after the end`]),
  ];
  const lines = [`paid out ${money(paid)}`, `owed ${money(payable)}`, `in its account ${money(provider.connected)}`];
  return { lines, wrongs };
}

export function payoutStages(world: StagesWorld): Record<RowName & `payout ${string}`, Stage> {
  const { shop, books, relay } = world;
  const { stripe } = shop.endpoints;

  const untilStage = async ({ payoutId }: Venue, isThere: (stage: string) => boolean) => {
    const handle = shop.boxoffice.payouts.get(shop.tenantId, payoutId);
    const stands = async () => isThere((await handle.status()).stage);
    await eventually(`where ${payoutId} should stand`, stands);
  };
  const at = (venue: Venue, wanted: OpenPayoutStage) => untilStage(venue, (stage) => stage === wanted);

  /** The bank pays as soon as it has been asked to, unless that is what a run is about. */
  const subjectOf = (venue: Venue, { change = {}, unpaid }: { change?: { amount?: number }; unpaid?: true } = {}) => ({
    workflowId: venue.workflowId,
    run: async () => {
      const payout = await venue.desk.request({ payoutId: venue.payoutId, ...change });
      const end = payout.result();
      // It may end before it gets there.
      const paid = async () => {
        await Promise.race([at(venue, 'in transit'), end]);
        const [made] = await venue.desk.atProvider();
        if (made?.status === 'pending') await venue.desk.decide(made, 'pay');
      };
      const [result] = await Promise.all([end, unpaid ? undefined : paid()]);
      return result;
    },
    more: () => judgeVenue(world, venue),
    purchase: () => venue.sold,
  });
  const calls = ({ workflowId }: Venue, step: 'transfer' | 'payout') =>
    simulatorGate(stripe, { method: 'POST', keyRegex: `^${workflowId}/${step}/` });
  const claims = ({ workflowId }: Venue) => proxyGate(books, [workflowId, 'insert into idempotency_keys']);

  return {
    'payout reserve': {
      recording: true,
      wave: 3,
      prepare: async (column) => {
        const venue = await openVenue(world);
        const change = column === 'decline' ? { amount: venue.sold.order.amount } : {};
        return { ...subjectOf(venue, { change }), gate: claims(venue) };
      },
    },
    'payout wait': {
      wave: 1,
      prepare: async (column) => {
        const venue = await openVenue(world, { payoutsEnabled: false });
        const act = async () => {
          if (column === 'cancel') return;
          // Only what is seen to wait is told, and that is seen a little later than it waits.
          await untilStage(venue, (stage) => {
            if (stage !== 'waiting') return true;
            void venue.desk.setPayoutsEnabled(true);
            return false;
          });
        };
        const waiting = waitingAt(column, { arrived: () => at(venue, 'waiting'), act, next: () => claims(venue) });
        return { ...subjectOf(venue), ...waiting, eventsAbout: venue.desk.account };
      },
    },
    'payout approve': {
      wave: 1,
      prepare: async (column) => {
        const venue = await openVenue(world, { payoutApproval: { one: 0, two: 0 } });
        const { workflowId } = venue;
        const act = async () => {
          if (column === 'cancel') return;
          if (column === 'decline') return decide(shop, { workflowId, decision: 'reject', by: 'approver' });
          for (const by of ['approver', 'approver2']) await decide(shop, { workflowId, decision: 'approve', by });
        };
        const next = () => proxyGate(books, [workflowId, 'insert into decisions']);
        const waiting = waitingAt(column, { arrived: () => at(venue, 'awaiting approval'), act, next });
        return { ...subjectOf(venue), ...waiting };
      },
    },
    'payout transfer': {
      wave: 1,
      prepare: async (column) => {
        const venue = await openVenue(world);
        // The account is gone, and nobody has told us.
        if (column === 'decline') await venue.desk.putVenue({ payoutsEnabled: true, connectedAccount: 'acct_gone' });
        return { ...subjectOf(venue), gate: calls(venue, 'transfer') };
      },
    },
    'payout pay': {
      wave: 1,
      prepare: async (column) => {
        const venue = await openVenue(world);
        if (column === 'decline') {
          // The provider pays that account out no more, and the event that says so is lost.
          relay.deliver(venue.desk.account, 'never');
          await venue.desk.setPayoutsEnabled(false);
        }
        return { ...subjectOf(venue), gate: calls(venue, 'payout') };
      },
    },
    'payout follow': {
      wave: 1,
      prepare: async (column) => {
        const venue = await openVenue(world);
        const { desk, workflowId } = venue;
        const act = async () => desk.decide(await desk.made(workflowId), column === 'decline' ? 'fail' : 'pay');
        const next = async () => {
          const { id } = await desk.made(workflowId);
          return simulatorGate(stripe, { method: 'GET', path: `/v1/payouts/${id}` });
        };
        const waiting = waitingAt(column, { arrived: () => at(venue, 'in transit'), act, next });
        return { ...subjectOf(venue, { unpaid: true }), ...waiting };
      },
    },
  };
}
