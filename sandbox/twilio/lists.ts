import { json, type SimAnswer } from '../sim/http.ts';
import { TwilioError } from './errors.ts';
import { pathOf } from './resources.ts';

const defaultPageSize = 50;
const largestPageSize = 1_000;

function numberIn(query: URLSearchParams, name: string, fallback: number, least: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new TwilioError(20001, `${name}=${text}`);
  return value;
}

/** One page of Twilio's lists, newest first; the page after it begins behind the last sid of this one. */
export function pageOf<T extends { sid: string }>(
  list: { accountSid: string; name: 'Messages' | 'Calls'; found: readonly T[]; write: (one: T) => object },
  query: URLSearchParams,
): SimAnswer {
  const { accountSid, name, found, write } = list;
  const size = Math.min(numberIn(query, 'PageSize', defaultPageSize, 1), largestPageSize);
  const page = numberIn(query, 'Page', 0, 0);
  const after = query.get('PageToken')?.replace(/^PA/, '');
  const start = after === undefined ? 0 : found.findIndex(({ sid }) => sid === after) + 1;
  const shown = found.slice(start, start + size);
  const uriOf = (more: Record<string, string>): string => {
    const wanted = new URLSearchParams(query);
    wanted.delete('PageToken');
    for (const [key, value] of Object.entries({ PageSize: String(size), ...more })) wanted.set(key, value);
    return `${pathOf(accountSid, name)}?${wanted.toString()}`;
  };
  const last = shown.at(-1);
  const more = last !== undefined && start + size < found.length;
  return json(200, {
    [name.toLowerCase()]: shown.map(write),
    page,
    page_size: size,
    start,
    end: start + Math.max(0, shown.length - 1),
    uri: uriOf({ Page: String(page) }),
    first_page_uri: uriOf({ Page: '0' }),
    next_page_uri: more ? uriOf({ Page: String(page + 1), PageToken: `PA${last.sid}` }) : null,
    previous_page_uri: null,
  });
}

/** Twilio's date filters: a day or a time, GMT. What has no date is in none of them. */
export function withinDates(query: URLSearchParams, name: string, at: number | null): boolean {
  const bound = (key: string): [number, number] | undefined => {
    const text = query.get(key);
    if (text === null) return undefined;
    const from = Date.parse(text);
    if (Number.isNaN(from)) throw new TwilioError(20001, `${key}=${text}`);
    return [from, /^\d{4}-\d{2}-\d{2}$/.test(text) ? from + 86_400_000 - 1 : from];
  };
  const [on, since, until] = [bound(name), bound(`${name}>`), bound(`${name}<`)];
  if (!on && !since && !until) return true;
  if (at === null) return false;
  return (!on || (at >= on[0] && at <= on[1])) && (!since || at >= since[0]) && (!until || at <= until[1]);
}
