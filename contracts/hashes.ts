/** Derived ids and fingerprints. Pure, but built on node:crypto, so workflows get these values passed in. */
import { createHash, createHmac } from 'node:crypto';

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');

/** Canonical JSON: keys sorted at every depth, no spaces, undefined members left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** Fingerprint of a request: sha256 of its canonical JSON without the idempotency key (decisions: same key, other body). */
export function fingerprintOf(request: object & { idempotencyKey?: string }): string {
  const { idempotencyKey: _, ...body } = request;
  return sha256(canonicalJson(body));
}

/** Message key of a purchase's receipt: one per payment, whoever sends it. */
export const receiptKeyOf = (paymentWorkflowId: string) => `receipt-${sha256(paymentWorkflowId).slice(0, 40)}`;

/** Message key of a refund's receipt. */
export const refundReceiptKeyOf = (refundWorkflowId: string) => `refund-${sha256(refundWorkflowId).slice(0, 40)}`;

/**
 * Stands at the end of a text message: what the message is recognized by when the provider did not answer, for a list of
 * sent messages shows nothing else that is ours. 40 bits, in letters that people can read to each other (Crockford's).
 */
export function smsMarkOf({ tenantId, messageKey }: { tenantId: string; messageKey: string }): string {
  const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const bytes = createHash('sha256').update(`sms:${tenantId}:${messageKey}`, 'utf8').digest();
  return Array.from(bytes.subarray(0, 8), (byte) => letters[byte % 32]).join('');
}
/** The refund that gives a purchase back when its event is cancelled: one per purchase, whoever starts it how often. */
export const eventRefundIdOf = (eventId: string, paymentKey: string) =>
  `ec-${sha256(`${eventId}:${paymentKey}`).slice(0, 40)}`;
/**
 * Id of the payout of a venue's round: one per scheduled moment (ISO 8601), however often the round is started. The venue is
 * hashed, or a long one would not fit.
 */
export const roundPayoutIdOf = (venueId: string, scheduledAt: string) =>
  `auto-${sha256(venueId).slice(0, 24)}-${scheduledAt.slice(0, 19).replaceAll(/[-:]/gu, '')}`;

/** Stripe takes keys up to 255 characters; a longer one is hashed, so that it stays one key. */
export function providerKeyOf(workflowId: string, step: string, generation: number): string {
  const key = `${workflowId}/${step}/${generation}`;
  return key.length <= 255 ? key : `sha256/${sha256(key)}`;
}

/** Opaque, stable stand-in for personal data in ids: a keyed hash, so that it cannot be guessed back. */
export const opaqueIdOf = (secret: string, personal: string) =>
  createHmac('sha256', secret).update(personal.trim().toLowerCase(), 'utf8').digest('hex').slice(0, 40);
