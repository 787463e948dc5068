import { invalidRequest } from './errors.ts';
import { transactionNow } from './transactions.ts';
import type { World } from './world.ts';

export type ObjectType = 'balance' | 'balance_transaction' | 'charge' | 'event' | 'payment_intent' | 'payment_method';

/** What an endpoint returns: one object, or a list of them. */
export interface Returns {
  type: ObjectType;
  list: boolean;
}
export const one = (type: ObjectType): Returns => ({ type, list: false });
export const listOf = (type: ObjectType): Returns => ({ type, list: true });

type Field = ObjectType | 'always null here';

/** What can be expanded. A new resource adds its row here and in {@link find}. */
const expandable: Record<ObjectType, Record<string, Field>> = {
  balance: {},
  balance_transaction: { source: 'charge' },
  charge: {
    application: 'always null here',
    application_fee: 'always null here',
    balance_transaction: 'balance_transaction',
    customer: 'always null here',
    failure_balance_transaction: 'always null here',
    on_behalf_of: 'always null here',
    payment_intent: 'payment_intent',
    review: 'always null here',
    source_transfer: 'always null here',
  },
  event: {},
  payment_intent: {
    application: 'always null here',
    customer: 'always null here',
    latest_charge: 'charge',
    on_behalf_of: 'always null here',
    payment_method: 'payment_method',
    review: 'always null here',
  },
  payment_method: { customer: 'always null here' },
};

const find: Record<ObjectType, (world: World, id: string) => object | undefined> = {
  balance: () => undefined,
  balance_transaction: transactionNow,
  charge: ({ store }, id) => store.charges.get(id),
  event: ({ store }, id) => store.events.get(id),
  payment_intent: ({ store }, id) => store.payment_intents.get(id),
  payment_method: ({ store }, id) => store.payment_methods.get(id),
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
    let current: Field = type;
    for (const field of fields) {
      const next: Field | undefined = current === 'always null here' ? undefined : expandable[current][field];
      if (next === undefined) throw refuse(`This property cannot be expanded (${path}).`);
      current = next;
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

function expandField(world: World, type: ObjectType, target: JsonObject, [name = '', ...rest]: string[]): void {
  const field = expandable[type][name];
  if (field === undefined || field === 'always null here') return;
  const value = target[name];
  const object = typeof value === 'string' ? find[field](world, value) : undefined;
  if (object) target[name] = plain(object);
  const inner = target[name];
  if (rest.length > 0 && typeof inner === 'object' && inner !== null && !Array.isArray(inner)) {
    expandField(world, field, inner, rest);
  }
}

/** The object as it is answered, with what `expand[]` asks for; the paths were checked. */
export function answerBody(world: World, { type, list }: Returns, object: object, paths: string[]): string {
  const copy = plain(object);
  const { data } = copy;
  const targets = list && Array.isArray(data) ? data : [copy];
  for (const path of paths) {
    const fields = path.split('.').slice(list ? 1 : 0);
    for (const target of targets) {
      if (typeof target === 'object' && target !== null && !Array.isArray(target)) {
        expandField(world, type, target, fields);
      }
    }
  }
  return JSON.stringify(copy, null, 2);
}
