/** The pages behind the link in an alert: HTML for whoever opens it on a telephone. Pure. */
import { escapeHtml } from '../contracts/escape-html.ts';
import { explain, minute } from '../contracts/alert-words.ts';
import type { AlertRecord } from '../store/index.ts';

/** Nothing is fetched, and the one form goes back to us. */
export const pagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const style =
  'body{font:17px/1.45 system-ui,sans-serif;max-width:38rem;margin:2rem auto;padding:0 1rem;color:#1f2430}' +
  'h1{font-size:1.4rem}dt{color:#5a6072;font-size:.85rem;margin-top:.9rem}dd{margin:0}' +
  'button{font:inherit;padding:.8rem 1.6rem;border:0;border-radius:.5rem;background:#2b2459;color:#fff;margin-top:1.5rem}';

const page = (title: string, body: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>${escapeHtml(title)}</title><style>${style}</style></head><body><h1>${escapeHtml(title)}</h1>${body}</body></html>`;

const sentence = (text: string) => `<p>${escapeHtml(text)}</p>`;

/** Why the link does nothing, and what to do instead. */
export const faultPages = {
  bad: {
    status: 400,
    html: page(
      'This link is not one of ours',
      sentence('It may have been cut off: open it from the message itself. Nothing was changed.'),
    ),
  },
  old: {
    status: 410,
    html: page(
      'This link is too old',
      sentence(
        'Links in alerts are valid for a day. Open the newest alert, or use: boxoffice alerts ack. Nothing was changed.',
      ),
    ),
  },
  unknown: {
    status: 404,
    html: page(
      'This alert is not on record',
      sentence(
        'Either the database was away when it was sent: try again in a minute. Or it ended more than seven days ago. Nothing was changed.',
      ),
    ),
  },
  away: {
    status: 503,
    html: page('The database does not answer', sentence('Nothing was changed. Try again in a minute.')),
  },
} as const;

const form = (token: string) =>
  `<form method="post" action="/alerts/acknowledge"><input type="hidden" name="token" value="${escapeHtml(token)}"><button>Acknowledge</button></form>`;

/** `token` where acknowledging it is still to be done: opening a link changes nothing, because mail scanners do it, too. */
export function alertPage(
  { incident, message, acknowledged, endedAt }: AlertRecord,
  { token, viewLink }: { token?: string; viewLink?: string | undefined },
): string {
  const { wrong, money, todo } = explain(incident);
  const rows: [string, string][] = [
    ['What is wrong', wrong],
    ['What it means for money', money],
    ['What to do', todo],
    ['Acknowledged', acknowledged ? `${minute(acknowledged.at)} by ${acknowledged.by}` : 'not yet'],
    ['Ended', endedAt === undefined ? 'it goes on' : minute(endedAt)],
  ];
  const shown = rows.map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`).join('');
  const link = viewLink === undefined ? '' : `<p><a href="${escapeHtml(viewLink)}">See it in Temporal's Web UI</a></p>`;
  return page(message, `<dl>${shown}</dl>${link}${token === undefined || acknowledged ? '' : form(token)}`);
}
