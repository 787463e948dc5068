import type { SimAnswer } from '../sim/http.ts';
import type { Account } from './account.ts';
import type { Call } from './resources.ts';

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function page(title: string, body: string): SimAnswer {
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    },
    body: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222 }
  table { border-collapse: collapse; width: 100% }
  th, td { border-bottom: 1px solid #ddd; padding: .5rem; text-align: left; vertical-align: top }
  td.text { overflow-wrap: anywhere; white-space: pre-wrap }
  pre { background: #f6f6f6; overflow: auto; padding: 1rem; white-space: pre-wrap }
</style>
${body}
</html>`,
  };
}

const time = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, 19);

function table(head: readonly string[], rows: readonly string[]): string {
  return `<table><tr>${head.map((name) => `<th>${name}</th>`).join('')}</tr>${rows.join('\n')}</table>`;
}

const listOf = (rows: string[], what: string) =>
  rows.length === 0 ? `<p>None yet.</p>` : table(['Taken (UTC)', 'To', what, 'Status'], rows);

/** Text messages and calls for a person, newest first. */
export function inboxPage({ messages, calls }: Account): SimAnswer {
  const texts = messages
    .toReversed()
    .map(
      ({ createdAt, to, body, status, errorCode }) =>
        `<tr><td>${time(createdAt)}</td><td>${escape(to)}</td><td class="text">${escape(body)}</td><td>${status}${errorCode === null ? '' : ` (${errorCode})`}</td></tr>`,
    );
  const rings = calls
    .toReversed()
    .map(
      ({ sid, createdAt, to, status }) =>
        `<tr><td>${time(createdAt)}</td><td>${escape(to)}</td><td><a href="/_sim/inbox/${sid}">what is said</a></td><td>${status}</td></tr>`,
    );
  return page(
    'Text messages',
    `<h1>Text messages (${texts.length})</h1>\n${listOf(texts, 'Text')}\n<h1>Calls (${rings.length})</h1>\n${listOf(rings, 'Call')}`,
  );
}

/** One call's instructions. */
export const callPage = ({ to, instructions }: Call): SimAnswer =>
  page(
    'Call',
    `<p><a href="/_sim/inbox">All</a></p>\n<h1>Call to ${escape(to)}</h1>\n<pre>${escape(instructions)}</pre>`,
  );
