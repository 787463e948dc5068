import { invalidRequest } from './errors.ts';
import { disputeNow, transactionNow } from './transactions.ts';
import type { Books } from './world.ts';

export type ObjectType =
  | 'account'
  | 'balance'
  | 'balance_transaction'
  | 'bank_account'
  | 'charge'
  | 'dispute'
  | 'event'
  | 'payment_intent'
  | 'payment_method'
  | 'payout'
  | 'refund'
  | 'transfer'
  | 'transfer_reversal';

/** What an endpoint returns: one object, or a list of them. */
export interface Returns {
  type: ObjectType;
  list: boolean;
}
export const one = (type: ObjectType): Returns => ({ type, list: false });
export const listOf = (type: ObjectType): Returns => ({ type, list: true });

/** The types that a field can refer to; none where it is always null here. */
type Field = readonly ObjectType[];
const alwaysNull: Field = [];

/** What can be expanded. A new resource adds its row here and in {@link find}. */
const expandable: Record<ObjectType, Record<string, Field>> = {
  account: {},
  balance: {},
  balance_transaction: { source: ['charge', 'dispute', 'payout', 'refund', 'transfer', 'transfer_reversal'] },
  bank_account: {},
  charge: {
    application: alwaysNull,
    application_fee: alwaysNull,
    balance_transaction: ['balance_transaction'],
    customer: alwaysNull,
    failure_balance_transaction: alwaysNull,
    on_behalf_of: alwaysNull,
    payment_intent: ['payment_intent'],
    review: alwaysNull,
    source_transfer: ['transfer'],
  },
  dispute: { charge: ['charge'], payment_intent: ['payment_intent'] },
  event: {},
  payment_intent: {
    application: alwaysNull,
    customer: alwaysNull,
    latest_charge: ['charge'],
    on_behalf_of: alwaysNull,
    payment_method: ['payment_method'],
    review: alwaysNull,
  },
  payment_method: { customer: alwaysNull },
  payout: {
    application_fee: alwaysNull,
    balance_transaction: ['balance_transaction'],
    destination: ['bank_account'],
    failure_balance_transaction: ['balance_transaction'],
    original_payout: alwaysNull,
    reversed_by: alwaysNull,
  },
  refund: {
    balance_transaction: ['balance_transaction'],
    charge: ['charge'],
    customer: alwaysNull,
    failure_balance_transaction: ['balance_transaction'],
    payment_intent: ['payment_intent'],
    payment_method: ['payment_method'],
    source_transfer_reversal: alwaysNull,
    transfer_reversal: alwaysNull,
  },
  transfer: {
    balance_transaction: ['balance_transaction'],
    destination: ['account'],
    source_transaction: ['charge'],
  },
  transfer_reversal: {
    balance_transaction: ['balance_transaction'],
    source_refund: alwaysNull,
    transfer: ['transfer'],
  },
};

const find: Record<ObjectType, (books: Books, id: string) => object | undefined> = {
  account: ({ accounts }, id) => accounts.get(id)?.record,
  balance: () => undefined,
  balance_transaction: transactionNow,
  bank_account: ({ accounts }, id) =>
    [...accounts.values()].flatMap(({ record }) => record.external_accounts?.data ?? []).find((bank) => bank.id === id),
  charge: ({ store }, id) => store.charges.get(id),
  dispute: disputeNow,
  event: ({ store }, id) => store.events.get(id),
  payment_intent: ({ store }, id) => store.payment_intents.get(id),
  payment_method: ({ store }, id) => store.payment_methods.get(id),
  payout: ({ store }, id) => store.payouts.get(id),
  refund: ({ store }, id) => store.refunds.get(id),
  transfer: ({ store }, id) => store.transfers.get(id),
  transfer_reversal: ({ store }, id) => store.transfer_reversals.get(id),
};

const refuse = (message: string): Error => invalidRequest(message, { param: 'expand' });

/** Throws the 400 of a path that cannot be expanded, before anything is executed. At most four levels, as at Stripe. */
export function checkExpansion({ type, list }: Returns, paths: string[]): void {
  for (const path of paths) {
    const fields = path.split('.');
    if (fields.length > 4) throw refuse(`You cannot expand more than 4 levels of a property (${path}).`);
    if (list && fields.shift() !== 'data') {
      throw refuse(`This property cannot be expanded (${path}). You may want to try expanding 'data.${path}' instead.`);
    }
    let current: Field = [type];
    for (const field of fields) {
      const candidates = current.flatMap((candidate) => expandable[candidate][field] ?? []);
      const known = current.some((candidate) => Object.hasOwn(expandable[candidate], field));
      if (!known) throw refuse(`This property cannot be expanded (${path}).`);
      current = candidates;
    }
  }
}

interface JsonObject {
  [name: string]: JsonValue;
}
type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

/** A copy as it goes over the wire: later changes of the world do not reach an answer that was given. */
function plain(object: object): JsonObject {
  const copy: JsonObject = JSON.parse(JSON.stringify(object));
  return copy;
}

const isHash = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function expandField(books: Books, type: ObjectType, target: JsonObject, [name = '', ...rest]: string[]): void {
  const value = target[name];
  for (const candidate of expandable[type][name] ?? []) {
    const found = typeof value === 'string' ? find[candidate](books, value) : undefined;
    if (found) target[name] = plain(found);
    const inner = target[name];
    // Also what an earlier path has expanded already.
    if (isHash(inner) && inner['object'] === candidate) {
      if (rest.length > 0) expandField(books, candidate, inner, rest);
      return;
    }
  }
}

/** The object as it is answered, with what `expand[]` asks for; the paths were checked. */
export function answerBody(books: Books, { type, list }: Returns, object: object, paths: string[]): string {
  const copy = plain(object);
  const { data } = copy;
  const targets = list && Array.isArray(data) ? data : [copy];
  for (const path of paths) {
    const fields = path.split('.').slice(list ? 1 : 0);
    for (const target of targets) if (isHash(target)) expandField(books, type, target, fields);
  }
  return JSON.stringify(copy, null, 2);
}
