/** What arrived in the mailbox. */
import { receiptKeyOf } from '../../contracts/hashes.ts';
import type { Message } from '../smtp/inbox.ts';
import { readJson } from './read-json.ts';

export type ReceivedMail = Omit<Message, 'source'>;

export const readMail = async (inbox: string): Promise<ReceivedMail[]> =>
  (await readJson<{ messages: ReceivedMail[] }>(inbox)).messages;

/** A receipt's Message-ID is made of tenant and purchase, whatever the sender's domain. */
export function receiptsOf(mails: readonly ReceivedMail[], tenantId: string, workflowId: string): ReceivedMail[] {
  const start = `<${tenantId}.${receiptKeyOf(workflowId)}@`;
  return mails.filter(({ messageId }) => messageId.startsWith(start));
}

/** Message-IDs that came more than once, and how often. */
export function duplicatesOf(mails: readonly ReceivedMail[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { messageId } of mails) counts.set(messageId, (counts.get(messageId) ?? 0) + 1);
  return Object.fromEntries([...counts].filter(([, count]) => count > 1));
}
