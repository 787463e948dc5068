import type { Stripe } from 'stripe';
import { missingResource } from './errors.ts';
import { integer, text, type TimeRange, timeRange } from './params.ts';
import type { Collection } from './store.ts';
import type { Call } from './world.ts';

/** What every list takes. */
export const listParams = {
  limit: integer({ min: 1, max: 100 }),
  starting_after: text(),
  ending_before: text(),
  created: timeRange,
};

interface Page {
  limit?: number;
  starting_after?: string;
  ending_before?: string;
  created?: TimeRange;
}

/** Whether a time, in epoch seconds, is in a range. */
export function inRange(time: number, { gt, gte, lt, lte }: TimeRange): boolean {
  return (
    (gt === undefined || time > gt) &&
    (gte === undefined || time >= gte) &&
    (lt === undefined || time < lt) &&
    (lte === undefined || time <= lte)
  );
}

/** One page, newest first. `ending_before` gives the page just before that object, in the same order. */
export function listPage<T extends { id: string; created: number }>(
  call: Call,
  collection: Collection<T>,
  page: Page,
  where: (object: T) => boolean = () => true,
): Stripe.ApiList<T> {
  const newest = collection.all().toReversed();
  const fits = (object: T): boolean => where(object) && inRange(object.created, page.created ?? {});
  const limit = page.limit ?? 10;
  const cut = (id: string, param: string): number => {
    const index = newest.findIndex((object) => object.id === id);
    if (index < 0) throw missingResource('object', id, param, 400);
    return index;
  };
  const answer = (data: T[], more: boolean): Stripe.ApiList<T> => ({
    object: 'list',
    data,
    has_more: more,
    url: call.url,
  });
  if (page.ending_before !== undefined) {
    const before = newest.slice(0, cut(page.ending_before, 'ending_before')).filter(fits);
    return answer(before.slice(-limit), before.length > limit);
  }
  const from = page.starting_after === undefined ? 0 : cut(page.starting_after, 'starting_after') + 1;
  const after = newest.slice(from).filter(fits);
  return answer(after.slice(0, limit), after.length > limit);
}
