import type { EmailRequest } from './schema/jobs.ts';

export type { EmailRequest } from './schema/jobs.ts';
export type { MailMessage } from './schema/mail-templates.ts';

export interface SendEmailInput {
  request: EmailRequest;
  fingerprint: string;
  /** How often a person had it sent again after it was given up; each time it has its calls anew. Absent: never. */
  round?: number;
}

export type EmailResult =
  | { status: 'sent'; messageId: string }
  /** The recipient asked for no mail, or the reference stands for nobody. */
  | { status: 'suppressed'; reason: string }
  | { status: 'undeliverable'; reason: string };
