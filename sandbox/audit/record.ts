/** What the outside saw of one purchase, and what is wrong with it. Amounts in minor units. Pure. */
import type { PaymentResult } from '../../contracts/payment.ts';

/** What the card provider's log and objects say. */
export interface ProviderFacts {
  /** Intents whose metadata name this workflow, whatever became of them. */
  intents: number;
  /** Intents of it whose money was taken. */
  charges: number;
  captured: number;
  /** Authorized, neither captured nor canceled nor expired: the customer's money is locked. */
  held: number;
  /** What the provider kept of the captures. */
  fees: number;
  /** Refunds of its charges, whatever became of them. */
  refunds: number;
  /** What of them neither failed nor was canceled: the provider took it from our balance when it was asked. */
  refunded: number;
  /** The part of `refunded` that the provider has not ended. */
  refundsPending: number;
  /** What banks have withdrawn of its charges by disputes, and not given back. */
  disputed: number;
  /** What the provider kept for those disputes. */
  disputeFees: number;
  /** Calls that created an intent, without answers replayed from the idempotency key and without 429s. */
  authorizeCalls: number;
  /** Answers that the provider gave again because it knew the key. */
  replays: number;
  /** All calls about this purchase, of whatever outcome. */
  calls: number;
}

/** What the chain says. */
export interface ChainFacts {
  /** Mints of its tokens in the chain's logs, burned ones included. */
  mints: number;
  /** Tokens of it that its wallet owns now. */
  owned: number;
}

/** What Postgres says. */
export interface BooksFacts {
  /** Absent when nothing was let in: refused, or never arrived. */
  order: { amount: number; currency: string; tickets: number } | undefined;
  claim: { status: 'live' | 'settled'; result: PaymentResult | undefined } | undefined;
  holdsLive: number;
  ledger: {
    captureTransactions: number;
    sumsToZero: boolean;
    /**
     * What its entries, its refunds' and its disputes' add to `stripe_balance`: the capture less the provider's fees, what
     * went back, and what banks took.
     */
    stripeBalance: number;
  };
  /** What the books say of its refunds. */
  repaid: {
    /** The provider has made the refund. */
    done: number;
    /** Set aside: the provider is being asked. */
    reserved: number;
    /** The bank could not give it on, after the provider had said so. */
    returned: number;
    /** Also those that somebody had burned without a refund. */
    burnedTickets: number;
  };
  deadLetters: { step: string; error: string; resolved: boolean }[];
}

/** What Temporal says. */
export interface EngineFacts {
  /** Executions of the workflow id within the namespace's retention. */
  runs: number;
  /** Absent when the history was deleted, or never existed. */
  history: { status: string; events: number; workflowTasks: number } | undefined;
}

export interface PurchaseRecord extends ProviderFacts, ChainFacts, BooksFacts, EngineFacts {
  workflowId: string;
  /** Receipts received, by their stable Message-ID. */
  mails: number;
}

type Check = readonly [holds: boolean, broken: string];

const count = (amount: number, noun: string) => `${amount} ${noun}${amount === 1 ? '' : 's'}`;

/**
 * The invariants that a purchase that ended as `end` breaks, in words; none when all is right. `record` is the outside's,
 * `end` what the caller was told.
 */
export function violations(record: PurchaseRecord, end: PaymentResult['status']): string[] {
  const checks = end === 'completed' ? ofCompleted(record) : ofUndone(record, end);
  return [...checks, ...ofAny(record, end)].flatMap(([holds, broken]) => (holds ? [] : [broken]));
}

function ofCompleted(record: PurchaseRecord): Check[] {
  const { order, ledger, repaid } = record;
  const amount = order?.amount ?? 0;
  const tickets = order?.tickets ?? 0;
  const captures = amount > 0 ? 1 : 0;
  const left = tickets - repaid.burnedTickets;
  const unsold = amount > 0 && left === 0;
  const sellable = unsold && repaid.done === amount;
  // What was given back whole is free to be sold, and stays so where a part of the money comes back afterwards.
  const wasSellable = unsold && repaid.returned > 0 && repaid.done + repaid.returned >= amount;
  const holds = sellable || (wasSellable && record.holdsLive === 0) ? 0 : tickets + 1;
  return [
    [order !== undefined, 'completed, but there is no payment row'],
    [record.charges === captures, `${count(record.charges, 'charge')} instead of ${captures}`],
    [record.captured === amount, `${record.captured} captured instead of ${amount}`],
    [record.held === 0, `${record.held} still held on the card`],
    [record.mints === tickets, `${count(record.mints, 'mint')} for ${count(tickets, 'ticket')}`],
    [record.owned === left, `the buyer owns ${record.owned} of ${count(left, 'ticket')}`],
    [
      ledger.captureTransactions === captures,
      `${count(ledger.captureTransactions, 'capture')} in the ledger instead of ${captures}`,
    ],
    [record.holdsLive === holds, `${record.holdsLive} holds on order and tickets instead of ${holds}`],
    ...ofRefunds(record),
  ];
}

/** The provider takes a refund from our balance when it is made, and gives it back should it fail: so do the books. */
function ofRefunds(record: PurchaseRecord): Check[] {
  const { captured, fees, refunded, disputed, disputeFees, repaid, ledger } = record;
  const atProvider = captured - fees - refunded - disputed - disputeFees;
  return [
    [refunded <= captured, `${refunded} refunded of ${captured} captured`],
    [repaid.done === refunded, `the books gave ${repaid.done} back, the provider ${refunded}`],
    [repaid.reserved === 0, `${repaid.reserved} reserved for refunds that the provider does not know`],
    [
      ledger.stripeBalance === atProvider,
      `the ledger has ${ledger.stripeBalance} at the provider; the provider has ${atProvider}`,
    ],
  ];
}

function ofUndone(record: PurchaseRecord, end: string): Check[] {
  const { ledger } = record;
  return [
    [record.charges === 0 && record.captured === 0, `${end}, but ${record.captured} was captured`],
    [record.held === 0, `${end}, but ${record.held} is held on the card`],
    [record.owned === 0, `${end}, but the buyer owns ${count(record.owned, 'ticket')}`],
    [
      ledger.captureTransactions === 0 && ledger.stripeBalance === 0,
      `${end}, but the ledger has ${count(ledger.captureTransactions, 'capture')}`,
    ],
    [record.holdsLive === 0, `${end}, but ${count(record.holdsLive, 'hold')} on order and tickets`],
    [record.mails === 0, `${end}, but ${count(record.mails, 'receipt')} went out`],
  ];
}

function ofAny({ claim, ledger, runs, history, deadLetters }: PurchaseRecord, end: string): Check[] {
  const open = deadLetters.filter(({ resolved }) => !resolved);
  return [
    [ledger.sumsToZero, 'its ledger entries do not sum to zero'],
    [claim !== undefined, 'there is no claim'],
    [claim === undefined || claim.status === 'settled', 'its claim was never settled'],
    [
      claim?.result === undefined || claim.result.status === end,
      `its claim says ${claim?.result?.status}, the caller heard ${end}`,
    ],
    [runs <= 1, `${runs} runs of one workflow id`],
    [history === undefined || history.status === 'COMPLETED', `its workflow is ${history?.status}`],
    [open.length === 0, `open dead letters: ${open.map(({ step, error }) => `${step} (${error})`).join(', ')}`],
  ];
}
