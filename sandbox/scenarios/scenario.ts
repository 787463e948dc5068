/** What a scenario is: data and one function. The runner knows no scenario by name. */
import type { Boxoffice, PurchaseHandle } from '../../client/index.ts';
import type { PaymentResult, PurchaseOrder } from '../../contracts/payment.ts';
import type { PurchaseRecord } from '../audit.ts';
import type { World } from '../world.ts';
import type { RunningBoxoffice } from '../boxoffice.ts';
import type { AlarmControl } from './alarm-control.ts';
import type { ProviderControl } from './provider-control.ts';
import type { People } from './people.ts';
import type { OrderWish } from './shop.ts';

export interface ScenarioContext {
  boxoffice: Boxoffice;
  /** An order of the scenario's own: its ids begin with the scenario's name. */
  order: (wish?: OrderWish) => PurchaseOrder;
  /** Who decides and reads over the API, each with a token of their own. */
  people: People;
  /** The outside's record of one purchase, while the scenario runs. */
  recordOf: (order: PurchaseOrder) => Promise<PurchaseRecord>;
  /** Card provider under the scenario's hands. */
  provider: ProviderControl;
  /** Kills and starts parts of the world. Only for scenarios that run `alone`. */
  world: Pick<World, 'kill' | 'start'>;
  /** Starts one more worker; it stays until it is killed. Only for scenarios that run `alone`. */
  addWorker: RunningBoxoffice['addWorker'];
  /** What reaches the person on call, and what they do with it. */
  alarm: AlarmControl;
  /** Tells the person who watches what is going on, in a few words. */
  say: (what: string) => void;
}

/** One attempt to buy, and what the buyer was told in the end. */
export interface Attempt {
  order: PurchaseOrder;
  end: PaymentResult['status'];
}

/** What is compared with the outside's record, summed over the attempts. */
export type Counted = {
  [Name in keyof PurchaseRecord as PurchaseRecord[Name] extends number ? Name : never]: number;
};

/** A finding of the scenario itself, beyond what the records say. */
export interface Finding {
  what: string;
  expected: string | number;
  found: string | number;
}

export interface Outcome {
  /** One sentence for the table. */
  happened: string;
  attempts: Attempt[];
  expected: Partial<Counted>;
  findings?: Finding[];
  /** Ids of other workflows than the purchases, to be looked at. */
  besides?: string[];
  /** What a person would like to look at: a few lines of text. */
  exhibit?: string;
}

export interface Scenario {
  name: string;
  /** What is played, in a few words. */
  title: string;
  /** Kills parts of the world, so that nothing else may run beside it. */
  alone?: boolean;
  run(context: ScenarioContext): Promise<Outcome>;
}

/** The order as it ended for `handle`. */
export async function ended(order: PurchaseOrder, handle: Pick<PurchaseHandle, 'result'>): Promise<Attempt> {
  const { status } = await handle.result();
  return { order, end: status };
}

/** The finding that a list has one value only. */
export const allEqual = (what: string, values: readonly unknown[]): Finding => ({
  what,
  expected: 1,
  found: new Set(values.map((value) => JSON.stringify(value))).size,
});
