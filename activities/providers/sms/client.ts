/** The SDK's client as it is used here: one method call is one request with one deadline, and its errors are ours. */
import twilio from 'twilio';
import { ProviderFault } from '../../../contracts/provider-fault.ts';
import { twilioFault } from './errors.ts';

export interface TwilioConfig {
  accountSid: string;
  authToken: string;
  /** Instead of Twilio's own address; the paths stay. */
  apiBase?: string | undefined;
}

/** A call that got no answer by then has none. Milliseconds. */
export const requestTimeoutMs = 10_000;

type RequestAnswer<TData> = ReturnType<typeof twilio.RequestClient.prototype.request<TData>>;
type RequestOptions<TData> = Parameters<typeof twilio.RequestClient.prototype.request<TData>>[0];

/** A list becomes one pair for each of its values, as Twilio reads it. */
function pairs(values: object | undefined): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(values ?? {})) {
    for (const one of [value].flat()) if (one !== undefined && one !== null) form.append(name, String(one));
  }
  return form;
}

function codeIn(body: unknown): number | undefined {
  const code: unknown = body !== null && typeof body === 'object' && 'code' in body ? body.code : undefined;
  return typeof code === 'number' ? code : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Sends what the SDK composes. The SDK's own client knows no other address, times out on silence alone, and its error
 * loses the Retry-After. Every failure is thrown here, so nothing is left for the SDK to read or to try again.
 */
class OneRequest extends twilio.RequestClient {
  readonly #apiBase: string | undefined;

  constructor(apiBase: string | undefined) {
    super({ autoRetry: false });
    this.#apiBase = apiBase;
  }

  override async request<TData>(options: RequestOptions<TData>): RequestAnswer<TData> {
    const { method, username, password } = options;
    const composed = new URL(options.uri);
    const url = this.#apiBase === undefined ? composed : new URL(composed.pathname + composed.search, this.#apiBase);
    for (const [name, value] of pairs(options.params)) url.searchParams.append(name, value);
    const form = pairs(options.data as object | undefined);
    const login = Buffer.from(`${username}:${password}`).toString('base64');
    const { answer, text } = await fetch(url, {
      method: method.toUpperCase(),
      redirect: 'manual',
      headers: {
        authorization: `Basic ${login}`,
        accept: 'application/json',
        ...(method === 'post' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      },
      ...(method === 'post' ? { body: form.toString() } : {}),
      signal: AbortSignal.timeout(requestTimeoutMs),
    })
      .then(async (response) => ({ answer: response, text: await response.text() }))
      .catch((error: unknown) => {
        throw twilioFault({ error });
      });
    const body = parsed(text);
    if (!answer.ok || body === undefined) {
      throw twilioFault({
        status: answer.status,
        code: codeIn(body),
        retryAfter: answer.headers.get('retry-after') ?? undefined,
        date: answer.headers.get('date') ?? undefined,
        requestId: answer.headers.get('twilio-request-id') ?? undefined,
      });
    }
    return {
      statusCode: answer.status,
      body: body as TData,
      headers: Object.fromEntries(answer.headers),
      toString: () => text,
    };
  }
}

export const createTwilioClient = ({ accountSid, authToken, apiBase }: TwilioConfig) =>
  twilio(accountSid, authToken, { httpClient: new OneRequest(apiBase), autoRetry: false });

/** What the SDK itself refuses to send, or cannot read, is no answer of Twilio's. @throws ProviderFault */
export async function asked<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof ProviderFault ? error : twilioFault({ error });
  }
}
