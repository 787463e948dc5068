/** Status callbacks, signed as Twilio signs them: HMAC-SHA1 over the address and the sorted parameters. */
import { createHmac } from 'node:crypto';
import { apiVersion, type Call, type Message } from './resources.ts';

export interface Callback {
  url: string;
  params: Record<string, string>;
  /** Null while it is under way, and where nobody answered. */
  status: number | null;
}

export function twilioSignature(token: string, url: string, params: Readonly<Record<string, string>>): string {
  const text = Object.keys(params)
    .toSorted()
    .reduce((all, name) => `${all}${name}${params[name]}`, url);
  return createHmac('sha1', token).update(text, 'utf8').digest('base64');
}

export class StatusCallbacks {
  readonly #account: { sid: string; token: string };
  readonly #sent: Callback[] = [];
  readonly #closing = new AbortController();
  /** One after another, or a later status could arrive first. */
  #queue: Promise<void> = Promise.resolve();

  constructor(account: { sid: string; token: string }) {
    this.#account = account;
  }

  message({ statusCallback, sid, from, to, status, errorCode }: Message): void {
    this.#send(statusCallback, {
      MessageSid: sid,
      SmsSid: sid,
      MessageStatus: status,
      SmsStatus: status,
      From: from,
      To: to,
      ...(errorCode === null ? {} : { ErrorCode: String(errorCode) }),
    });
  }

  call({ statusCallback, sid, from, to, status }: Call): void {
    this.#send(statusCallback, { CallSid: sid, CallStatus: status, From: from, To: to, Direction: 'outbound-api' });
  }

  async #postAfter(before: Promise<void>, callback: Callback): Promise<void> {
    await before;
    await this.#post(callback);
  }

  #send(url: string | null, about: Record<string, string>): void {
    if (url === null) return;
    const params = { AccountSid: this.#account.sid, ApiVersion: apiVersion, ...about };
    const callback: Callback = { url, params, status: null };
    this.#sent.push(callback);
    this.#queue = this.#postAfter(this.#queue, callback);
  }

  async #post(callback: Callback): Promise<void> {
    const { url, params } = callback;
    try {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
          'user-agent': 'TwilioProxy/1.1',
          'x-twilio-signature': twilioSignature(this.#account.token, url, params),
        },
        body: new URLSearchParams(params).toString(),
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(10_000)]),
      });
      await response.arrayBuffer();
      callback.status = response.status;
    } catch {
      // Nobody answered; Twilio does not send a status a second time either.
    }
  }

  list(): readonly Callback[] {
    return this.#sent;
  }

  close(): void {
    this.#closing.abort();
  }
}
