import addressparser from 'nodemailer/lib/addressparser';

/** The parts of our ids (contracts/ids.ts), joined as workflow ids are, or by a dot. */
const keyPattern = /^[A-Za-z0-9_-]+([:.][A-Za-z0-9_-]+)*$/;

/**
 * The same key gives the same Message-ID for ever: it is how a mailbox recognizes a mail that was sent twice, and how a
 * person finds it after an unknown outcome. `:` may not stand in a Message-ID and becomes `.`, which no part contains.
 */
export function messageIdOf(key: string, domain: string): string {
  if (!keyPattern.test(key)) {
    throw new Error(
      `the message key "${key}" makes no Message-ID: use letters, digits, "_" and "-", joined by ":" or "."`,
    );
  }
  return `<${key.replaceAll(':', '.')}@${domain}>`;
}

/** `Boxoffice <tickets@example.com>` → name and address. Throws for anything but one sender with a domain. */
export function parseSender(from: string): { name: string; address: string; domain: string } {
  const [sender, ...others] = addressparser(from, { flatten: true });
  const domain = /^[^\s@<>]+@([A-Za-z0-9.-]+)$/.exec(sender?.address ?? '')?.[1];
  if (sender === undefined || domain === undefined || others.length > 0) {
    throw new Error(`the sender is "${from}"; use one address, e.g. Boxoffice <tickets@example.com>`);
  }
  return { name: sender.name, address: sender.address, domain };
}
