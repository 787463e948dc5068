import type { Stripe } from 'stripe';
import { missingResource } from '../errors.ts';
import { listOf, one } from '../expand.ts';
import { listPage, listParams } from '../lists.ts';
import { list, text } from '../params.ts';
import { route } from '../route.ts';

const fits = (type: string, wanted: string): boolean =>
  wanted.endsWith('*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted;

export const eventRoutes = [
  route('GET', '/v1/events/:id', one('event'), {}, ({ books, id }): Stripe.Event => {
    const found = books.store.events.get(id);
    if (!found) throw missingResource('event', id, 'id', 404);
    return found;
  }),
  route(
    'GET',
    '/v1/events',
    listOf('event'),
    { ...listParams, type: text(), types: list(text()) },
    (call, { type, types, ...page }): Stripe.ApiList<Stripe.Event> => {
      const wanted = type === undefined ? types : [type];
      return listPage(
        call,
        call.books.store.events,
        page,
        (event) => wanted === undefined || wanted.some((one) => fits(event.type, one)),
      );
    },
  ),
];
