/** Telephone calls over Twilio that say something to whoever answers. */
import { escapeHtml } from '../../../contracts/escape-html.ts';
import { oneLine } from '../mail/fill.ts';
import { asked, createTwilioClient, type TwilioConfig } from '../sms/client.ts';

export interface VoiceProviderOptions extends TwilioConfig {
  /** A number in E.164 that can call. */
  from: string;
}

export interface PlacedCall {
  callSid: string;
}

export interface VoiceProvider {
  /** Rings once; `words` are said twice, because nobody is awake at the first. Throws ProviderFault only. */
  call(call: { to: string; words: string }): Promise<PlacedCall>;
}

/** Seconds until nobody answers: longer, and the mailbox listens. */
const ringSeconds = 40;

/** Instructions for Twilio, which fetches nothing: our API may be what is away. The five escapes are XML's as well. */
export function twimlOf(words: string): string {
  const say = `<Say>${escapeHtml(oneLine(words))}</Say>`;
  return `<Response><Pause length="1"/>${say}<Pause length="1"/>${say}</Response>`;
}

export function createVoiceProvider({ from, ...account }: VoiceProviderOptions): VoiceProvider {
  const client = createTwilioClient(account);
  return {
    call: async ({ to, words }) => {
      const twiml = twimlOf(words);
      const { sid } = await asked(() => client.calls.create({ to, from, twiml, timeout: ringSeconds }));
      return { callSid: sid };
    },
  };
}
