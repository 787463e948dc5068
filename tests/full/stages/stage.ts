/** What a row of the table is made of, and what the outside says of one of its runs. */
import { setTimeout as delay } from 'node:timers/promises';
import { formatAmount } from '../../../contracts/money.ts';
import type { PaymentResult, PurchaseOrder } from '../../../contracts/payment.ts';
import type { PayoutResult } from '../../../contracts/payout.ts';
import type { RefundResult } from '../../../contracts/refund.ts';
import type { PurchaseRecord } from '../../../sandbox/audit.ts';
import type { Shop } from '../../support/purchases.ts';
import type { Blow, Gate } from './gates.ts';
import type { Column } from './table.ts';

export type End = PaymentResult | RefundResult | PayoutResult;

/** One purchase, refund or payout, prepared and not yet begun. */
export interface Subject {
  workflowId: string;
  gate: Gate;
  /** Begins it, and answers with its end. */
  run(): Promise<End>;
  /** What others do meanwhile, whatever the trouble; called before it begins, where nobody holds it at its stage. */
  meanwhile?(): Promise<Blow | undefined>;
  /** What they do once it has ended, so that no other run is touched. */
  afterwards?(): Promise<unknown>;
  /** What stands in the provider's events about it; the workflow's id unless given. */
  eventsAbout?: string;
  /** What else there is to say of it, and what of that is wrong. */
  more?(): Promise<Judged>;
  /** The purchase that it is, or that it is about. */
  purchase(end: End): { order: PurchaseOrder; end: PaymentResult };
}

/** Where something stands by itself until somebody outside acts. */
export interface Waiting {
  arrived(): Promise<void>;
  /** What they do. After a cancel that ends it there is nothing to do. */
  act(column: Column): Promise<unknown>;
  /** What comes after that, where trouble can meet it. */
  next(): Promise<Gate> | Gate;
}

export const waitingAt = (column: Column, waiting: Waiting): Pick<Subject, 'gate' | 'meanwhile'> => ({
  gate: {
    stand: async () => ({ reached: () => waiting.arrived(), release: async () => void (await waiting.act(column)) }),
    lose: inTime,
    storm: inTime,
  },
  meanwhile: async () => {
    await waiting.arrived();
    const blow = await blowOf(column, waiting);
    await waiting.act(column);
    return blow;
  },
});

/** Before it stands there is nothing that could be met: `meanwhile` sees to it. */
const inTime = async (): Promise<Blow> => ({ met: async () => true });

async function blowOf(column: Column, waiting: Waiting): Promise<Blow | undefined> {
  if (column === 'lost answer') return (await waiting.next()).lose();
  if (column === '5xx storm') return (await waiting.next()).storm();
  return undefined;
}

export interface Judged {
  lines: string[];
  wrongs: string[];
}

export interface Stage {
  /** Brings everything so far that the next thing to come is the stage. */
  prepare(column: Column): Promise<Subject>;
  /** A record is being written there: no update is heard before that is done, so a cancel comes as a signal. */
  recording?: true;
  /**
   * When it may begin where all stages are held at once: 1 can be held for long; 2 takes a while to get there; 3 is there
   * at once. Where 2 and 3 wait for an answer, they give up after ten seconds.
   */
  wave: 1 | 2 | 3;
}

const detailOf = (end: End): string | undefined => {
  switch (end.status) {
    case 'declined':
    case 'failed':
    case 'returned':
      return end.code;
    case 'expired':
      return 'what' in end ? end.what : undefined;
    case 'unfulfilled':
    case 'refused':
    case 'rejected':
      return end.reason;
    case 'completed':
    case 'paid':
    case 'cancelled':
      return undefined;
  }
};

/** Of every run, as the page says. */
const shopCurrency = 'USD';

export const money = (amount: number) => formatAmount(amount, shopCurrency).replace(` ${shopCurrency}`, '');
const patienceMs = 120_000;
const lookEveryMs = 250;

/** Waits for a condition of the outside; one that throws is not true yet. Rarely enough for a hundred who wait at once. */
export async function eventually(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (const giveUpAt = Date.now() + patienceMs; !(await condition().catch(() => false)); await delay(lookEveryMs))
    if (Date.now() > giveUpAt) throw new Error(`${what}: not within ${patienceMs / 1_000} s`);
}

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** How a run ended, in the lines of a cell: only what the outside says, but for the end's own name. */
function linesOf(end: End, record: PurchaseRecord): string[] {
  const { captured, refunded, held, fees, owned, ledger, mails, claim } = record;
  const detail = detailOf(end);
  const provider = captured - fees - refunded;
  const receipts = claim?.result?.status === 'completed' ? 1 : 0;
  return [
    `**${end.status}**${detail === undefined ? '' : ` (${detail})`}`,
    `captured ${money(captured)}`,
    `refunded ${money(refunded)}`,
    `owns ${plural(owned, 'ticket')}`,
    ledger.stripeBalance === provider
      ? `balance ${money(provider)}`
      : `books ${money(ledger.stripeBalance)}, provider ${money(provider)}`,
    ...(held === 0 ? [] : [`held ${money(held)}`]),
    ...(mails === receipts ? [] : [plural(mails, 'receipt')]),
  ];
}

/** The cell of a run that has ended, and what is wrong with it by the outside's records. */
async function judgeOnce(shop: Shop, subject: Subject, end: End): Promise<{ text: string; wrongs: string[] }> {
  const purchase = subject.purchase(end);
  const { tenantId, idempotencyKey } = purchase.order;
  const [record, wrongs, more] = await Promise.all([
    shop.audit.purchase(tenantId, idempotencyKey),
    shop.wrongs([purchase]),
    subject.more?.(),
  ]);
  return {
    text: [...linesOf(end, record), ...(more?.lines ?? [])].join('<br>'),
    wrongs: [...Object.values(wrongs).flat(), ...(more?.wrongs ?? [])],
  };
}

const readings = 3;

/** As `judgeOnce`; a reading that found no connection in time, as on a machine with much to do, is taken again. */
export async function judge(shop: Shop, subject: Subject, end: End): ReturnType<typeof judgeOnce> {
  for (let left = readings - 1; ; left -= 1) {
    try {
      return await judgeOnce(shop, subject, end);
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}
