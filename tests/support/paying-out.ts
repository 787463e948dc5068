/** Payouts of a shop's venue, with the hands of the bank on them, and what provider and books say of its money. */
import { randomBytes } from 'node:crypto';
import type { Stripe } from 'stripe';
import type { RequestedPayout } from '../../client/index.ts';
import type { PayoutRequest, PayoutResult } from '../../contracts/payout.ts';
import type { VenueBody } from '../../contracts/schema/setup.ts';
import { createPool, type Pool } from '../../infrastructure/postgres.ts';
import { until } from '../../sandbox/processes/until.ts';
import { simulatorAt } from './faults.ts';
import type { Shop } from './purchases.ts';

/** Minor units at one moment. */
export interface VenueMoney {
  connected: number;
  inTransit: number;
}

export interface PayoutDesk {
  account: string;
  /** All that is available, under an id of its own, unless changed. */
  request(change?: Partial<PayoutRequest>): Promise<RequestedPayout>;
  /** Payouts at the provider of the venue's account, whatever became of them. */
  atProvider(): Promise<Stripe.Payout[]>;
  transfers(): Promise<Stripe.Transfer[]>;
  /** The provider's payout of a workflow, once it exists. */
  made(workflowId: string): Promise<Stripe.Payout>;
  /** The bank decides; its webhook goes to the API. */
  decide(payout: Stripe.Payout, outcome: 'pay' | 'fail'): Promise<void>;
  /** As Stripe's onboarding does; its webhook goes to the API. */
  setPayoutsEnabled(enabled: boolean): Promise<void>;
  /** The ledger's and the provider's figures of the venue. */
  money(): Promise<{ ledger: VenueMoney; provider: VenueMoney }>;
  /** The venue as the API has it. */
  putVenue(change?: Partial<VenueBody>): Promise<void>;
  close(): Promise<void>;
}

const withinMs = 30_000;

async function control<T>(stripe: string, name: string, body: object): Promise<T> {
  const response = await fetch(`${stripe}/_sim/${name}`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`the simulator refused ${name}: ${await response.text()}`);
  return (await response.json()) as T;
}

export async function openPayoutDesk(shop: Shop, venue: Partial<VenueBody> = {}): Promise<PayoutDesk> {
  const { endpoints, boxoffice, tenantId, venueId } = shop;
  const { stripe } = endpoints;
  const { currency = 'USD' } = venue;
  const pool: Pool = createPool({ url: endpoints.postgresOwner, max: 2, applicationName: 'payout-desk' });
  const account = `acct_${randomBytes(6).toString('hex')}`;
  await control(stripe, 'accounts', { id: account, currency: currency.toLowerCase() });
  const putVenue: PayoutDesk['putVenue'] = (change = {}) =>
    boxoffice.venues.put(venueId, {
      name: 'The Venue', currency, feeBasisPoints: 500, feeFixed: 0, reserveBasisPoints: 1_000,
      connectedAccount: account, payoutApproval: { one: 1_000_000_000, two: 1_000_000_000 }, ...change,
    }); // prettier-ignore
  await putVenue({ payoutsEnabled: true, ...venue });

  const simulator = simulatorAt(stripe);
  /** The simulator's objects of connected accounts say whose they are. */
  const own = async <T>(type: string) =>
    (await simulator.objects<T & { account: string }>(type)).filter((object) => object.account === account);
  const atProvider = () => own<Stripe.Payout>('payouts');

  return {
    account,
    putVenue,
    request: (change = {}) =>
      boxoffice.payouts.request({
        tenantId, payoutId: `p-${randomBytes(5).toString('hex')}`, venueId, reason: 'weekly', requestedBy: 'clerk-7',
        ...change,
      }), // prettier-ignore
    atProvider,
    transfers: async () =>
      (await simulator.objects<Stripe.Transfer>('transfers')).filter(({ destination }) => destination === account),
    made: async (workflowId) => {
      let found: Stripe.Payout | undefined;
      const is = async () =>
        (found = (await atProvider()).find(({ metadata }) => metadata?.['workflow'] === workflowId)) !== undefined;
      if (!(await until(is, { withinMs })) || !found) throw new Error(`the provider has no payout of ${workflowId}`);
      return found;
    },
    decide: async ({ id }, outcome) => void (await control(stripe, 'payouts', { id, outcome })),
    setPayoutsEnabled: async (payoutsEnabled) =>
      void (await control(stripe, 'accounts', { id: account, payoutsEnabled })),
    money: async () => {
      const { rows } = await pool.query<{ account: string; sum: number }>(
        `select account, sum(amount)::bigint as sum from ledger_entries
         where tenant_id = $1 and venue_id = $2 and account in ('connected_balance', 'in_transit') group by account`,
        [tenantId, venueId],
      );
      const booked = (name: string) => rows.find((row) => row.account === name)?.sum ?? 0;
      const transactions = await own<Stripe.BalanceTransaction>('connected_balance_transactions');
      const underWay = (await atProvider()).filter(({ status }) => status === 'pending' || status === 'in_transit');
      return {
        ledger: { connected: booked('connected_balance'), inTransit: booked('in_transit') },
        provider: {
          connected: transactions.reduce((sum, { net }) => sum + net, 0),
          inTransit: underWay.reduce((sum, { amount }) => sum + amount, 0),
        },
      };
    },
    close: () => pool.end(),
  };
}

export const resultOf = (payout: RequestedPayout): Promise<PayoutResult> => payout.result({ deadlineMs: 60_000 });
