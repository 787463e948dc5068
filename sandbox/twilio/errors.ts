import { json, type SimAnswer } from '../sim/http.ts';

/** Twilio's error codes that are simulated, with the HTTP status and the words of each. */
const catalog = {
  20001: { status: 400, message: 'Unknown parameters' },
  20003: { status: 401, message: 'Authenticate' },
  20404: { status: 404, message: 'The requested resource was not found' },
  20429: { status: 429, message: 'Too Many Requests' },
  20500: { status: 500, message: 'An internal server error has occurred' },
  21201: { status: 400, message: "No 'To' number is specified" },
  21205: { status: 400, message: 'Url parameter is required' },
  21211: { status: 400, message: "Invalid 'To' Phone Number" },
  21212: { status: 400, message: "Invalid 'From' Number" },
  21408: {
    status: 400,
    message: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
  },
  21602: { status: 400, message: 'Message body is required.' },
  21603: { status: 400, message: "A 'From' phone number is required." },
  21604: { status: 400, message: "A 'To' phone number is required." },
  21606: { status: 400, message: "The 'From' phone number provided is not a valid, SMS-capable Twilio phone number" },
  21610: { status: 400, message: 'Attempt to send to unsubscribed recipient' },
  21611: { status: 429, message: "This 'From' number has exceeded the maximum number of queued messages" },
  21612: { status: 400, message: "Message cannot be sent with the current combination of 'To' and 'From' parameters" },
  21614: { status: 400, message: "'To' number is not a valid mobile number" },
  21617: { status: 400, message: 'The concatenated message body exceeds the 1600 character limit' },
} as const;

export type TwilioCode = keyof typeof catalog;

export const isTwilioCode = (code: unknown): code is TwilioCode => typeof code === 'number' && code in catalog;
export const twilioCodes = Object.keys(catalog).map(Number);

/** What Twilio answers instead of doing it. */
export class TwilioError extends Error {
  override name = 'TwilioError';
  readonly code: TwilioCode;

  /** `about`: the value that is meant; Twilio quotes it. */
  constructor(code: TwilioCode, about?: string) {
    const { message } = catalog[code];
    super(about === undefined ? message : `${message}: ${about}`);
    this.code = code;
  }
}

export function errorAnswer({ code, message }: TwilioError, headers: Record<string, string> = {}): SimAnswer {
  const { status } = catalog[code];
  return json(status, { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status }, headers);
}

/** Of what stands in front of Twilio: it knows no code. */
export const gatewayFailure = (status: number): SimAnswer => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: `<html><body>${status}</body></html>`,
});
