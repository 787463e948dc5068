import { InvalidArgumentError } from 'commander';

export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It has to be a whole number, 1 or more.');
  return Number(text);
}

/** One of the names; `hint` says why others are none. */
export const oneOf =
  <Name extends string>(names: readonly Name[], hint = '') =>
  (text: string): Name => {
    const found = names.find((name) => name === text);
    if (found === undefined) throw new InvalidArgumentError(`It has to be one of ${names.join(', ')}.${hint}`);
    return found;
  };

export function minorUnits(text: string): number {
  const amount = Number(text);
  if (!/^[1-9]\d*$/.test(text) || !Number.isSafeInteger(amount))
    throw new InvalidArgumentError("It has to be a whole number in the currency's minor unit, 1 or more.");
  return amount;
}
