import { randomBytes } from 'node:crypto';

export type MessageStatus = 'queued' | 'sending' | 'sent' | 'delivered' | 'undelivered' | 'failed';
export type CallStatus = 'queued' | 'ringing' | 'in-progress' | 'completed' | 'busy' | 'no-answer' | 'failed';

/** What is still to come of a resource. Times in milliseconds since the epoch, by the simulator's clock. */
export interface Step<Status extends string> {
  at: number;
  status: Status;
}

interface Resource<Status extends string> {
  sid: string;
  from: string;
  to: string;
  status: Status;
  createdAt: number;
  updatedAt: number;
  errorCode: number | null;
  steps: Step<Status>[];
  statusCallback: string | null;
}

export interface Message extends Resource<MessageStatus> {
  body: string;
  messagingServiceSid: string | null;
  sentAt: number | null;
}

export interface Call extends Resource<CallStatus> {
  /** The address of the instructions, or the instructions themselves. */
  instructions: string;
  startedAt: number | null;
  endedAt: number | null;
}

export const newSid = (prefix: 'SM' | 'CA' | 'RQ') => `${prefix}${randomBytes(16).toString('hex')}`;

export const apiVersion = '2010-04-01';
const time = (ms: number | null) => (ms === null ? null : new Date(ms).toUTCString().replace('GMT', '+0000'));
export const pathOf = (accountSid: string, name: 'Messages' | 'Calls', sid?: string) =>
  `/${apiVersion}/Accounts/${accountSid}/${name}${sid === undefined ? '' : `/${sid}`}.json`;

/** Segments of 160 characters, 153 where there are several; 70 and 67 beyond the plain alphabet. */
function segmentsOf(body: string): number {
  const plain = /^[\x20-\x7e\n\r]*$/.test(body);
  const [whole, part] = plain ? [160, 153] : [70, 67];
  return body.length <= whole ? 1 : Math.ceil(body.length / part);
}

export function messageJson(accountSid: string, message: Message): Record<string, unknown> {
  const uri = pathOf(accountSid, 'Messages', message.sid);
  return {
    account_sid: accountSid,
    api_version: apiVersion,
    body: message.body,
    date_created: time(message.createdAt),
    date_sent: time(message.sentAt),
    date_updated: time(message.updatedAt),
    direction: 'outbound-api',
    error_code: message.errorCode,
    error_message: null,
    from: message.from,
    messaging_service_sid: message.messagingServiceSid,
    num_media: '0',
    num_segments: String(segmentsOf(message.body)),
    price: null,
    price_unit: 'USD',
    sid: message.sid,
    status: message.status,
    subresource_uris: { media: uri.replace('.json', '/Media.json') },
    to: message.to,
    uri,
  };
}

export function callJson(accountSid: string, call: Call): Record<string, unknown> {
  const { startedAt, endedAt } = call;
  return {
    account_sid: accountSid,
    answered_by: null,
    api_version: apiVersion,
    caller_name: null,
    date_created: time(call.createdAt),
    date_updated: time(call.updatedAt),
    direction: 'outbound-api',
    duration: startedAt === null || endedAt === null ? null : String(Math.round((endedAt - startedAt) / 1_000)),
    end_time: time(endedAt),
    forwarded_from: null,
    from: call.from,
    from_formatted: call.from,
    group_sid: null,
    parent_call_sid: null,
    phone_number_sid: null,
    price: null,
    price_unit: 'USD',
    queue_time: '0',
    sid: call.sid,
    start_time: time(startedAt),
    status: call.status,
    subresource_uris: {},
    to: call.to,
    to_formatted: call.to,
    trunk_sid: null,
    uri: pathOf(accountSid, 'Calls', call.sid),
  };
}
