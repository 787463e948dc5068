/**
 * Twilio's errors in our words; the only place that knows them. Source: Twilio's "Error and Warning Dictionary" and "Message
 * resource". Only what the API answers to a call is here: what a network says later stands in the message's own status.
 */
import { ProviderFault, type FaultClass } from '../../../contracts/provider-fault.ts';
import { neverConnected, retryAfterMs, type SystemError } from '../http-faults.ts';

/** What came instead of success: an answer with its status and Twilio's code, or none. */
export type TwilioFailure =
  | {
      status: number;
      code: number | undefined;
      /** The headers `Retry-After` and `Date`. */
      retryAfter: string | undefined;
      date: string | undefined;
      requestId: string | undefined;
    }
  | { error: unknown };

/** The recipient has answered STOP: the one "no" that is a wish and not a fault. */
export const stopCode = '21610';

const byCode: Readonly<Record<number, { kind: FaultClass; what: string }>> = {
  20429: { kind: 'rate_limited', what: 'Twilio limits our rate' },
  21610: { kind: 'declined', what: 'the recipient has said STOP' },
  21211: { kind: 'declined', what: 'the number is not valid' },
  21612: { kind: 'declined', what: 'the number cannot be reached from this sender' },
  21614: { kind: 'declined', what: 'the number takes no text messages' },
  21217: { kind: 'declined', what: 'the number does not look like one' },
  // Of calls.
  21214: { kind: 'declined', what: 'the number cannot be called' },
  21215: { kind: 'refused', what: "the account may not call the number's country; enable it at Twilio" },
  21408: { kind: 'refused', what: "the account may not send to the number's country; enable it at Twilio" },
  21606: { kind: 'refused', what: 'the sender cannot send text messages; check TWILIO_FROM' },
  21212: { kind: 'refused', what: 'the sender is not valid; check TWILIO_FROM' },
  20003: { kind: 'refused', what: 'Twilio refused our login; check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN' },
  20404: { kind: 'refused', what: 'Twilio does not know the account; check TWILIO_ACCOUNT_SID' },
  // Its queue for this sender is full: nothing was taken, and it drains by itself.
  21611: { kind: 'busy', what: "the sender's queue is full" },
};

function byStatus(status: number): { kind: FaultClass; what: string } {
  if (status === 429) return { kind: 'rate_limited', what: 'Twilio limits our rate' };
  if (status >= 500) return { kind: 'unknown', what: 'Twilio failed, and may have sent the message' };
  if (status === 401 || status === 403) return { kind: 'refused', what: 'Twilio refused our login or its rights' };
  if (status === 408 || status < 400) return { kind: 'unknown', what: 'Twilio gave no answer that can be trusted' };
  return { kind: 'refused', what: 'Twilio refused the request' };
}

function codeOf(error: unknown): string {
  const { name, code, cause } = error as SystemError & { name?: string };
  return code ?? cause?.code ?? cause?.errors?.[0]?.code ?? (typeof name === 'string' ? name : 'no_answer');
}

/**
 * A failed call as a fault. Twilio's own message is not used and nothing is kept as the cause: both quote the recipient's
 * number, and a fault ends up in Temporal's history. `code` is Twilio's, else the HTTP status or the system's.
 */
export function twilioFault(failure: TwilioFailure): ProviderFault {
  if ('error' in failure) {
    const never = neverConnected(failure.error as SystemError);
    const code = codeOf(failure.error);
    return new ProviderFault({
      provider: 'twilio',
      kind: never ? 'not_sent' : 'unknown',
      code,
      message: `${never ? 'Twilio was not reached' : 'Twilio did not answer, and may have sent the message'} (${code})`,
    });
  }
  const { status, code, requestId } = failure;
  // A gateway's 5xx says nothing about what Twilio did, whatever its body quotes.
  const { kind, what } = (status < 500 && code !== undefined ? byCode[code] : undefined) ?? byStatus(status);
  const shown = String(code ?? status);
  return new ProviderFault({
    provider: 'twilio',
    kind,
    code: shown,
    message: `${what} (HTTP ${status}, code ${shown})`,
    retryAfterMs: retryAfterMs(failure.retryAfter, Date.now(), failure.date),
    facts: { status, ...(requestId === undefined ? {} : { requestId }) },
  });
}
