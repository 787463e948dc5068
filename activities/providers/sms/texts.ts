/**
 * What text messages say. Pure, and short: 160 characters of the GSM alphabet are one segment, and each costs. Every text
 * ends with its mark, by which it is recognized (provider.ts).
 */
import { oneLine } from '../mail/fill.ts';

export interface SmsTexts {
  'ticket-confirmation': { eventName: string; tickets: number; orderId: string };
  'event-reminder': { eventName: string; eventEndsAt: string; tickets: number };
  'event-cancelled': { eventName: string; venueName: string };
  verification: { code: string; minutes: number };
}

/** A template's name with its data, as one value. */
export type SmsContent = { [Name in keyof SmsTexts]: { template: Name; data: SmsTexts[Name] } }[keyof SmsTexts];

const counted = (tickets: number) => (tickets === 1 ? '1 ticket' : `${tickets} tickets`);

const dayFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });

/** A name of 200 characters would push out what matters. */
const shortened = (name: string) => (name.length <= 60 ? name : `${name.slice(0, 57)}...`);

const texts: { [Name in keyof SmsTexts]: (data: SmsTexts[Name]) => string } = {
  'ticket-confirmation': ({ eventName, tickets, orderId }) =>
    `${counted(tickets)} for ${shortened(eventName)}: in your wallet now. Order ${orderId}.`,
  'event-reminder': ({ eventName, eventEndsAt, tickets }) =>
    `Soon: ${shortened(eventName)}, until ${dayFormat.format(new Date(eventEndsAt))}. You have ${counted(tickets)}.`,
  'event-cancelled': ({ eventName, venueName }) =>
    `${shortened(eventName)} at ${shortened(venueName)} is cancelled. Your money comes back by itself.`,
  verification: ({ code, minutes }) => `Your code: ${code}. Valid for ${minutes} min. Give it to nobody.`,
};

export function writeSms<Name extends keyof SmsTexts>(template: Name, data: SmsTexts[Name], mark: string): string {
  return `${oneLine(texts[template](data))} Ref ${mark}`;
}
