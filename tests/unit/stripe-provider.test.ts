import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ProviderFault } from '../../contracts/provider-fault.ts';
import { createCardProvider } from '../../activities/providers/stripe/provider.ts';

const request = {
  tenantId: 'acme',
  workflowId: 'payment:acme:k1',
  orderId: 'o1',
  amount: 100,
  currency: 'USD',
  paymentMethod: 'pm_card_visa',
};

let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

/** A server that answers each request with what `answer` does; counts requests. */
async function serve(answer: (socket: Socket) => void): Promise<{ url: string; requests: () => number }> {
  let requests = 0;
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      requests += 1;
      answer(socket);
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests: () => requests };
}

const say =
  (status: number, error: object, headers = '') =>
  (socket: Socket) => {
    const body = JSON.stringify({ error });
    socket.end(
      `HTTP/1.1 ${status} x\r\ncontent-type: application/json\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  };

async function faultAt(url: string): Promise<ProviderFault> {
  const provider = createCardProvider({ secretKey: 'sk_test_x', apiBase: url });
  const error: unknown = await provider.authorize(request, 'key').then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProviderFault)) throw new Error(`no ProviderFault but ${String(error)}`);
  return error;
}

describe('the card provider', () => {
  it('sends one call when the connection breaks, and calls it unknown', async () => {
    const { url, requests } = await serve((socket) => socket.resetAndDestroy());
    expect(await faultAt(url)).toMatchObject({ kind: 'unknown', code: 'ECONNRESET' });
    expect(requests()).toBe(1);
  });

  it.each(['127.0.0.1', 'localhost'])('knows that nothing was sent to a closed port of %s', async (host) => {
    const { url } = await serve(() => undefined);
    await new Promise<void>((resolve) => server!.close(() => resolve()));
    expect(await faultAt(url.replace('127.0.0.1', host))).toMatchObject({ kind: 'not_sent', code: 'ECONNREFUSED' });
  });

  it.each([
    [
      402,
      { type: 'card_error', code: 'card_declined', decline_code: 'insufficient_funds' },
      'declined',
      'insufficient_funds',
    ],
    [
      400,
      { type: 'invalid_request_error', code: 'resource_missing', param: 'payment_method' },
      'declined',
      'resource_missing',
    ],
    [400, { type: 'invalid_request_error', code: 'parameter_unknown', param: 'x' }, 'refused', 'parameter_unknown'],
    [
      400,
      { type: 'invalid_request_error', code: 'payment_intent_unexpected_state' },
      'declined',
      'payment_intent_unexpected_state',
    ],
    [401, { type: 'invalid_request_error' }, 'refused', 'StripeAuthenticationError'],
    [403, { type: 'invalid_request_error' }, 'refused', 'StripePermissionError'],
    [400, { type: 'idempotency_error' }, 'refused', 'StripeIdempotencyError'],
    [409, { type: 'idempotency_error', code: 'idempotency_key_in_use' }, 'busy', 'idempotency_key_in_use'],
    [429, { type: 'invalid_request_error', code: 'rate_limit' }, 'rate_limited', 'rate_limit'],
    [400, { type: 'invalid_request_error', code: 'lock_timeout' }, 'rate_limited', 'lock_timeout'],
    [500, { type: 'api_error' }, 'unknown', 'StripeAPIError'],
    [503, { type: 'api_error' }, 'unknown', 'StripeAPIError'],
  ])('reads HTTP %i %j as %s', async (status, error, kind, code) => {
    const { url, requests } = await serve(say(status, { message: 'secret detail', ...error }));
    const fault = await faultAt(url);
    expect(fault).toMatchObject({ provider: 'stripe', kind, code });
    expect(fault.message).not.toContain('secret detail');
    expect(requests()).toBe(1);
  });

  it('hears Retry-After and that an answer was a replay', async () => {
    const limited = await serve(say(429, { type: 'invalid_request_error' }, 'retry-after: 3\r\n'));
    expect(await faultAt(limited.url)).toMatchObject({ kind: 'rate_limited', retryAfterMs: 3_000 });
    await new Promise<void>((resolve) => server!.close(() => resolve()));
    const replayed = await serve(say(500, { type: 'api_error' }, 'idempotent-replayed: true\r\n'));
    expect((await faultAt(replayed.url)).facts).toMatchObject({ replayed: true });
  });

  it('reads a Retry-After that is a date by the clock of the answer', async () => {
    const dates = 'date: Thu, 01 Jan 2026 00:00:00 GMT\r\nretry-after: Thu, 01 Jan 2026 00:00:04 GMT\r\n';
    const { url } = await serve(say(429, { type: 'invalid_request_error' }, dates));
    expect(await faultAt(url)).toMatchObject({ kind: 'rate_limited', retryAfterMs: 4_000 });
  });
});
