import { platformAccount } from './auth.ts';
import { disputeNow, transactionsNow } from './transactions.ts';
import { booksOf, type World } from './world.ts';

/** What `GET /_sim/objects/:type` shows, by type. Where objects belong to several accounts, each says to which. */
export function objectsOf(world: World): Record<string, () => unknown[]> {
  const { store, accounts } = world;
  const connected = () => [...accounts.keys()].filter((id) => id !== platformAccount);
  return {
    payment_intents: () => store.payment_intents.all(),
    charges: () => store.charges.all(),
    balance_transactions: () => transactionsNow(world),
    payment_methods: () => store.payment_methods.all(),
    events: () => [...accounts.values()].flatMap((account) => account.store.events.all()),
    refunds: () => store.refunds.all(),
    transfers: () => store.transfers.all(),
    transfer_reversals: () => store.transfer_reversals.all(),
    disputes: () => store.disputes.all().flatMap(({ id }) => disputeNow(world, id) ?? []),
    accounts: () => connected().flatMap((id) => accounts.get(id)?.record ?? []),
    payouts: () =>
      [...accounts].flatMap(([account, own]) => own.store.payouts.all().map((payout) => ({ account, ...payout }))),
    connected_balance_transactions: () =>
      connected().flatMap((account) => transactionsNow(booksOf(world, account)).map((own) => ({ account, ...own }))),
  };
}
