import { type AddressObject, simpleParser } from 'mailparser';

/** One delivery, as it was accepted. A Message-ID that comes twice is kept twice. */
export interface Message {
  id: number;
  /** Milliseconds since the epoch, by the simulator's clock. */
  receivedAt: number;
  from: string;
  /** The envelope's recipients: who would have got it. */
  to: string[];
  subject: string;
  messageId: string;
  text: string;
  html: string;
  /** Names of the attachments. */
  attachments: string[];
  headers: { from: string; to: string };
  source: string;
}

export interface Envelope {
  from: string;
  to: string[];
}

const line = (address: AddressObject | AddressObject[] | undefined): string =>
  [address ?? []]
    .flat()
    .map(({ text }) => text)
    .join(', ');

/** Reads a message. Parts that it lacks are empty texts. */
export async function parseMessage(source: Buffer, envelope: Envelope): Promise<Omit<Message, 'id' | 'receivedAt'>> {
  const mail = await simpleParser(source);
  return {
    ...envelope,
    subject: mail.subject ?? '',
    messageId: mail.messageId ?? '',
    text: mail.text ?? '',
    html: mail.html || '',
    attachments: mail.attachments.map(({ filename, contentType }) => filename ?? contentType),
    headers: { from: line(mail.from), to: line(mail.to) },
    source: source.toString('utf8'),
  };
}

export class Inbox {
  #messages: Message[] = [];
  #nextId = 1;

  add(message: Omit<Message, 'id'>): Message {
    const kept = { id: this.#nextId, ...message };
    this.#nextId += 1;
    this.#messages.push(kept);
    return kept;
  }

  list(filter: { to?: string | null; messageId?: string | null } = {}): Message[] {
    return this.#messages.filter(
      ({ to, messageId }) =>
        (!filter.to || to.includes(filter.to)) && (!filter.messageId || messageId === filter.messageId),
    );
  }

  get(id: number): Message | undefined {
    return this.#messages.find((message) => message.id === id);
  }

  clear(): void {
    this.#messages = [];
  }

  /** How many deliveries, how many different messages, and how often each Message-ID came that came more than once. */
  summary(): { messages: number; unique: number; duplicates: Record<string, number> } {
    const counts = new Map<string, number>();
    for (const { messageId } of this.#messages) counts.set(messageId, (counts.get(messageId) ?? 0) + 1);
    const repeated = [...counts].filter(([, count]) => count > 1);
    return { messages: this.#messages.length, unique: counts.size, duplicates: Object.fromEntries(repeated) };
  }
}
