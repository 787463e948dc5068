/** Messages are told apart by `template`; each template takes just what its text needs. */
import { type Static, type TProperties, type TSchema, Type } from 'typebox';
import { createValidator } from './validate.ts';

export const template = <Name extends string, Fields extends TProperties>(name: Name, fields: Fields) =>
  Type.Object({ template: Type.Literal(name), ...fields }, { additionalProperties: false, description: name });

/** One message of a set, with the name of its template. */
export type MessageOf<Templates extends Record<string, TSchema>> = {
  [Name in keyof Templates]: Static<Templates[Name]>;
}[keyof Templates];

function nameIn(value: unknown): unknown {
  const message: unknown =
    value !== null && typeof value === 'object' && 'message' in value ? value.message : undefined;
  return message !== null && typeof message === 'object' && 'template' in message ? message.template : undefined;
}

/**
 * Checks a request whose `message` is of one of these templates. A schema of alternatives would name the faults of every
 * one of them, so the one that is meant is checked alone. Throws InvalidRequestError.
 */
export function createTemplateValidator<Fields extends TProperties, Templates extends Record<string, TSchema>>(
  fields: Fields,
  templates: Templates,
  description: string,
): (value: unknown) => Static<ReturnType<typeof Type.Object<Fields>>> & { message: MessageOf<Templates> } {
  type Request = Static<ReturnType<typeof Type.Object<Fields>>> & { message: MessageOf<Templates> };
  const names = Object.keys(templates);
  const checkOf = (message: TSchema) =>
    createValidator(Type.Object({ ...fields, message }, { additionalProperties: false, description }));
  const checks = new Map<unknown, (value: unknown) => unknown>(
    Object.entries(templates).map(([name, schema]) => [name, checkOf(schema)]),
  );
  const accepted = `one of ${names.join(', ')}`;
  const unknownTemplate = checkOf(
    Type.Object(
      { template: Type.Enum(names, { description: `template: ${accepted}` }) },
      { description: `message: its template (${accepted}) and what that needs` },
    ),
  );
  return (value) => (checks.get(nameIn(value)) ?? unknownTemplate)(value) as Request;
}
