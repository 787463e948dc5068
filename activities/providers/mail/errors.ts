import { type FaultClass, ProviderFault } from '../../../contracts/provider-fault.ts';

/** What is known of a failed delivery. `reply` is the SMTP reply code, absent when the server did not answer. */
interface Failure {
  /** Nodemailer's code, e.g. `ECONNECTION`. */
  code: string;
  /** The operating system's code beneath it, e.g. `ECONNREFUSED`. */
  systemCode: string | undefined;
  reply: number | undefined;
  /** RFC 3463, e.g. `5.1.1`. */
  enhancedStatus: string | undefined;
  /** The command that was answered, e.g. `RCPT TO`; `CONN` outside of one. */
  command: string | undefined;
  /** The server's words, without anybody's address. */
  words: string;
  /** The server had said "go on" to DATA: from here on a mail may exist. */
  bodySent: boolean;
}

const temporary = ({ reply }: Failure) => reply !== undefined && reply >= 400 && reply < 500;
const permanent = ({ reply }: Failure) => reply !== undefined && reply >= 500 && reply < 600;

/** Servers word a rate limit as they like. A full mailbox (X.2.x) speaks of quotas too, but is no reason to slow down. */
const rateWords =
  /\brate\b|throttl|too (many|much|fast|quick)|slow down|(daily|hourly|sending|message|connection) (limit|quota)|limit exceeded/i;
const limitsRate = (failure: Failure) =>
  temporary(failure) && rateWords.test(failure.words) && !failure.enhancedStatus?.startsWith('4.2.');

/** No login, a wrong one, or a weak one: RFC 4954. */
const authReplies = new Set([530, 534, 535, 538]);
const authCodes = new Set(['EAUTH', 'ENOAUTH', 'EOAUTH2']);
/** Only these two answers speak of the recipient or of the mail; the others speak of us. */
const aboutTheMail = new Set(['RCPT TO', 'DATA']);
/** Syntax and sequence errors. */
const protocolReply = ({ reply }: Failure) => reply !== undefined && reply <= 504;
const connectionCodes = new Set([
  'ECONNECTION',
  'ESOCKET',
  'ETIMEDOUT',
  'EABORT',
  'EDNS',
  'ETLS',
  'EPROTOCOL',
  'EPROXY',
]);

/**
 * The error table: the first row that fits decides. Any 4xx and 5xx is an answer, also to the body, so nothing was
 * delivered (RFC 5321, 4.2.1); only silence after the body leaves the outcome open.
 */
const table: readonly { kind: FaultClass; what: string; fits: (failure: Failure) => boolean }[] = [
  // Closes the lane for the contract's cooldown: SMTP has no Retry-After.
  { kind: 'rate_limited', what: 'the mail server limits our rate', fits: limitsRate },
  // Greylisting, a full mailbox, maintenance: `busy` is the class that asks again soon and concerns this mail alone.
  { kind: 'busy', what: 'the mail server cannot take the mail now', fits: temporary },
  {
    kind: 'refused',
    what: 'the mail server refused our login; check the user and password in SMTP_URL',
    fits: (failure) => authCodes.has(failure.code) || authReplies.has(failure.reply ?? 0),
  },
  {
    kind: 'refused',
    what: 'the mail server refused this client or its sender; check SMTP_URL and MAIL_FROM',
    fits: (failure) => permanent(failure) && (protocolReply(failure) || !aboutTheMail.has(failure.command ?? '')),
  },
  { kind: 'declined', what: 'the mail server refused the recipient or the mail', fits: permanent },
  { kind: 'unknown', what: 'the mail was sent but not acknowledged', fits: (failure) => failure.bodySent },
  { kind: 'declined', what: 'the recipient has no valid address', fits: ({ code }) => code === 'EENVELOPE' },
  { kind: 'not_sent', what: 'the mail server was not reached', fits: ({ code }) => connectionCodes.has(code) },
  // Whatever never met the network, e.g. a file or an address to fetch inside of a mail.
  { kind: 'refused', what: 'the mail could not be built or handed over', fits: () => true },
];

/** Takes every address out of a server's words, and the recipient's name and domain where they stand alone. */
function withoutAddresses(words: string, recipient: string): string {
  const parts = [recipient, ...recipient.split('@')].filter((part) => part !== '');
  const alone = parts.map((part) =>
    part.replace(/[^A-Za-z0-9]/g, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`),
  );
  return words
    .slice(0, 1_000)
    .replace(/\S*(@|%40|=40)\S*/gi, '…')
    .replace(/<[^>]*>/g, '…')
    .replace(new RegExp(`(?<![\\p{L}\\p{N}])(${alone.join('|') || '(?!)'})(?![\\p{L}\\p{N}])`, 'giu'), '…')
    .replace(/\s+/g, ' ')
    .slice(0, 160)
    .trim();
}

function read(error: unknown, bodySent: boolean, recipient: string): Failure {
  const fields: Record<string, unknown> = Object.fromEntries(Object.entries(error instanceof Error ? error : {}));
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : undefined);
  const response = text('response') ?? '';
  const answer = /^(\d{3})[ -](?:(\d\.\d{1,3}\.\d{1,3})\b)?/.exec(response);
  return {
    code: text('code') ?? 'UNEXPECTED',
    systemCode: text('originalCode'),
    reply: answer ? Number(answer[1]) : undefined,
    enhancedStatus: answer?.[2],
    command: text('command'),
    words: withoutAddresses(response, recipient),
    bodySent,
  };
}

/**
 * Nodemailer's error as ours. It is not kept as the cause and its message is not used: both carry the recipient's
 * address, and a fault ends up in Temporal's history. `code` is the SMTP reply, else the system's or nodemailer's code.
 */
export function mailFault(error: unknown, seen: { bodySent: boolean; recipient: string }): ProviderFault {
  const failure = read(error, seen.bodySent, seen.recipient);
  const { kind, what } = table.find((row) => row.fits(failure))!;
  const code = failure.reply?.toString() ?? failure.systemCode ?? failure.code;
  return new ProviderFault({
    provider: 'smtp',
    kind,
    code,
    message: `${what} (${failure.words || code})`,
    facts: {
      bodySent: failure.bodySent,
      ...(failure.reply === undefined ? {} : { reply: failure.reply }),
      ...(failure.enhancedStatus === undefined ? {} : { enhancedStatus: failure.enhancedStatus }),
      ...(failure.command === undefined ? {} : { command: failure.command }),
    },
  });
}

/** The server's acknowledgement, for the record: it names the queue id, sometimes the recipient as well. */
export const acknowledgement = withoutAddresses;
