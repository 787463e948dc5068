/**
 * Amounts are integers in the currency's minor unit (ISO 4217 exponent). A float never enters: JSON numbers are accepted
 * as safe integers only, and every division names its rounding.
 */

/**
 * ISO 4217 exponents of the currencies that a venue can settle in here. Not among them: ISK, which the card provider
 * still counts in hundredths although ISO 4217 no longer does, so that an amount would be read a hundred times too small.
 */
export const currencyExponents = {
  AED: 2, AUD: 2, BHD: 3, BRL: 2, CAD: 2, CHF: 2, CLP: 0, CZK: 2, DKK: 2, EUR: 2, GBP: 2, HKD: 2, HUF: 2, ILS: 2,
  INR: 2, JOD: 3, JPY: 0, KRW: 0, KWD: 3, MXN: 2, NOK: 2, NZD: 2, OMR: 3, PLN: 2, RON: 2, SEK: 2, SGD: 2,
  THB: 2, TND: 3, TRY: 2, USD: 2, VND: 0, XAF: 0, ZAR: 2,
} as const; // prettier-ignore

export type Currency = keyof typeof currencyExponents;

export const currencies = Object.keys(currencyExponents) as Currency[];

export function isCurrency(code: string): code is Currency {
  return Object.hasOwn(currencyExponents, code);
}

/** `formatAmount(1050, 'USD')` is `10.50 USD`. For people only; never parsed back. */
export function formatAmount(minor: number, currency: Currency): string {
  const exponent = currencyExponents[currency];
  const digits = Math.abs(minor)
    .toString()
    .padStart(exponent + 1, '0');
  const whole = exponent === 0 ? digits : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
  return `${minor < 0 ? '-' : ''}${whole} ${currency}`;
}

/** `floor(amount × basisPoints ÷ 10000)` without leaving the safe integers on the way. */
export function basisPointsOf(amount: number, basisPoints: number): number {
  return Number((BigInt(amount) * BigInt(basisPoints)) / 10_000n);
}

/** What a venue agreed to pay and to leave in reserve. Basis points of the amount, and minor units. */
export interface FeePolicy {
  feeBasisPoints: number;
  feeFixed: number;
  reserveBasisPoints: number;
}

/** How a captured amount is shared out. The three parts sum to the amount. */
export interface Shares {
  platformFee: number;
  venueReserve: number;
  venuePayable: number;
}

/**
 * Platform fee: basis points, rounded down, plus the fixed part, never more than the amount. Reserve: basis points of
 * what the fee leaves, rounded down. The venue gets the rest, so no minor unit is lost to rounding.
 */
export function sharesOf(amount: number, policy: FeePolicy): Shares {
  const platformFee = Math.min(amount, basisPointsOf(amount, policy.feeBasisPoints) + policy.feeFixed);
  const venueReserve = basisPointsOf(amount - platformFee, policy.reserveBasisPoints);
  return { platformFee, venueReserve, venuePayable: amount - platformFee - venueReserve };
}
