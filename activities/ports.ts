/** What activities need of the store, as small as each needs it, so that a test can hand in a twin of that much. */
import type { EmailRequest, EmailResult, MailMessage } from '../contracts/mail.ts';
import type { SmsMessage } from '../contracts/sms.ts';
import type { Store } from '../store/index.ts';
import type { MailContent } from './providers/mail/render.ts';
import type { SmsContent } from './providers/sms/texts.ts';

export type { BooksLook, ChainTransaction, NewAlertNotice, Operation, ReservedTicket } from '../store/index.ts';

export type StepLedger = Pick<Store['sentCalls'], 'read' | 'fence' | 'raiseGeneration'>;
/** How often a step's call left, and when. */
export type StepHistory = Awaited<ReturnType<StepLedger['read']>>;
/** The books of refunds, as far as the provider's side of one is concerned. */
export type RefundBooks = Pick<Store['refunds'], 'refunded'>;
/** Where the secret of a customer who has to act waits for them. */
export type CustomerActionLedger = Pick<Store['customerActions'], 'put' | 'drop'>;
/** Until when money is held, for those who watch the clock. */
export type AuthorizationLedger = Pick<Store['authorizations'], 'held'>;
/** What the monitor asks the database. */
export type SamplingReads = Store['monitorReads'];
export type QueueRecords = Pick<Store['queueMetrics'], 'record'>;
/** What the monitor writes. */
export type IncidentRecords = Pick<Store['alerts'], 'sync'>;
export type MonitorChangeRecords = Pick<Store['monitorChanges'], 'record'>;
export type MintLedger = Store['mints'];
export type TransactionLedger = Store['chain'];
export type MoveLedger = Store['moves'];

/** The claim of a message. It belongs to the message, not to a workflow: a receipt may change hands. */
export interface MessageLedger<Request = EmailRequest, Result = EmailResult> {
  claim(claim: {
    request: Request;
    fingerprint: string;
    now: string;
  }): Promise<{ kind: 'owned' } | { kind: 'settled'; result: Result } | { kind: 'refused' }>;
  /** `round`: how often a person had it sent again. */
  settle(done: { request: Request; result: Result; now: string; round?: number }): Promise<void>;
}

export interface Contact {
  value: string;
  name?: string | undefined;
}

/** What a mail says, looked up when it is written, so that no personal data passes through a workflow. */
export interface MailFacts {
  contact(tenantId: string, ref: string): Promise<Contact | undefined>;
  content(tenantId: string, message: MailMessage, to: Contact): Promise<MailContent | undefined>;
}

/** As {@link MailFacts}, for text messages. */
export interface SmsFacts {
  contact(tenantId: string, ref: string): Promise<Contact | undefined>;
  content(tenantId: string, message: SmsMessage): Promise<SmsContent | undefined>;
}
