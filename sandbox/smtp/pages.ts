import type { SimAnswer } from '../sim/http.ts';
import type { Message } from './inbox.ts';

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function page(title: string, body: string): SimAnswer {
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222 }
  table { border-collapse: collapse; width: 100% }
  th, td { border-bottom: 1px solid #ddd; padding: .5rem; text-align: left; vertical-align: top }
  iframe { border: 1px solid #ccc; height: 70vh; width: 100% }
  pre { background: #f6f6f6; overflow: auto; padding: 1rem; white-space: pre-wrap }
</style>
${body}
</html>`;
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; frame-src 'self'",
    },
    body: html,
  };
}

const time = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, 19);

/** The inbox for a person, newest first. */
export function inboxPage(messages: Message[]): SimAnswer {
  const rows = messages
    .toReversed()
    .map(
      ({ id, receivedAt, to, subject }) =>
        `<tr><td>${time(receivedAt)}</td><td>${escape(to.join(', '))}</td><td><a href="/inbox/${id}">${escape(subject || '(no subject)')}</a></td></tr>`,
    );
  const table = `<table><tr><th>Received (UTC)</th><th>To</th><th>Subject</th></tr>${rows.join('\n')}</table>`;
  const list = rows.length === 0 ? '<p>No mail yet.</p>' : table;
  return page('Inbox', `<h1>Inbox (${messages.length})</h1>\n${list}`);
}

/** One message for a person. Its HTML stands in a frame that runs no scripts. */
export function messagePage(message: Message): SimAnswer {
  const facts = [
    ['From', message.headers.from],
    ['To', message.to.join(', ')],
    ['Received (UTC)', time(message.receivedAt)],
    ['Message-ID', message.messageId],
    ...(message.attachments.length > 0 ? [['Attachments', message.attachments.join(', ')]] : []),
  ].map(([name = '', value = '']) => `<tr><th>${name}</th><td>${escape(value)}</td></tr>`);
  const view = message.html ? `<iframe sandbox title="Message" srcdoc="${escape(message.html)}"></iframe>` : '';
  const text = message.text ? `<h2>As text</h2><pre>${escape(message.text)}</pre>` : '';
  return page(
    message.subject,
    `<p><a href="/">Inbox</a></p>\n<h1>${escape(message.subject || '(no subject)')}</h1>\n<table>${facts.join('\n')}</table>\n${view}\n${text}`,
  );
}
