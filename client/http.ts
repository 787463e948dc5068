/** What has to exist before a purchase, over the API: so this package needs no database. */
import { Type } from 'typebox';
import type { MoneyMoved } from '../contracts/payment.ts';
import { isProblemCode, type ProblemBody } from '../contracts/problems.ts';
import { Id } from '../contracts/schema/common.ts';
import type { MessageContentBody } from '../contracts/schema/contents.ts';
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

export function createApiCalls(access: ApiAccess | undefined): ApiCalls {
  const call = (method: string, path: string, body: unknown) => request(access, method, path, body);
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

async function request(access: ApiAccess | undefined, method: string, path: string, body: unknown): Promise<unknown> {
  if (!access) throw new TypeError('venues, events and contacts need the API: createBoxoffice({api: {url, token}})');
  const token = typeof access.token === 'string' ? access.token : await access.token();
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(new URL(path, access.url), {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
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
