/** What is not in Temporal, over the API: so this package needs no database. */
import { Type } from 'typebox';
import type { MoneyMoved } from '../contracts/payment.ts';
import { isProblemCode, type ProblemBody } from '../contracts/problems.ts';
import { Id } from '../contracts/schema/common.ts';
import { paymentWorkflowId } from '../contracts/ids.ts';
import type { MessageContentBody } from '../contracts/schema/contents.ts';
import type { ContactBody, EventBody, VenueBody } from '../contracts/schema/setup.ts';
import { createValidator } from '../contracts/schema/validate.ts';
import { BoxofficeError, NotFoundError, UnavailableError } from './errors.ts';

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

export type ContactRef<Kind> = Kind extends 'phone' ? { phoneRef: string } : { emailRef: string };

export interface ApiCalls {
  venues: { put(venueId: string, venue: VenueBody): Promise<void> };
  events: { put(eventId: string, event: EventBody): Promise<void> };
  contacts: {
    /** Stores the address or number and answers with the reference that stands for it everywhere else. */
    put<Kind extends ContactBody['kind']>(contact: ContactBody & { kind: Kind }): Promise<ContactRef<Kind>>;
  };
  messageContents: {
    /** Stores a link or a code that only a message may show, until it expires. */
    put(content: MessageContentBody): Promise<{ contentRef: string; expiresAt: string }>;
  };
}

/** What the customer's browser needs for 3-D Secure. */
export interface CustomerAction {
  intentId: string;
  clientSecret: string;
  /** ISO 8601 UTC. */
  expiresAt: string;
}

const checkCustomerAction = createValidator(
  Type.Object({
    workflowId: Type.String(),
    intentId: Type.String(),
    clientSecret: Type.String(),
    expiresAt: Type.String(),
  }),
);

/** @throws ApiError `not_found` when no customer is waited for. @throws TypeError without access to the API. */
export async function customerActionOf(
  access: ApiAccess | undefined,
  tenantId: string,
  paymentKey: string,
): Promise<CustomerAction> {
  const path = `/payments/${encodeURIComponent(paymentKey)}/customer-action`;
  const answer = checkCustomerAction(await callApi(access, 'GET', path));
  const { workflowId, intentId, clientSecret, expiresAt } = answer;
  // The tenant of the token decides: it may be another one, with a purchase of the same key.
  const wanted = paymentWorkflowId(tenantId, paymentKey);
  if (workflowId !== wanted) throw new NotFoundError(wanted);
  return { intentId, clientSecret, expiresAt };
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
    contacts: {
      put: async <Kind extends ContactBody['kind']>(contact: ContactBody & { kind: Kind }) => {
        const answer = await call('POST', '/contacts', contact);
        return (contact.kind === 'phone' ? checkPhoneAnswer(answer) : checkEmailAnswer(answer)) as ContactRef<Kind>;
      },
    },
    messageContents: {
      put: async (content) => checkContentAnswer(await call('POST', '/message-contents', content)),
    },
  };
}

const checkEmailAnswer = createValidator(Type.Object({ emailRef: Id('emailRef') }));
const checkPhoneAnswer = createValidator(Type.Object({ phoneRef: Id('phoneRef') }));
const checkContentAnswer = createValidator(
  Type.Object({ contentRef: Id('contentRef'), expiresAt: Type.String({ description: 'expiresAt' }) }),
);

/** The path with what of the query is given. */
export function withQuery(path: string, query: object): string {
  const given = Object.entries(query).flatMap<[string, string]>(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  const text = new URLSearchParams(given).toString();
  return text ? `${path}?${text}` : path;
}

export async function callApi(
  access: ApiAccess | undefined,
  method: string,
  path: string,
  body?: unknown,
  waitMs = timeoutMs,
): Promise<unknown> {
  const response = await asked(access, path, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(waitMs),
  });
  return bodyOf(response);
}

/** An answer that may be long, as it arrives. @throws ApiError, UnavailableError, the latter also in the middle of it. */
export async function* readApi(access: ApiAccess | undefined, path: string, accept: string): AsyncGenerator<string> {
  const { body } = await asked(access, path, { method: 'GET', headers: { accept } });
  if (!body) return;
  try {
    for await (const text of body.pipeThrough(new TextDecoderStream())) yield text;
  } catch (error) {
    throw new UnavailableError(`The API at ${access?.url}, in the middle of its answer,`, error);
  }
}

/** The answer of a call that succeeded. */
async function asked(
  access: ApiAccess | undefined,
  path: string,
  { headers, ...request }: Omit<RequestInit, 'headers'> & { headers: Readonly<Record<string, string>> },
): Promise<Response> {
  if (!access)
    throw new TypeError(
      'venues, contacts, decisions, lanes, alerts, reports and whatever else is not in Temporal need the API: createBoxoffice({api: {url, token}})',
    );
  const token = typeof access.token === 'string' ? access.token : await access.token();
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(new URL(path, access.url), {
      ...request,
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
    if (response.ok) return response;
    answer = await response.json().catch(() => undefined);
  } catch (error) {
    throw new UnavailableError(`The API at ${access.url}`, error);
  }
  if (isProblem(answer)) throw new ApiError(answer);
  throw new UnavailableError(`The API at ${access.url} (HTTP ${response.status})`, undefined);
}

/** A table as its text; undefined for what is no JSON. */
const bodyOf = (response: Response): Promise<unknown> =>
  response.headers.get('content-type')?.startsWith('text/csv') === true
    ? response.text()
    : response.json().catch(() => undefined);

const isProblem = (answer: unknown): answer is ProblemBody =>
  answer !== null && typeof answer === 'object' && 'code' in answer && isProblemCode(answer.code);
