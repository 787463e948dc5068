import { createSimServer, createState, type SimServer, type SimServerOptions } from '../sim/server.ts';
import { Account } from './account.ts';
import { createApi } from './api.ts';
import { StatusCallbacks } from './callbacks.ts';
import { twilioControls } from './controls.ts';
import { gatewayFailure } from './errors.ts';

export interface TwilioSimulatorOptions extends SimServerOptions {
  /** `AC…`, and what it logs in with. */
  accountSid: string;
  authToken: string;
  /** The account's numbers: what it may send from. */
  numbers: readonly string[];
}

export interface TwilioSimulator extends SimServer {
  account: Account;
}

/** Twilio's documented test sender is everybody's. */
const testNumber = '+15005550006';
const dueCheckMs = 100;

function summarize({ messages, calls }: Account) {
  const counts = new Map<string, number>();
  for (const { to, body } of messages) {
    const key = JSON.stringify([to, body]);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const repeats = [...counts.values()].filter((count) => count > 1).length;
  return { messages: messages.length, unique: counts.size, repeats, calls: calls.length };
}

/**
 * A Twilio account that keeps state, as an HTTP server on `host` and `port` (a free one unless given). Throws what `listen`
 * throws.
 */
export async function createTwilioSimulator(options: TwilioSimulatorOptions): Promise<TwilioSimulator> {
  const state = createState(options);
  const credentials = { sid: options.accountSid, token: options.authToken };
  const callbacks = new StatusCallbacks(credentials);
  const numbers = [...options.numbers, testNumber];
  const account = new Account({ ...credentials, numbers, clock: state.clock, callbacks });
  const server = await createSimServer(
    state,
    {
      answer: createApi(account, state.limits),
      failure: gatewayFailure,
      // Twilio takes none: that is what makes a lost answer hard.
      idempotencyKey: () => null,
      summary: () => summarize(account),
      objects: { messages: () => account.messages, calls: () => account.calls },
      routes: twilioControls(account),
    },
    options,
  );
  const advance = (): void => account.advance();
  state.clock.onChange(advance);
  const timer = setInterval(advance, dueCheckMs);
  return {
    ...server,
    account,
    close: () => {
      clearInterval(timer);
      callbacks.close();
      return server.close();
    },
  };
}
