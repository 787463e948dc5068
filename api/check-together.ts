/** Several parts of a request are checked, so that one answer names everything that is wrong. */
import { type FieldFault, InvalidRequestError } from '../contracts/schema/validate.ts';

/** @throws InvalidRequestError with the faults of both. */
export function checkTogether<First, Second>(first: () => First, second: () => Second): [First, Second] {
  const faults: FieldFault[] = [];
  const collect = <T>(check: () => T): { value: T } | undefined => {
    try {
      return { value: check() };
    } catch (error) {
      if (!(error instanceof InvalidRequestError)) throw error;
      faults.push(...error.faults);
      return undefined;
    }
  };
  const [one, other] = [collect(first), collect(second)];
  if (!one || !other) throw new InvalidRequestError(faults);
  return [one.value, other.value];
}
