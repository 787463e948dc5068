import { Type } from 'typebox';
import { idPartPattern } from '../ids.ts';
import { currencies } from '../money.ts';

const idText = '1 to 64 letters, digits, "_" or "-"';

/** An opaque id: no personal data, no `:`. */
export const Id = (description: string) =>
  Type.String({ pattern: idPartPattern, description: `${description}: ${idText}` });

/** Minor units of the currency, zero or more. */
export const Amount = (description: string) =>
  Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: `${description}: an integer in the currency's minor unit, 0 to 2^53-1`,
  });

/** Minor units that may be negative (a discount). */
export const SignedAmount = (description: string) =>
  Type.Integer({
    minimum: Number.MIN_SAFE_INTEGER,
    maximum: Number.MAX_SAFE_INTEGER,
    description: `${description}: an integer in the currency's minor unit`,
  });

export const CurrencyCode = Type.Enum(currencies, {
  description: `currency: an ISO 4217 code in upper case, one of ${currencies.join(' ')}`,
});

export const Text = (description: string, maxLength: number) =>
  Type.String({ minLength: 1, maxLength, description: `${description}: 1 to ${maxLength} characters` });

/** The number of a row, as text. */
const rowNumber = '^[1-9][0-9]{0,14}$';
export const RowNumber = (description: string) => Type.String({ pattern: rowNumber, description });

const year = '20[0-9]{2}';
const leapYear = '20([02468][048]|[13579][26])';
const daysOfMonths = [
  '(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])',
  '(0[469]|11)-(0[1-9]|[12][0-9]|30)',
  '02-(0[1-9]|1[0-9]|2[0-8])',
];
/** A day of this century that exists, without anchors: Postgres refuses the 30th of February, so that no query may meet it. */
export const dayPattern = `(${year}-(${daysOfMonths.join('|')})|${leapYear}-02-29)`;
export const Day = (description = 'day') =>
  Type.String({ pattern: `^${dayPattern}$`, description: `${description}: a day in UTC, such as 2027-01-31` });

/** How many of a list. */
export const Limit = Type.Integer({ minimum: 1, maximum: 200, description: 'limit: 1 to 200' });

/** What a list is asked for that has pages. `cursor`: pattern of its cursors, the number of a row unless given. */
export const pageFields = (cursor = rowNumber) => ({
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Type.String({ pattern: cursor, description: 'cursor: the nextCursor of the page before' })),
});
