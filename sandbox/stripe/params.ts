import { currencies } from './currencies.ts';
import { invalidRequest } from './errors.ts';
import type { FormHash, FormValue } from './form.ts';

/** Reads one parameter from its form value. Throws a 400 that names it. */
export interface Param<T> {
  read(value: FormValue, name: string): T;
  required?: true;
}

export type ParamSpec = Record<string, Param<unknown>>;

export type Params<Spec extends ParamSpec> = {
  [Name in keyof Spec as Spec[Name] extends { required: true } ? Name : never]: ValueOf<Spec[Name]>;
} & {
  [Name in keyof Spec as Spec[Name] extends { required: true } ? never : Name]?: ValueOf<Spec[Name]>;
};
type ValueOf<P> = P extends Param<infer T> ? T : never;

/** Holds a specification to the names of the SDK's parameters. */
export type Named<Names> = { [Name in keyof Names]?: Param<unknown> };

/** A parameter that Stripe has and the simulator has not: said so, instead of being ignored or called unknown. */
export const notSimulated: Param<never> = {
  read(_value, name) {
    throw invalidRequest(`'${name}' is a parameter of Stripe's API that the simulator does not have.`, { param: name });
  },
};

export const required = <T>(param: Param<T>): Param<T> & { required: true } => ({ ...param, required: true });

function scalar(value: FormValue, name: string, kind: string): string {
  if (typeof value !== 'string') throw invalidRequest(`Invalid ${kind}: ${JSON.stringify(value)}`, { param: name });
  if (value === '') {
    throw invalidRequest(
      `You passed an empty string for '${name}'. We assume empty values are an attempt to unset a field; however '${name}' cannot be unset. You should remove '${name}' from your request or supply a non-empty value.`,
      { code: 'parameter_invalid_empty', param: name },
    );
  }
  return value;
}

export function text(maxLength = 5000): Param<string> {
  return {
    read(value, name) {
      const string = scalar(value, name, 'string');
      if (string.length <= maxLength) return string;
      throw invalidRequest(
        `Invalid string: ${string.slice(0, 20)}...; must be at most ${maxLength} characters (currently ${string.length})`,
        { param: name },
      );
    },
  };
}

export function integer({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = {}): Param<number> {
  return {
    read(value, name) {
      const string = scalar(value, name, 'integer');
      const number = Number(string);
      const fault = (message: string) => invalidRequest(message, { code: 'parameter_invalid_integer', param: name });
      if (!/^-?\d+$/.test(string) || !Number.isSafeInteger(number)) throw fault(`Invalid integer: ${string}`);
      if (number < min)
        throw fault(`This value must be greater than or equal to ${min} (it currently is '${number}').`);
      if (number > max) throw fault(`This value must be less than or equal to ${max} (it currently is '${number}').`);
      return number;
    },
  };
}

export const flag: Param<boolean> = {
  read(value, name) {
    const string = scalar(value, name, 'boolean');
    if (string === 'true' || string === 'false') return string === 'true';
    throw invalidRequest(`Invalid boolean: ${string}`, { param: name });
  },
};

export function oneOf<const T extends string>(...values: readonly T[]): Param<T> {
  return {
    read(value, name) {
      const string = scalar(value, name, 'string');
      const found = values.find((candidate) => candidate === string);
      if (found !== undefined) return found;
      throw invalidRequest(`Invalid ${name}: must be one of ${values.join(', ')}`, { param: name });
    },
  };
}

/** A three-letter code in any case; Stripe answers in lower case. */
export const currency: Param<string> = {
  read(value, name) {
    const code = scalar(value, name, 'string').toLowerCase();
    if (currencies.has(code)) return code;
    throw invalidRequest(
      `Invalid currency: ${code}. Stripe currently supports these currencies: ${[...currencies].join(', ')}`,
      { param: name },
    );
  },
};

export function list<T>(item: Param<T>): Param<T[]> {
  return {
    read(value, name) {
      if (typeof value === 'string') throw invalidRequest('Invalid array', { param: name });
      return Object.entries(value).map(([index, inner]) => item.read(inner, `${name}[${index}]`));
    },
  };
}

/** Text by name. An empty text (for a key, or for the whole) unsets: `null`. Limits as documented under "Metadata". */
export const metadata: Param<Record<string, string | null> | null> = {
  read(value, name) {
    if (value === '') return null;
    if (typeof value === 'string') throw invalidRequest('Invalid object', { param: name });
    const entries = Object.entries(value).map(([key, inner]): [string, string | null] => {
      if (typeof inner !== 'string') throw invalidRequest('Metadata values must be strings', { param: name });
      if (key.length > 40) throw invalidRequest(`Metadata keys must be at most 40 characters`, { param: name });
      if (inner.length > 500) throw invalidRequest('Metadata values can have up to 500 characters', { param: name });
      return [key, inner === '' ? null : inner];
    });
    if (entries.length > 50) throw invalidRequest('Metadata can have at most 50 keys', { param: name });
    return Object.fromEntries(entries);
  },
};

export function hash<Spec extends ParamSpec>(spec: Spec): Param<Params<Spec>> {
  return {
    read(value, name) {
      if (typeof value === 'string') throw invalidRequest('Invalid object', { param: name });
      return readParams(value, spec, name);
    },
  };
}

export interface TimeRange {
  gt?: number;
  gte?: number;
  lt?: number;
  lte?: number;
}

/** `created=1700000000`, or `created[gte]=…&created[lt]=…`; seconds. */
export const timeRange: Param<TimeRange> = {
  read(value, name) {
    if (typeof value !== 'string') {
      return hash({ gt: integer(), gte: integer(), lt: integer(), lte: integer() }).read(value, name);
    }
    const at = integer().read(value, name);
    return { gte: at, lte: at };
  },
};

function refuseUnknown(form: FormHash, spec: ParamSpec, nameOf: (key: string) => string): void {
  const names = Object.keys(form)
    .filter((name) => !Object.hasOwn(spec, name))
    .map(nameOf);
  if (names.length === 0) return;
  throw invalidRequest(`Received unknown parameter${names.length > 1 ? 's' : ''}: ${names.join(', ')}`, {
    code: 'parameter_unknown',
    param: names[0] ?? '',
  });
}

/** Throws the 400 for what must be there and is not. */
function complete<Spec extends ParamSpec>(
  result: Record<string, unknown>,
  spec: Spec,
  nameOf: (key: string) => string,
): result is Params<Spec> {
  for (const [key, param] of Object.entries(spec)) {
    if (param.required === true && result[key] === undefined) {
      throw invalidRequest(`Missing required param: ${nameOf(key)}.`, {
        code: 'parameter_missing',
        param: nameOf(key),
      });
    }
  }
  return true;
}

/** Reads a whole form. Throws a 400: `parameter_unknown`, `parameter_missing`, or what a parameter finds wrong. */
export function readParams<Spec extends ParamSpec>(form: FormHash, spec: Spec, prefix = ''): Params<Spec> {
  const nameOf = (key: string): string => (prefix === '' ? key : `${prefix}[${key}]`);
  refuseUnknown(form, spec, nameOf);
  const result: Record<string, unknown> = {};
  for (const [key, param] of Object.entries(spec)) {
    const value = form[key];
    if (value !== undefined) result[key] = param.read(value, nameOf(key));
  }
  if (!complete(result, spec, nameOf)) throw new Error('unreachable');
  return result;
}
