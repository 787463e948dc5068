import { Stripe } from 'stripe';

type HttpClient = ReturnType<typeof Stripe.createNodeHttpClient>;

/** The SDK repeats a call by itself when its connection broke with one of these, whatever `maxNetworkRetries` says. */
const repeatedBySdk = new Set(['ECONNRESET', 'EPIPE']);

/** Hides the code from the SDK; the error table finds it in the cause. */
function withoutCode(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string' || !repeatedBySdk.has(code)) return error;
  return new Error('the connection broke', { cause: error });
}

/** The SDK's own client, but one request is one sent call: a second one would go out unpaced and uncounted. */
export function createSingleShotHttpClient(): HttpClient {
  const client = Stripe.createNodeHttpClient();
  const makeRequest = client.makeRequest.bind(client);
  client.makeRequest = async (...request) => {
    try {
      return await makeRequest(...request);
    } catch (error) {
      throw withoutCode(error);
    }
  };
  return client;
}
