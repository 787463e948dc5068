/** What has to exist before a purchase, over the API: so this package needs no database. */
import { Type } from 'typebox';
import type { MoneyMoved } from '../contracts/payment.ts';
import { isProblemCode, type ProblemBody } from '../contracts/problems.ts';
import { Id } from '../contracts/schema/common.ts';
import type { ContactBody, EventBody, VenueBody } from '../contracts/schema/setup.ts';
import { createValidator } from '../contracts/schema/validate.ts';
import { BoxofficeError, UnavailableError } from './errors.ts';

export interface ApiAccess {
  /** Base URL, e.g. https://boxoffice.example.com */
  url: string;
  /** A bearer token, or what fetches a fresh one: they live for an hour at most. The tenant stands in it. */
  token: string | (() => string | Promise<string>);
}

/** The API refused. `errors` names the fields, where fields were wrong. */
export class ApiError extends BoxofficeError {
  readonly status: number;
  readonly errors: NonNullable<ProblemBody['errors']>;
  override readonly moneyMoved: MoneyMoved;
  constructor(problem: ProblemBody) {
    super(problem.code, problem.detail);
    this.status = problem.status;
    this.errors = problem.errors ?? [];
    this.moneyMoved = problem.moneyMoved;
  }
}

const timeoutMs = 10_000;

export interface ApiCalls {
  venues: { put(venueId: string, venue: VenueBody): Promise<void> };
  events: { put(eventId: string, event: EventBody): Promise<void> };
  contacts: {
    /** Stores the address and answers with the reference that stands for it everywhere else. */
    put(contact: ContactBody): Promise<{ emailRef: string }>;
  };
}

export function createApiCalls(access: ApiAccess | undefined): ApiCalls {
  const call = (method: string, path: string, body: unknown) => callApi(access, method, path, body);
  return {
    venues: {
      put: async (venueId, venue) => void (await call('PUT', `/venues/${encodeURIComponent(venueId)}`, venue)),
    },
    events: {
      put: async (eventId, event) => void (await call('PUT', `/events/${encodeURIComponent(eventId)}`, event)),
    },
    contacts: { put: async (contact) => checkContactAnswer(await call('POST', '/contacts', contact)) },
  };
}

const checkContactAnswer = createValidator(Type.Object({ emailRef: Id('emailRef') }));

export async function callApi(
  access: ApiAccess | undefined,
  method: string,
  path: string,
  body: unknown,
  waitMs = timeoutMs,
): Promise<unknown> {
  if (!access)
    throw new TypeError('venues, events, contacts and decisions need the API: createBoxoffice({api: {url, token}})');
  const token = typeof access.token === 'string' ? access.token : await access.token();
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(new URL(path, access.url), {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(waitMs),
    });
    answer = await response.json().catch(() => undefined);
  } catch (error) {
    throw new UnavailableError(`The API at ${access.url}`, error);
  }
  if (response.ok) return answer;
  if (isProblem(answer)) throw new ApiError(answer);
  throw new UnavailableError(`The API at ${access.url} (HTTP ${response.status})`, undefined);
}

const isProblem = (answer: unknown): answer is ProblemBody =>
  answer !== null && typeof answer === 'object' && 'code' in answer && isProblemCode(answer.code);
