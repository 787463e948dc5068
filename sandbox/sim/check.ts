import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { faultSpecs, type FaultSpec } from './faults.ts';

/** A control call that is wrong; answered with 400 and this message. */
export class ControlError extends Error {
  override name = 'ControlError';
}

/** @throws ControlError naming the field and what is wanted. */
export function check<Schema extends TSchema>(schema: Schema, value: unknown): Static<Schema> {
  if (Value.Check(schema, value)) return value;
  const faults = [...Value.Errors(schema, value)].map(
    ({ instancePath, message }) => `${instancePath.slice(1).replaceAll('/', '.') || 'body'} ${message}`,
  );
  throw new ControlError(`${faults.join('; ')}; got ${JSON.stringify(value)}`);
}

const isKind = (kind: unknown): kind is keyof typeof faultSpecs => typeof kind === 'string' && kind in faultSpecs;

export function checkFault(value: unknown): FaultSpec {
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  if (!isKind(kind)) {
    throw new ControlError(`kind is ${JSON.stringify(kind)}; wanted is one of ${Object.keys(faultSpecs).join(', ')}`);
  }
  return check(faultSpecs[kind], value);
}
