import { InvalidArgumentError } from 'commander';

export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It has to be a whole number, 1 or more.');
  return Number(text);
}

export function minorUnits(text: string): number {
  const amount = Number(text);
  if (!/^[1-9]\d*$/.test(text) || !Number.isSafeInteger(amount))
    throw new InvalidArgumentError("It has to be a whole number in the currency's minor unit, 1 or more.");
  return amount;
}
