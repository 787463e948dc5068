import type { Stripe } from 'stripe';
import { platformAccount } from '../auth.ts';
import { accountInvalid } from '../errors.ts';
import { accountEvent } from '../events.ts';
import { listOf, one } from '../expand.ts';
import { newId } from '../ids.ts';
import { listPage, listParams } from '../lists.ts';
import { route } from '../route.ts';
import { Collection, createStore } from '../store.ts';
import { type Account, type Call, nobody, type World } from '../world.ts';

export interface AccountSpec {
  id?: string;
  payoutsEnabled?: boolean;
  /** Of its balance and its bank account. */
  currency?: string;
}

const countries: Record<string, string> = { eur: 'DE', gbp: 'GB', jpy: 'JP', chf: 'CH', cad: 'CA', aud: 'AU' };

const nothingDue = (payoutsEnabled: boolean): Stripe.Account.Requirements => ({
  alternatives: [],
  current_deadline: null,
  currently_due: [],
  disabled_reason: payoutsEnabled ? null : 'requirements.past_due',
  errors: [],
  eventually_due: [],
  past_due: [],
  pending_verification: [],
});

function bankAccount(account: string, country: string, currency: string): Stripe.BankAccount {
  return {
    id: newId('ba'),
    object: 'bank_account',
    account,
    account_holder_name: null,
    account_holder_type: null,
    account_type: null,
    available_payout_methods: ['standard'],
    bank_name: 'STRIPE TEST BANK',
    country,
    currency,
    default_for_currency: true,
    fingerprint: `sim${account}`,
    last4: '6789',
    metadata: {},
    routing_number: '110000000',
    status: 'new',
  };
}

/** Payouts are on a manual schedule: none happens by itself. */
const settings: Stripe.Account.Settings = {
  branding: { icon: null, logo: null, primary_color: null, secondary_color: null },
  card_payments: {
    statement_descriptor_prefix: null,
    statement_descriptor_prefix_kana: null,
    statement_descriptor_prefix_kanji: null,
  },
  dashboard: { display_name: null, timezone: 'Etc/UTC' },
  payments: {
    statement_descriptor: null,
    statement_descriptor_kana: null,
    statement_descriptor_kanji: null,
    statement_descriptor_prefix_kana: null,
    statement_descriptor_prefix_kanji: null,
  },
  payouts: {
    debit_negative_balances: false,
    schedule: { delay_days: 2, interval: 'manual' },
    statement_descriptor: null,
  },
};

/** An account as the platform sees it: onboarded, able to take transfers. */
export function newAccount(
  created: number,
  { id = newId('acct'), payoutsEnabled = true, currency = 'usd' }: AccountSpec,
): Account {
  const country = countries[currency] ?? 'US';
  const record = {
    id,
    object: 'account' as const,
    business_type: null,
    capabilities: { transfers: 'active' },
    charges_enabled: true,
    controller: {
      fees: { payer: 'application' },
      is_controller: true,
      losses: { payments: 'application' },
      requirement_collection: 'application',
      stripe_dashboard: { type: 'none' },
      type: 'application',
    },
    country,
    created,
    default_currency: currency,
    details_submitted: true,
    email: null,
    external_accounts: {
      object: 'list' as const,
      data: [bankAccount(id, country, currency)],
      has_more: false,
      url: `/v1/accounts/${id}/external_accounts`,
    },
    metadata: {},
    payouts_enabled: payoutsEnabled,
    requirements: nothingDue(payoutsEnabled),
    settings,
    type: 'none',
  };
  return { record, store: createStore() };
}

/** Connects an account, or changes a connected one; a change is told by `account.updated`. */
export function putAccount(world: World, spec: AccountSpec): Stripe.Account {
  const known = world.accounts.get(spec.id ?? '');
  if (!known) {
    const account = newAccount(world.clock.seconds(), spec);
    world.accounts.set(account.record.id, account);
    return account.record;
  }
  const { record } = known;
  record.payouts_enabled = spec.payoutsEnabled ?? record.payouts_enabled;
  record.requirements = nothingDue(record.payouts_enabled);
  accountEvent(world, nobody, record);
  return record;
}

function accountOf({ world, id }: Call): Stripe.Account {
  const found = world.accounts.get(id);
  if (!found) throw accountInvalid(id);
  return found.record;
}

export const accountRoutes = [
  route('GET', '/v1/accounts/:id', one('account'), {}, accountOf),
  route('GET', '/v1/accounts', listOf('account'), listParams, (call, page): Stripe.ApiList<Stripe.Account> => {
    const connected = new Collection<Account['record']>();
    for (const { record } of call.world.accounts.values()) if (record.id !== platformAccount) connected.add(record);
    return listPage(call, connected, page);
  }),
];

export const ownAccountRoutes = [
  route('GET', '/v1/account', one('account'), {}, ({ world, account }): Stripe.Account => {
    const found = world.accounts.get(account);
    if (!found) throw accountInvalid(account);
    return found.record;
  }),
];
