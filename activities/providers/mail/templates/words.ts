/** Words and values that the mails share. */
import type { Row } from '../fill.ts';

const timeFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
export const timeText = (iso: string) => `${timeFormat.format(new Date(iso))} UTC`;

export const countText = (tickets: number) => (tickets === 1 ? '1 ticket' : `${tickets} tickets`);

/** A ticket as people know it, and as the shop does. */
export interface TicketName {
  ticketId: string;
  seatId?: string | undefined;
}

export const ticketRow = ({ ticketId, seatId }: TicketName) => ({
  name: `Ticket ${ticketId}`,
  seat: seatId === undefined ? 'No assigned seat' : `Seat ${seatId}`,
});

export const chargeLabels = { fee: 'Fee', tax: 'Tax', discount: 'Discount' } as const;

export const support = (address: string) => ({
  supportAddress: address,
  supportLink: `mailto:${encodeURIComponent(address).replace('%40', '@')}`,
});

export const facts = (rows: Readonly<Record<string, string>>): Row[] =>
  Object.entries(rows).map(([label, value]) => ({ label, value }));

export const greetingOf = (name: string | undefined) => (name === undefined ? 'Hello,' : `Hello ${name},`);
