import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { basisPointsOf, currencyExponents, formatAmount, isCurrency, sharesOf } from '../../contracts/money.ts';

const amount = fc.oneof(fc.nat(), fc.maxSafeNat());
const basisPoints = fc.integer({ min: 0, max: 10_000 });
const policy = fc.record({ feeBasisPoints: basisPoints, feeFixed: amount, reserveBasisPoints: basisPoints });

describe('amounts', () => {
  it.each([
    [1_050, 'USD', '10.50 USD'],
    [5, 'USD', '0.05 USD'],
    [0, 'USD', '0.00 USD'],
    [-1_050, 'EUR', '-10.50 EUR'],
    [1_050, 'JPY', '1050 JPY'],
    [1_050, 'KWD', '1.050 KWD'],
    [7, 'KWD', '0.007 KWD'],
    [Number.MAX_SAFE_INTEGER, 'USD', '90071992547409.91 USD'],
  ] as const)('%i of %s reads %s', (minor, currency, text) => {
    expect(formatAmount(minor, currency)).toBe(text);
  });

  it('have the exponents of ISO 4217', () => {
    expect(currencyExponents).toMatchObject({ JPY: 0, KRW: 0, CLP: 0, USD: 2, EUR: 2, GBP: 2, BHD: 3, KWD: 3, TND: 3 });
    expect(new Set(Object.values(currencyExponents))).toEqual(new Set([0, 2, 3]));
  });

  it('are in currencies by their code in upper case only', () => {
    expect(['USD', 'usd', 'XXX', 'toString', ''].map(isCurrency)).toEqual([true, false, false, false, false]);
  });

  it('have basis points rounded down, without leaving the integers on the way', () =>
    fc.assert(
      fc.property(amount, basisPoints, (minor, points) => {
        expect(BigInt(basisPointsOf(minor, points))).toBe((BigInt(minor) * BigInt(points)) / 10_000n);
      }),
      { seed: 4 },
    ));
});

describe('shares', () => {
  it('sum to the amount exactly, and none is negative', () =>
    fc.assert(
      fc.property(amount, policy, (minor, fees) => {
        const { platformFee, venueReserve, venuePayable } = sharesOf(minor, fees);
        expect(platformFee + venueReserve + venuePayable).toBe(minor);
        for (const share of [platformFee, venueReserve, venuePayable]) {
          expect(Number.isSafeInteger(share)).toBe(true);
          expect(share).toBeGreaterThanOrEqual(0);
        }
      }),
      { seed: 5 },
    ));

  it('are those of the money model', () => {
    expect(sharesOf(10_000, { feeBasisPoints: 500, feeFixed: 0, reserveBasisPoints: 1_000 })).toEqual({
      platformFee: 500,
      venueReserve: 950,
      venuePayable: 8_550,
    });
  });

  it('never take more than there is', () => {
    expect(sharesOf(30, { feeBasisPoints: 290, feeFixed: 50, reserveBasisPoints: 1_000 })).toEqual({
      platformFee: 30,
      venueReserve: 0,
      venuePayable: 0,
    });
  });
});
