import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import { currencyExponents } from '../money.ts';
import { PurchaseOrder } from './payment.ts';

export interface FieldFault {
  /** Path of the field, e.g. `tickets[0].price`; empty for the request as a whole. */
  field: string;
  /** What came, shortened; absent where nothing came. */
  value?: string;
  /** What would be accepted. */
  accepted: string;
}

// It stops at 8 by itself, and whoever corrects those would meet the next ones.
Settings.Set({ maxErrors: 1_000 });

/** The request is wrong: nothing was started. Names every field at once. */
export class InvalidRequestError extends Error {
  readonly faults: readonly FieldFault[];
  constructor(faults: readonly FieldFault[]) {
    super(faults.map(describeFault).join('; '));
    this.name = 'InvalidRequestError';
    this.faults = faults;
  }
}

function describeFault({ field, value, accepted }: FieldFault): string {
  const got = value === undefined ? 'is missing' : `is ${value}`;
  return `${field || 'the request'} ${got}; accepted is ${accepted}`;
}

function shorten(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = JSON.stringify(value) ?? typeof value;
  return text.length <= 80 ? text : `${text.slice(0, 60)}… (${text.length} characters)`;
}

const segments = (pointer: string) =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

function fieldOf(pointer: string): string {
  return segments(pointer).reduce(
    (path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path ? `${path}.${part}` : part),
    '',
  );
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner !== null && typeof inner === 'object' ? (inner as Record<string, unknown>)[key] : undefined),
    value,
  );
}

/** The description of the schema at a path: it is written as the sentence of what is accepted. */
function acceptedAt(schema: TSchema, path: readonly string[]): string {
  let inner = schema as Record<string, unknown>;
  for (const key of path) {
    const properties = inner['properties'] as Record<string, Record<string, unknown>> | undefined;
    const next = properties?.[key] ?? (/^\d+$/.test(key) ? (inner['items'] as Record<string, unknown>) : undefined);
    if (!next) break;
    inner = next;
  }
  return typeof inner['description'] === 'string' ? inner['description'] : 'another value';
}

/** Compiling is slow, and many validators share a schema: each is compiled once. */
const compiledBefore = new WeakMap<TSchema, unknown>();
function compiledOf<Schema extends TSchema>(schema: Schema) {
  const compiled = (compiledBefore.get(schema) as ReturnType<typeof Compile<Schema>> | undefined) ?? Compile(schema);
  compiledBefore.set(schema, compiled);
  return compiled;
}

/** A validator for one schema: returns the value typed, or throws {@link InvalidRequestError} naming every field. */
export function createValidator<Schema extends TSchema>(schema: Schema): (value: unknown) => Static<Schema> {
  const compiled = compiledOf(schema);
  return (value) => {
    if (compiled.Check(value)) return value;
    const faults = new Map<string, FieldFault>();
    const add = (path: string[], accepted: string) => {
      const field = fieldOf(['', ...path].join('/'));
      const shown = shorten(at(value, path));
      if (!faults.has(field)) faults.set(field, { field, ...(shown === undefined ? {} : { value: shown }), accepted });
    };
    for (const error of compiled.Errors(value)) {
      const path = segments(error.instancePath);
      const params = error.params as { requiredProperties?: string[]; additionalProperties?: string[] };
      if (params.requiredProperties) {
        for (const name of params.requiredProperties) add([...path, name], acceptedAt(schema, [...path, name]));
      } else if (params.additionalProperties) {
        for (const name of params.additionalProperties) add([...path, name], 'nothing: no such field exists');
      } else if (error.keyword !== 'boolean') {
        add(path, acceptedAt(schema, path));
      }
    }
    throw new InvalidRequestError([...faults.values()]);
  };
}

const checkShape = createValidator(PurchaseOrder);

/** Rules that a schema cannot say: lines and tickets agree, and lines sum to the amount exactly. */
function agreementFaults(order: PurchaseOrder): FieldFault[] {
  const faults: FieldFault[] = [];
  const fault = (field: string, value: unknown, accepted: string) => {
    const shown = shorten(value);
    faults.push({ field, ...(shown === undefined ? {} : { value: shown }), accepted });
  };

  const prices = new Map<string, number>();
  order.tickets.forEach((ticket, index) => {
    if (prices.has(ticket.ticketId))
      fault(`tickets[${index}].ticketId`, ticket.ticketId, 'a ticket that is not in the order yet');
    prices.set(ticket.ticketId, ticket.price);
  });

  const seen = new Set<string>();
  order.lines.forEach((line, index) => {
    const field = `lines[${index}]`;
    if (line.kind !== 'ticket') {
      if (line.ticketId !== undefined && !prices.has(line.ticketId))
        fault(`${field}.ticketId`, line.ticketId, 'a ticket of the order');
    } else if (line.ticketId === undefined)
      fault(`${field}.ticketId`, undefined, 'the ticketId of a ticket of the order');
    else if (seen.has(line.ticketId)) fault(`${field}.ticketId`, line.ticketId, 'one ticket line per ticket');
    else if (prices.get(line.ticketId) !== line.amount)
      fault(
        `${field}.amount`,
        line.amount,
        `the price of ticket ${line.ticketId} (${prices.get(line.ticketId) ?? 'no such ticket'})`,
      );
    if (line.kind === 'ticket' && line.ticketId !== undefined) seen.add(line.ticketId);
    if (line.kind === 'discount' ? line.amount > 0 : line.amount < 0)
      fault(`${field}.amount`, line.amount, line.kind === 'discount' ? '0 or less for a discount' : '0 or more');
  });
  for (const ticketId of prices.keys()) {
    if (!seen.has(ticketId)) fault('lines', undefined, `one line of kind ticket for ticket ${ticketId}`);
  }

  const sum = order.lines.reduce((total, line) => total + BigInt(line.amount), 0n);
  if (sum !== BigInt(order.amount)) fault('amount', order.amount, `the sum of the lines, ${sum}`);
  // Stripe, "Supported currencies", three-decimal currencies.
  if (currencyExponents[order.currency] === 3 && order.amount % 10 !== 0)
    fault('amount', order.amount, `an amount of ${order.currency} that ends in 0`);
  return faults;
}

/**
 * Checks a purchase order whole. Throws {@link InvalidRequestError}; nothing was started then.
 */
export function validatePurchaseOrder(value: unknown): PurchaseOrder {
  const order = checkShape(value);
  const faults = agreementFaults(order);
  if (faults.length > 0) throw new InvalidRequestError(faults);
  return order;
}
