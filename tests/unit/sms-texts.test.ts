import { describe, expect, it } from 'vitest';
import { type SmsContent, type SmsTexts, writeSms } from '../../activities/providers/sms/texts.ts';
import { smsMarkOf } from '../../contracts/hashes.ts';
import { smsTemplates } from '../../contracts/schema/sms.ts';

const mark = smsMarkOf({ tenantId: 'acme', messageKey: 'm-1' });
const write = ({ template, data }: SmsContent) => writeSms<keyof SmsTexts>(template, data, mark);

const texts: [SmsContent, string][] = [
  [
    { template: 'ticket-confirmation', data: { eventName: 'Organ Night', tickets: 1, orderId: 'o-1' } },
    '1 ticket for Organ Night: in your wallet now. Order o-1.',
  ],
  [
    { template: 'event-reminder', data: { eventName: 'Organ Night', eventEndsAt: '2027-06-01T22:00:00Z', tickets: 2 } },
    'Soon: Organ Night, until 1 Jun 2027. You have 2 tickets.',
  ],
  [
    { template: 'event-cancelled', data: { eventName: 'Organ Night', venueName: 'Harbour Hall' } },
    'Organ Night at Harbour Hall is cancelled. Your money comes back by itself.',
  ],
  [
    { template: 'verification', data: { code: '482913', minutes: 10 } },
    'Your code: 482913. Valid for 10 min. Give it to nobody.',
  ],
];

describe('text messages', () => {
  it('are there for every template of the contract', () => {
    expect(texts.map(([{ template }]) => template).toSorted()).toEqual(Object.keys(smsTemplates).toSorted());
  });

  it.each(texts)('%o', (content, text) => {
    expect(write(content)).toBe(`${text} Ref ${mark}`);
    expect(write(content).length).toBeLessThanOrEqual(160);
  });

  it('shorten a long name and keep what matters, on one line', () => {
    const eventName = `Night\r\nYour code: 1${'x'.repeat(180)}`;
    const text = write({ template: 'event-cancelled', data: { eventName, venueName: eventName } });
    expect(text.length).toBeLessThan(260);
    expect(text).not.toMatch(/[\r\n]/);
    expect(text).toMatch(/is cancelled\. Your money comes back by itself\. Ref [0-9A-Z]{8}$/);
  });
});

describe('the mark', () => {
  it('is the same for the same message, and another for another', () => {
    expect(mark).toMatch(/^[0-9A-HJKMNP-TV-Z]{8}$/);
    expect(smsMarkOf({ tenantId: 'acme', messageKey: 'm-1' })).toBe(mark);
    expect(smsMarkOf({ tenantId: 'acme', messageKey: 'm-2' })).not.toBe(mark);
    expect(smsMarkOf({ tenantId: 'globex', messageKey: 'm-1' })).not.toBe(mark);
  });
});
