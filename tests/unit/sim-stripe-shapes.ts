import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Checks answers against Stripe's own shapes. The SDK's declaration files are generated from Stripe's OpenAPI document:
 * `name?:` is what the document does not require, `| null` what it calls nullable, and a union of texts is an enum. They
 * are read here as data, so that a field that is missing, unknown, null or of another type is found at any depth, for
 * exactly the API version that the SDK pins.
 */
const resources = join(dirname(fileURLToPath(import.meta.resolve('stripe'))), 'resources');

interface Field {
  optional: boolean;
  type: string;
}
interface Declared {
  file: DeclarationFile;
  scope: string[];
  /** Either the fields of an interface, or the text of a type. */
  fields?: Map<string, Field>;
  parent?: string;
  text?: string;
}
interface DeclarationFile {
  declared: Map<string, Declared>;
  imports: Map<string, string>;
}

const files = new Map<string, DeclarationFile>();

function declare(file: DeclarationFile, scope: string[], name: string, more: Partial<Declared>): Declared {
  const declared = { file, scope: [...scope], ...more };
  file.declared.set([...scope, name].join('.'), declared);
  return declared;
}

/** Reads one declaration file, line by line: the generator writes them all in the same way. */
function load(path: string): DeclarationFile {
  const known = files.get(path);
  if (known) return known;
  const file: DeclarationFile = { declared: new Map(), imports: new Map() };
  files.set(path, file);
  const source = readFileSync(path, 'utf8').replaceAll(/\/\*\*[\s\S]*?\*\//g, '');
  const scope: string[] = [];
  const blocks: ('namespace' | Declared | 'other')[] = [];
  for (const line of source.split('\n').map((text) => text.trim())) {
    const imported = /^import \{ (.*) \} from '(.*)\.js';$/.exec(line);
    const opened =
      /^(?:export )?(?:declare )?(namespace|interface|class) (\w+)(?:<\w+>)?(?: extends ([\w.]+))? \{$/.exec(line);
    const alias = /^(?:export (?:declare )?)?type (\w+) = (.*)$/.exec(line);
    const field = /^(\w+)(\?)?: (.*);$/.exec(line);
    const index = /^\[\w+: string\]: (.*);$/.exec(line);
    const block = blocks.at(-1);
    if (imported) {
      const from = join(dirname(path), `${imported[2]}.d.ts`);
      for (const name of (imported[1] ?? '').split(', ')) file.imports.set(name, from);
    } else if (opened?.[1] === 'namespace') {
      blocks.push('namespace');
      scope.push(opened[2] ?? '');
    } else if (opened?.[1] === 'interface') {
      const parent = opened[3] ? { parent: opened[3] } : {};
      blocks.push(declare(file, scope, opened[2] ?? '', { fields: new Map(), ...parent }));
    } else if (alias && !line.endsWith('{')) {
      declare(file, scope, alias[1] ?? '', { text: (alias[2] ?? '').replace(/;$/, '') });
    } else if (alias) blocks.push(declare(file, scope, alias[1] ?? '', { fields: new Map() }));
    else if (line.endsWith('{')) blocks.push('other');
    else if (line.startsWith('}')) {
      if (blocks.pop() === 'namespace') scope.pop();
    } else if (typeof block === 'object' && field) {
      block.fields?.set(field[1] ?? '', { optional: field[2] === '?', type: field[3] ?? '' });
    } else if (typeof block === 'object' && index) block.fields?.set('*', { optional: true, type: index[1] ?? '' });
  }
  return file;
}

type Place = Pick<Declared, 'file' | 'scope'>;

/** Looks a name up from the inside out, then among the imports. */
function resolve(name: string, { file, scope }: Place): { found: Declared; inner: string[] } | undefined {
  for (let depth = scope.length; depth >= 0; depth -= 1) {
    const path = [...scope.slice(0, depth), ...name.split('.')];
    const found = file.declared.get(path.join('.'));
    if (found) return { found, inner: path };
  }
  const imported = file.imports.get(name.split('.')[0] ?? '');
  return imported === undefined ? undefined : resolve(name, { file: load(imported), scope: [] });
}

/** The members of a union, split where no bracket is open. */
function members(type: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < type.length; at += 1) {
    const char = type[at];
    if (char === '<' || char === '{' || char === '(') depth += 1;
    if (char === '>' || char === '}' || char === ')') depth -= 1;
    if (char === '|' && depth === 0) {
      parts.push(type.slice(start, at).trim());
      start = at + 1;
    }
  }
  return [...parts, type.slice(start).trim()];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function checkFields(value: Record<string, unknown>, declared: Declared, inner: string[], path: string): string[] {
  const fields = new Map(declared.fields);
  if (declared.parent !== undefined) {
    const { found } = resolve(declared.parent, declared) ?? {};
    for (const [name, field] of found?.fields ?? []) if (!fields.has(name)) fields.set(name, field);
  }
  const place = { file: declared.file, scope: inner };
  const any = fields.get('*');
  const faults = Object.entries(value).flatMap(([name, item]) => {
    if (item === undefined) return [];
    const field = fields.get(name) ?? any;
    return field ? checkType(item, field.type, place, `${path}.${name}`) : [`${path}.${name} is no field of Stripe's`];
  });
  for (const [name, { optional }] of fields) {
    if (!optional && value[name] === undefined) faults.push(`${path}.${name} is required and missing`);
  }
  return faults;
}

function checkList(value: unknown, checkItem: (item: unknown, path: string) => string[], path: string): string[] {
  const { object, data, has_more, url, ...rest } = isObject(value) ? value : {};
  const whole = object === 'list' && Array.isArray(data) && typeof has_more === 'boolean' && typeof url === 'string';
  if (!whole || Object.keys(rest).length > 0) return [`${path} is not a list`];
  return data.flatMap((item: unknown, at) => checkItem(item, `${path}[${at}]`));
}

function checkMember(value: unknown, type: string, place: Place, path: string): string[] {
  const fault = [`${path} is ${JSON.stringify(value)?.slice(0, 60)}, wanted is ${type.slice(0, 120)}`];
  const generic = /^(Array|ApiList|Partial)<(.*)>$/.exec(type);
  if (type === 'string' || type === 'number' || type === 'boolean') return typeof value === type ? [] : fault;
  if (type === 'unknown') return [];
  if (type === 'null') return value === null ? [] : fault;
  if (/^'.*'$/.test(type)) return value === type.slice(1, -1) ? [] : fault;
  if (generic?.[1] === 'Array') {
    return Array.isArray(value)
      ? value.flatMap((item, at) => checkType(item, generic[2] ?? '', place, `${path}[${at}]`))
      : fault;
  }
  if (generic?.[1] === 'ApiList')
    return checkList(value, (item, at) => checkType(item, generic[2] ?? '', place, at), path);
  if (type === 'OtherString' || generic) return fault;
  const { found, inner } = resolve(type, place) ?? {};
  if (!found || !inner) return fault;
  if (found.text !== undefined)
    return checkType(value, found.text, { file: found.file, scope: inner.slice(0, -1) }, path);
  if (!isObject(value)) return fault;
  const tag = found.fields?.get('object')?.type;
  // Of a union of resources only the one with the same `object` is looked into.
  const { object } = value;
  if (tag?.startsWith("'") && typeof object === 'string' && tag !== `'${object}'`) return fault;
  return checkFields(value, found, inner, path);
}

/** What is wrong with a value; empty when it is of the type. An enum takes its listed values only. */
function checkType(value: unknown, type: string, place: Place, path: string): string[] {
  const results = members(type).map((member) => checkMember(value, member, place, path));
  return results.toSorted((left, right) => left.length - right.length || (isObject(value) ? 0 : -1))[0] ?? [];
}

const byObject: Record<string, [file: string, type: string]> = {
  payment_intent: ['PaymentIntents', 'PaymentIntent'],
  charge: ['Charges', 'Charge'],
  balance_transaction: ['BalanceTransactions', 'BalanceTransaction'],
  balance: ['Balance', 'Balance'],
  payment_method: ['PaymentMethods', 'PaymentMethod'],
  account: ['Accounts', 'Account'],
  dispute: ['Disputes', 'Dispute'],
  payout: ['Payouts', 'Payout'],
  refund: ['Refunds', 'Refund'],
  transfer: ['Transfers', 'Transfer'],
  transfer_reversal: ['TransferReversals', 'TransferReversal'],
};

const pascal = (text: string): string =>
  text
    .split(/[._]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

/** What is wrong with an object as Stripe would answer it, by its `object` field; also lists, events and errors. */
export function shapeFaults(value: unknown): string[] {
  if (!isObject(value)) return ['not an object'];
  const { object, error } = value;
  if (isObject(error)) {
    // Errors have the schema of last_payment_error. The SDK adds three fields of its own, and lists not every code.
    const { code: _code, headers: _headers, statusCode: _status, requestId: _request, ...rest } = error;
    return checkType(
      rest,
      'PaymentIntent.LastPaymentError',
      { file: load(join(resources, 'PaymentIntents.d.ts')), scope: [] },
      'error',
    );
  }
  if (object === 'list') {
    return checkList(value, (item) => shapeFaults(item), 'list');
  }
  if (object === 'event') {
    const place = { file: load(join(resources, 'Events.d.ts')), scope: [] };
    return checkType(value, `${pascal(String(value['type']))}Event`, place, 'event');
  }
  const [file, type] = byObject[String(object)] ?? [];
  if (file === undefined || type === undefined) return [`no type is known for object '${String(object)}'`];
  return checkType(value, type, { file: load(join(resources, `${file}.d.ts`)), scope: [] }, type);
}
