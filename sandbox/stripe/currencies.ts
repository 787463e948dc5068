import { invalidRequest } from './errors.ts';

/** Facts of https://docs.stripe.com/currencies: presentment currencies, and where the minor unit is not a hundredth. */
export const currencies: ReadonlySet<string> = new Set(
  (
    'usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf ' +
    'clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils ' +
    'inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk ' +
    'mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp ' +
    'sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw'
  ).split(' '),
);

const zeroDecimal = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '));
const threeDecimal = new Set('bhd jod kwd omr tnd'.split(' '));

export function exponentOf(currency: string): 0 | 2 | 3 {
  if (zeroDecimal.has(currency)) return 0;
  return threeDecimal.has(currency) ? 3 : 2;
}

/** Smallest charges, in minor units. A currency without an entry is held to one unit only. */
const minimum: Record<string, number> = {
  usd: 50,
  aed: 200,
  aud: 50,
  bgn: 100,
  brl: 50,
  cad: 50,
  chf: 50,
  czk: 1500,
  dkk: 250,
  eur: 50,
  gbp: 30,
  hkd: 400,
  huf: 17_500,
  inr: 50,
  jpy: 50,
  mxn: 1000,
  myr: 200,
  nok: 300,
  nzd: 50,
  pln: 200,
  ron: 200,
  sek: 300,
  sgd: 50,
  thb: 1000,
};
const maximum = 99_999_999;

function display(amount: number, currency: string): string {
  const exponent = exponentOf(currency);
  return `${(amount / 10 ** exponent).toFixed(exponent)} ${currency}`;
}

/** As Stripe's messages show money, e.g. `$12.50`. */
export function money(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en-US', { style: 'currency', currency });
  return format.format(amount / 10 ** exponentOf(currency)).replace('\u00a0', ' ');
}

/** Throws the 400 of an amount whose last digit payments of the currency do not have. */
export function checkPrecision(amount: number, currency: string, param = 'amount'): void {
  if (exponentOf(currency) !== 3 || amount % 10 === 0) return;
  throw invalidRequest(
    `Invalid amount: ${amount} ${currency}. Amounts in three-decimal currencies must be a multiple of 10, their last digit is always 0.`,
    { code: 'parameter_invalid_integer', param },
  );
}

/** Throws the 400 that Stripe answers to an amount outside of the currency's range. `param` names the parameter. */
export function checkAmount(amount: number, currency: string, param = 'amount'): void {
  const least = minimum[currency] ?? 1;
  if (amount < 1) {
    throw invalidRequest('This value must be greater than or equal to 1.', {
      code: 'parameter_invalid_integer',
      param,
    });
  }
  if (amount < least) {
    throw invalidRequest(`Amount must be at least ${display(least, currency)}`, { code: 'amount_too_small', param });
  }
  if (amount > maximum) {
    throw invalidRequest(`Amount must be no more than ${display(maximum, currency)}`, {
      code: 'amount_too_large',
      param,
    });
  }
  checkPrecision(amount, currency, param);
}

/** 2.9 % of the amount, rounded half up, plus 30 (90 in three-decimal currencies), in minor units. */
export function processingFee(amount: number, currency: string): number {
  return Math.floor((amount * 29 + 500) / 1000) + (exponentOf(currency) === 3 ? 90 : 30);
}
