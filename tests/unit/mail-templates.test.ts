/** The nine mails beside the receipt: what they say, in both parts, whatever somebody else wrote into their facts. */
import { describe, expect, it } from 'vitest';
import {
  type MailContent,
  type RenderedMail,
  renderMail,
  type TemplateName,
} from '../../activities/providers/mail/render.ts';
import { mailTemplates } from '../../contracts/schema/mail-templates.ts';

const order = {
  venueName: 'Harbour Hall',
  eventName: 'Organ Night',
  eventEndsAt: '2027-06-01T22:00:00Z',
  orderId: 'order-1',
  supportAddress: 'help@harbour.example',
};
const ticket = { ticketId: 't-1', seatId: 'B-14' };
const person = { name: 'Ada', supportAddress: 'help@harbour.example' };
const expiresAt = '2027-03-14T18:21:07Z';

/** Each mail with what it has to say, in its text and in its HTML. */
const mails: { content: MailContent; subject: string; says: string[] }[] = [
  {
    content: { template: 'ticket-purchase', data: { ...order, tickets: [ticket, { ticketId: 't-2' }] } },
    subject: 'Your tickets for Organ Night',
    says: ['2 tickets for Organ Night', 'Seat B-14', 'Ticket t-1', 'No assigned seat', 'Ticket t-2', 'order-1'],
  },
  {
    content: {
      template: 'order-receipt',
      data: {
        ...order,
        paidAt: '2027-03-14T18:21:07.120Z',
        currency: 'KWD',
        amount: 12_340,
        tickets: [{ ...ticket, price: 12_000 }],
        charges: [
          { kind: 'fee', amount: 840 },
          { kind: 'discount', amount: -500 },
        ],
      },
    },
    subject: 'Receipt for order order-1',
    says: [
      'Ticket t-1',
      '12.000 KWD',
      'Fee',
      '0.840 KWD',
      'Discount',
      '-0.500 KWD',
      '12.340 KWD',
      '14 March 2027 at 18:21 UTC',
    ],
  },
  {
    content: {
      template: 'password-reset',
      data: { ...person, link: 'https://boxoffice.example/reset?a=1&b=2', expiresAt },
    },
    subject: 'Choose a new password',
    says: ['Hello Ada,', '14 March 2027 at 18:21 UTC', 'your password stays as it is'],
  },
  {
    content: { template: 'welcome', data: { ...person, venueName: 'Harbour Hall' } },
    subject: 'Welcome to Harbour Hall',
    says: ['Hello Ada,', 'at Harbour Hall come to your wallet'],
  },
  {
    content: { template: 'verification', data: { ...person, code: '482913', expiresAt } },
    subject: 'Confirm that it is you',
    says: ['482913', '14 March 2027 at 18:21 UTC', 'Give it to nobody'],
  },
  {
    content: { template: 'event-reminder', data: { ...order, tickets: [ticket] } },
    subject: 'Soon: Organ Night',
    says: ['1 ticket', 'Seat B-14', '1 June 2027 at 22:00 UTC', 'order-1'],
  },
  {
    content: { template: 'transfer-notification', data: { ...order, ticket } },
    subject: 'A ticket for Organ Night has a new owner',
    says: ['Ticket t-1', 'Seat B-14', 'write to us at once'],
  },
  {
    content: {
      template: 'refund-confirmation',
      data: {
        venueName: 'Harbour Hall',
        eventName: 'Organ Night',
        orderId: 'order-1',
        currency: 'JPY',
        amount: 1_200,
        paid: 3_000,
        refundedAt: '2027-03-14T18:21:07Z',
        burned: ['t-1', 't-2'],
        supportAddress: 'help@harbour.example',
      },
    },
    subject: 'Your refund of 1200 JPY for Organ Night',
    says: ['1200 JPY', '3000 JPY', '2 tickets are no longer valid: t-1, t-2.', 'order-1'],
  },
  {
    content: { template: 'marketplace-listing', data: { ...order, ticket, price: 7_500, currency: 'EUR' } },
    subject: 'Your ticket for Organ Night is offered for 75.00 EUR',
    says: ['75.00 EUR', 'Ticket t-1', 'stays yours until somebody buys it'],
  },
];

const render = ({ template, data }: MailContent): RenderedMail => renderMail<TemplateName>(template, data);
const tags = (html: string) => html.match(/<[a-z!/][^\s>]*/gi);
/** As people see it. */
const shown = (html: string) =>
  html
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .replaceAll('&amp;', '&');

const nasty = `<img src=x onerror=alert(1)>"' onload='x' & {{total}} {{#facts}}`;

/** The same facts, with every text of somebody else's replaced; times, currencies and kinds are ours. */
function replaced<T>(value: T, text: string): T {
  const ours = new Set(['paidAt', 'refundedAt', 'eventEndsAt', 'expiresAt', 'currency', 'kind', 'template']);
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => (typeof inner === 'string' && !ours.has(key) ? text : inner)),
  ) as T;
}

it('there is a mail for every template of the contract', () => {
  const tested = mails.map(({ content }) => content.template);
  expect([...tested, 'ticket-confirmation'].toSorted()).toEqual(Object.keys(mailTemplates).toSorted());
});

describe.each(mails)('$content.template', ({ content, subject, says }) => {
  it('says what it has to, in both parts', () => {
    const mail = render(content);
    expect(mail.subject).toBe(subject);
    for (const words of says) {
      expect(mail.text.replace(/\s+/g, ' ')).toContain(words);
      expect(shown(mail.html)).toContain(words);
    }
    expect(mail.html).toContain('href="mailto:help@harbour.example"');
    expect(mail.text).toContain('help@harbour.example');
  });

  it('leaves no placeholder, fetches nothing, and is small, in one language under one heading', () => {
    const mail = render(content);
    for (const part of Object.values(mail)) expect(part).not.toMatch(/\{\{|\}\}|undefined|null|\[object|NaN|Invalid/);
    expect(mail.html).not.toMatch(/src="|url\(|@import|<script/);
    expect(mail.html).toMatch(/<html lang="en"/);
    expect(mail.html.match(/<h1/g)).toHaveLength(1);
    expect(mail.html).toContain(`<title>${subject}</title>`);
    expect(Buffer.byteLength(mail.html)).toBeLessThan(40_000);
    expect(render(content)).toEqual(mail);
  });

  it('shows what somebody else wrote as text', () => {
    const { html } = render(replaced(content, nasty));
    expect(tags(html)).toEqual(tags(render(replaced(content, 'x')).html));
    expect(html).not.toMatch(/<img|["']\s*onload=/);
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39; onload=&#39;x&#39; &amp; {{total}}');
  });

  it('lets nobody add a header or a line', () => {
    const mail = render(replaced(content, 'Night\r\nBcc: eve@evil.example\u2028Total: 0\u202Ex'));
    expect(mail.subject).not.toMatch(/[\r\n\u2028\u202e]/);
    expect(mail.text).not.toMatch(/^(Bcc|Total: 0)/m);
  });
});

it('a link stands whole in both parts, and is shown where there is one', () => {
  const link = 'https://boxoffice.example/verify?a=1&b=2';
  const reset = render({ template: 'password-reset', data: { ...person, link, expiresAt } });
  expect(reset.html).toContain('href="https://boxoffice.example/verify?a=1&amp;b=2"');
  expect(reset.text).toContain(`\n${link}\n`);
  const both = render({ template: 'verification', data: { ...person, code: '482913', link, expiresAt } });
  expect(both.html).toContain('href="https://boxoffice.example/verify?a=1&amp;b=2"');
  expect(both.text).toContain(`Or open ${link}`);
  const { name: _, ...nameless } = person;
  const codeOnly = render({ template: 'verification', data: { ...nameless, code: '482913', expiresAt } });
  expect(codeOnly.text).not.toContain('Or open');
  expect(codeOnly.text).toContain('Hello,\n');
});
