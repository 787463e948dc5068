import { Readable } from 'node:stream';
import { createTransport } from 'nodemailer';
import { ProviderFault } from '../../../contracts/provider-fault.ts';
import { acknowledgement, mailFault } from './errors.ts';
import { parseSender } from './message-id.ts';
import type { RenderedMail } from './render.ts';

export interface MailProviderOptions {
  /** `smtp(s)://user:password@host:port`. Over `smtp:` TLS is used where the server offers it, and demanded by `?requireTLS=true`. */
  smtpUrl: string;
  /** `Boxoffice <tickets@example.com>`. */
  from: string;
  /** The longest silence in any step; a delivery as a whole may take twice as long. Milliseconds. */
  timeoutMs: number;
}

export interface MailProvider {
  /** Throws {@link ProviderFault} only (errors.ts). `to` is one address, `messageId` comes from `messageIdOf`. */
  send(message: {
    to: string;
    messageId: string;
    mail: RenderedMail;
  }): Promise<{ messageId: string; response: string }>;
  /** Takes no more mail and resolves once what is under way has ended: a sent mail is never cut off. */
  close(): Promise<void>;
}

function checkUrl(smtpUrl: string): void {
  const url = URL.canParse(smtpUrl) ? new URL(smtpUrl) : undefined;
  if (url?.hostname && (url.protocol === 'smtp:' || url.protocol === 'smtps:')) return;
  // The value may hold a password, so it is not shown.
  throw new Error('SMTP_URL is no address of a mail server: use smtp://user:password@host:port or smtps://…');
}

/**
 * One connection per mail. Nodemailer's pool would put a mail whose connection broke back into its queue and send it
 * again by itself, when the lane alone decides what is sent again.
 */
export function createMailProvider({ smtpUrl, from, timeoutMs }: MailProviderOptions): MailProvider {
  checkUrl(smtpUrl);
  const { name, address } = parseSender(from);
  const underWay = new Set<Promise<unknown>>();
  let closed = false;

  async function deliver({ to, messageId, mail }: Parameters<MailProvider['send']>[0]) {
    let bodySent = false;
    const transport = createTransport({
      url: smtpUrl,
      dnsTimeout: timeoutMs,
      // Until the greeting and TLS are done, too.
      connectionTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      socketCloseTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    // Nodemailer's errors do not tell whether the body had begun. Its stream is first read when the server says
    // "go on" to DATA, and a generator does not run before that.
    transport.use('stream', (composed, done) => {
      composed.message.processFunc((body) => {
        async function* watched() {
          bodySent = true;
          yield* body as AsyncIterable<Buffer>;
        }
        return Readable.from(watched(), { objectMode: false });
      });
      done();
    });
    try {
      const sent = await transport.sendMail({
        from: { name, address },
        // As an object: a list of addresses in a string would be several recipients.
        to: { name: '', address: to },
        messageId,
        subject: mail.subject,
        html: mail.html,
        text: mail.text,
        // No machine's "I am on holiday" to a receipt (RFC 3834).
        headers: { 'Auto-Submitted': 'auto-generated' },
        xMailer: false,
        signal: AbortSignal.timeout(2 * timeoutMs),
      });
      return { messageId, response: acknowledgement(sent.response, to) };
    } catch (error) {
      throw mailFault(error, { bodySent, recipient: to });
    } finally {
      transport.close();
    }
  }

  return {
    async send(message) {
      if (closed) {
        throw new ProviderFault({
          provider: 'smtp',
          kind: 'not_sent',
          code: 'closed',
          message: 'this worker is stopping',
        });
      }
      const delivery = deliver(message);
      underWay.add(delivery);
      try {
        return await delivery;
      } finally {
        underWay.delete(delivery);
      }
    },
    async close() {
      closed = true;
      await Promise.allSettled(underWay);
    },
  };
}
