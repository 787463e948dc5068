/** Every error as a problem detail (RFC 9457). What nobody foresaw becomes a 500 that says nothing of the inside. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BoxofficeError, InvalidOrderError } from '../client/errors.ts';
import { type ProblemBody, type ProblemCode, problems } from '../contracts/problems.ts';
import { type FieldFault, InvalidRequestError } from '../contracts/schema/validate.ts';

type Extras = Omit<ProblemBody, 'type' | 'title' | 'status' | 'detail' | 'code'>;

/** A refusal by the API itself. */
export class ApiProblem extends Error {
  readonly code: ProblemCode;
  readonly extras: Partial<Extras>;
  constructor(code: ProblemCode, detail: string, extras: Partial<Extras> = {}, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'ApiProblem';
    this.code = code;
    this.extras = extras;
  }
}

function bodyOf(code: ProblemCode, detail: string, extras: Partial<Extras> = {}): ProblemBody {
  const { status, title, moneyMoved, nextAction } = problems[code];
  return { type: `urn:boxoffice:problem:${code}`, title, status, detail, code, moneyMoved, nextAction, ...extras };
}

/** Over HTTP the key travels in a header, and that is the name the caller knows. */
const spoken = ({ field, ...fault }: FieldFault): FieldFault => ({
  field: field === 'idempotencyKey' ? 'Idempotency-Key' : field,
  ...fault,
});

function fieldProblem(faults: readonly FieldFault[]): ProblemBody {
  const { message } = new InvalidRequestError(faults.map(spoken));
  return bodyOf('invalid_request', message, { errors: faults.map(spoken) });
}

/** Postgres or the network under it is away: worth repeating. */
const isUnreachable = (code: string | undefined) =>
  code !== undefined && /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|EPIPE|08...|57P0.|53...)$/.test(code);

type HttpError = Error & { code?: string; statusCode?: number };

/** What Fastify and its plugins throw before a handler runs. */
function httpProblem(error: HttpError): ProblemBody | undefined {
  const status = error.statusCode ?? 500;
  if (status === 429) return bodyOf('too_many_requests', error.message);
  if (status === 503) return bodyOf('overloaded', 'The service is shedding load');
  if (status === 404) return bodyOf('not_found', 'There is no such address');
  if (status >= 400 && status < 500) return { ...bodyOf('invalid_request', error.message), status };
  return undefined;
}

export function problemOf(error: unknown): ProblemBody {
  if (error instanceof InvalidRequestError) return fieldProblem(error.faults);
  if (error instanceof InvalidOrderError) return fieldProblem(error.faults);
  if (error instanceof ApiProblem) return bodyOf(error.code, error.message, error.extras);
  if (error instanceof BoxofficeError) return bodyOf(error.code, error.message);
  if (error instanceof Error) {
    const foreign: HttpError = error;
    if (isUnreachable(foreign.code)) return bodyOf('unavailable', 'The database gave no answer');
    const http = httpProblem(foreign);
    if (http) return http;
  }
  return bodyOf('internal', 'The request could not be answered; the log has the reason');
}

/** Without what an error carries besides its words: Postgres' `detail` quotes whole rows, and they may name a person. */
function loggable(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack, cause, code }: HttpError = error;
  return { name, message, code, stack, ...(cause === undefined ? {} : { cause: loggable(cause) }) };
}

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error);
  if (problem.status >= 500) request.log.error({ err: loggable(error), code: problem.code }, 'request failed');
  if (problem.code === 'unauthenticated') void reply.header('www-authenticate', 'Bearer');
  if (problem.code === 'unavailable') void reply.header('retry-after', '1');
  return reply.code(problem.status).type('application/problem+json').send(problem);
}
