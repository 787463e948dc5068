import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { fill } from '../../activities/providers/mail/fill.ts';
import { messageIdOf, parseSender } from '../../activities/providers/mail/message-id.ts';
import { type MailData, renderMail } from '../../activities/providers/mail/render.ts';
import { escapeHtml } from '../../contracts/escape-html.ts';
import { compileTemplate, compileTemplates } from '../../scripts/build-mail.ts';

type Receipt = MailData['ticket-confirmation'];

const receipt = (changes: Partial<Receipt> = {}): Receipt => ({
  venueName: 'Harbour Hall',
  eventName: 'Organ Night',
  eventEndsAt: '2027-06-01T22:00:00Z',
  orderId: 'order-1',
  paidAt: '2027-03-14T18:21:07.120Z',
  currency: 'USD',
  amount: 5_935,
  tickets: [{ ticketId: 't-1', seatId: 'B-14', price: 5_500, tokenId: '9'.repeat(60) + '123456' }],
  charges: [
    { kind: 'fee', amount: 450 },
    { kind: 'tax', amount: 485 },
    { kind: 'discount', amount: -500 },
  ],
  transactionHash: `0x${'ab'.repeat(32)}`,
  supportAddress: 'help@harbour.example',
  ...changes,
});

const render = (changes?: Partial<Receipt>) => renderMail('ticket-confirmation', receipt(changes));

/** The texts of a table's rows, cell by cell. */
const cells = (html: string) =>
  [...html.matchAll(/<t[dh][^>]*?>([\s\S]*?)<\/t[dh]>/g)].map(([, inner]) =>
    inner!
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
  );

const tags = (html: string) => html.match(/<[a-z!/][^\s>]*/gi);

describe('the receipt', () => {
  it('names the order, the tickets, every line, the total and the transaction', () => {
    const { subject, html, text } = render();
    expect(subject).toBe('Your receipt: 1 ticket for Organ Night');
    for (const expected of [
      'Harbour Hall',
      'order-1',
      '14 March 2027 at 18:21 UTC',
      '1 June 2027 at 22:00 UTC',
      'Seat B-14',
      'Ticket t-1',
      'token 999999…123456',
      '55.00 USD',
      '4.50 USD',
      '4.85 USD',
      '-5.00 USD',
      '59.35 USD',
      `0x${'ab'.repeat(32)}`,
      'Your card was charged 59.35 USD.',
      'help@harbour.example',
    ]) {
      expect(html).toContain(expected);
      expect(text).toContain(expected);
    }
    expect(html).toContain('href="mailto:help@harbour.example"');
    expect(html).toContain('There is nothing you need to do');
  });

  it('has a row for each of twenty tickets and stays below the size at which Gmail cuts', () => {
    const tickets = Array.from({ length: 20 }, (_, index) => ({
      ticketId: `t-${index + 1}`,
      ...(index % 2 ? { seatId: `A-${index + 1}` } : {}),
      price: 1_000 + index,
      tokenId: String(10n ** 76n + BigInt(index)),
    }));
    const { subject, html, text } = render({ tickets, charges: [], amount: 20_190 });
    expect(subject).toBe('Your receipt: 20 tickets for Organ Night');
    const shown = cells(html);
    for (const [index, ticket] of tickets.entries()) {
      const seat = ticket.seatId === undefined ? 'No assigned seat' : `Seat ${ticket.seatId}`;
      const token = `100000…${String(index).padStart(6, '0')}`;
      const price = `10.${String(index).padStart(2, '0')} USD`;
      const row = shown.findIndex((cell) => cell === `${seat} Ticket ${ticket.ticketId} · token ${token}`);
      expect(shown[row + 1], ticket.ticketId).toBe(price);
      expect(text).toContain(`- Ticket ${ticket.ticketId}, ${seat}, token ${token}: ${price}\n`);
    }
    expect(Buffer.byteLength(html)).toBeLessThan(60_000);
  });

  it.each([
    ['JPY', 12_345, '12345 JPY'],
    ['KWD', 12_340, '12.340 KWD'],
    ['USD', 5, '0.05 USD'],
  ] as const)('writes an amount of %s with its own exponent', (currency, amount, written) => {
    const { html, text } = render({ currency, amount, charges: [{ kind: 'fee', amount }] });
    for (const part of [html, text]) expect(part.split(written).length - 1).toBeGreaterThanOrEqual(3);
    expect(cells(html)).toContain(written);
  });

  it('says that nothing was charged for a purchase of 0', () => {
    const { html, text } = render({ amount: 0, charges: [] });
    expect(html).toContain('Nothing was charged.');
    expect(text).toContain('Total: 0.00 USD');
    expect(html).not.toContain('Your card was charged');
  });

  it('is the same bytes each time, leaves no placeholder and fetches nothing', () => {
    const mail = render();
    expect(render()).toEqual(mail);
    for (const part of Object.values(mail)) expect(part).not.toMatch(/\{\{|\}\}|undefined|\[object/);
    expect(mail.html).not.toMatch(/(?:src|href)="(?!mailto:)|url\(|@import|<script/);
  });

  it('has a language, one heading, and headed tables', () => {
    const { html } = render();
    expect(html).toMatch(/<html lang="en"/);
    expect(html.match(/<h1/g)).toHaveLength(1);
    expect(html.match(/<th scope="col"/g)).toHaveLength(2);
    expect(html).toContain('<title>Your receipt: 1 ticket for Organ Night</title>');
  });
});

describe('what somebody else wrote', () => {
  const nasty = `<script>alert(1)</script>"' onload='x' & {{total}} {{#tickets}}`;

  it('is text in the HTML, in every field', () => {
    const clean = render();
    const { html } = render({
      eventName: nasty,
      venueName: nasty,
      orderId: nasty,
      transactionHash: nasty,
      supportAddress: nasty,
      tickets: [{ ticketId: nasty, seatId: nasty, price: 1, tokenId: '1' }],
    });
    expect(html).not.toMatch(/<script|["']\s*onload=/);
    expect(html).toContain(
      '&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; onload=&#39;x&#39; &amp; {{total}} {{#tickets}}',
    );
    expect(tags(html)).toEqual(tags(clean.html));
  });

  it('cannot add a header or a line', () => {
    const forged = 'Night\r\nBcc: eve@evil.example\r\n\r\nTotal: 0.00 USD\u2028x\u0000y\u202Ez';
    const { subject, text } = render({ eventName: forged });
    expect(subject).toBe('Your receipt: 1 ticket for Night Bcc: eve@evil.example Total: 0.00 USD x y z');
    expect(text.match(/^(Bcc|Total):/gm)).toEqual(['Total:']);
  });
});

describe('the template language', () => {
  it('refuses what the view does not have, inherited names too', () => {
    expect(() => fill('{{missing}}', {}, escapeHtml)).toThrow('names "missing"');
    expect(() => fill('{{constructor}}', {}, escapeHtml)).toThrow('names "constructor"');
    expect(() => fill('{{#rows}}x{{/rows}}', { rows: 'text' }, escapeHtml)).toThrow('repeats "rows"');
    expect(() => fill('{{rows}}', { rows: [] }, escapeHtml)).toThrow('names "rows"');
  });

  it('repeats a section, where outer names are known as well', () => {
    expect(
      fill('{{#rows}}{{name}}{{unit}};{{/rows}}', { unit: 'kg', rows: [{ name: '1' }, { name: '2' }] }, escapeHtml),
    ).toBe('1kg;2kg;');
  });
});

describe('the build', () => {
  const directory = new URL('../../activities/providers/mail/templates/', import.meta.url);
  const source = readFileSync(new URL('ticket-confirmation.mjml', directory), 'utf8');

  const compile = (changed: string) => compileTemplate('ticket-confirmation', changed, directory);

  it('has written what is committed', async () => {
    expect(await compileTemplates()).toBe(readFileSync(new URL('../templates.generated.ts', directory), 'utf8'));
  });

  it('refuses a template that is half done, and names what is wrong', async () => {
    await expect(compile(source.replace('<!-- text', '<!-- other'))).rejects.toThrow(
      'ticket-confirmation.mjml has no text part',
    );
    await expect(compile(source.replace(/<mj-title>.*<\/mj-title>/, ''))).rejects.toThrow(
      'ticket-confirmation.mjml has no <mj-title>',
    );
    await expect(compile(source.replace('{{ total }}', '{{ total.amount }}'))).rejects.toThrow('no placeholder');
    await expect(compile(source.replace('mj-class="kicker"', 'colour="red"'))).rejects.toThrow('colour');
  });

  it('exits with 0 from --check while nothing is stale', async () => {
    const script = fileURLToPath(new URL('../../scripts/build-mail.ts', import.meta.url));
    await expect(promisify(execFile)(process.execPath, ['--import', 'tsx', script, '--check'])).resolves.toBeDefined();
  });

  it('is not needed at run time', async () => {
    const render = fileURLToPath(new URL('../../activities/providers/mail/render.ts', import.meta.url));
    const probe = `await import(${JSON.stringify(render)}); const { createRequire } = await import('node:module');
      const loaded = Object.keys(createRequire(import.meta.url).cache ?? {}).filter((file) => file.includes('mjml'));
      if (loaded.length) throw new Error(loaded.join());`;
    await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', probe]);
  });
});

describe('the Message-ID', () => {
  it('is the same for the same key, and another for another key', () => {
    expect(messageIdOf('receipt-1', 'example.com')).toBe('<receipt-1@example.com>');
    expect(messageIdOf('email:acme:k1', 'example.com')).toBe('<email.acme.k1@example.com>');
    expect(messageIdOf('acme.k_1', 'example.com')).toBe('<acme.k_1@example.com>');
  });

  it.each(['', 'a b', 'a\r\nBcc: x', 'a>', 'a::b', 'ä'])('refuses the key %j', (key) => {
    expect(() => messageIdOf(key, 'example.com')).toThrow('makes no Message-ID');
  });

  it('takes its domain from the one sender', () => {
    expect(parseSender('Boxoffice <tickets@example.com>')).toEqual({
      name: 'Boxoffice',
      address: 'tickets@example.com',
      domain: 'example.com',
    });
    expect(parseSender('tickets@mail.example.com').domain).toBe('mail.example.com');
    for (const from of ['', 'Boxoffice', 'a@b.example, c@d.example', 'team: a@b.example, c@d.example;', 'a@']) {
      expect(() => parseSender(from), from).toThrow('use one address');
    }
  });
});
