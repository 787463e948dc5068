/** The table of docs/payments.md as data: its rows, its columns, and which cells make no sense, with the reason. */
import { openStages, type PaymentStage } from '../../../contracts/payment.ts';
import { openPayoutStages, type PayoutStatus } from '../../../contracts/payout.ts';
import { openRefundStages, type RefundStatus } from '../../../contracts/refund.ts';

export const columns = [
  'cancel',
  'decline',
  'lost answer',
  '5xx storm',
  'worker killed',
  'webhook twice',
  'webhook late',
  'webhook never',
] as const;
export type Column = (typeof columns)[number];

export type Operation = 'purchase' | 'refund' | 'payout';

interface RowOf<Kind extends Operation, Stage> {
  operation: Kind;
  /** What is being done. */
  step: string;
  /** Where `status` says that it stands meanwhile. */
  stage: Stage;
}
export type Row =
  RowOf<'purchase', PaymentStage> | RowOf<'refund', RefundStatus['stage']> | RowOf<'payout', PayoutStatus['stage']>;

export const rows = [
  { operation: 'purchase', step: 'claim', stage: 'started' },
  { operation: 'purchase', step: 'authorize', stage: 'authorizing' },
  { operation: 'purchase', step: 'customer', stage: 'awaiting customer' },
  { operation: 'purchase', step: 'mint', stage: 'minting' },
  { operation: 'purchase', step: 'capture', stage: 'capturing' },
  { operation: 'purchase', step: 'settle', stage: 'capturing' },
  { operation: 'purchase', step: 'receipt', stage: 'completed' },
  { operation: 'purchase', step: 'undo', stage: 'undoing' },
  { operation: 'refund', step: 'reserve', stage: 'started' },
  { operation: 'refund', step: 'approve', stage: 'awaiting approval' },
  { operation: 'refund', step: 'refund', stage: 'refunding' },
  { operation: 'refund', step: 'follow', stage: 'pending' },
  { operation: 'refund', step: 'burn', stage: 'burning' },
  { operation: 'payout', step: 'reserve', stage: 'started' },
  { operation: 'payout', step: 'wait', stage: 'waiting' },
  { operation: 'payout', step: 'approve', stage: 'awaiting approval' },
  { operation: 'payout', step: 'transfer', stage: 'transferring' },
  { operation: 'payout', step: 'pay', stage: 'paying' },
  { operation: 'payout', step: 'follow', stage: 'in transit' },
] as const satisfies readonly Row[];
type NameOf<R> = R extends Row ? `${R['operation']} ${R['step']}` : never;
export type RowName = NameOf<(typeof rows)[number]>;

export const nameOf = ({ operation, step }: Row) => `${operation} ${step}` as RowName;

/** Stages in which something can be found standing. */
export const stagesOf: Readonly<Record<Operation, readonly string[]>> = {
  purchase: openStages,
  refund: openRefundStages,
  payout: openPayoutStages,
};

const ofPeople = 'waits for a person: what they may decide, and what becomes of it, is proven in tests/workflow';

/** Stages without a row, and why. */
export const excluded: Readonly<Record<Operation, Readonly<Record<string, string>>>> = {
  purchase: {
    'in review': ofPeople,
  },
  refund: {
    undoing: 'one transaction that gives the reservation back, repeated until it is done, as `reserve` is',
    'in review': ofPeople,
  },
  payout: {
    undoing: 'one transaction that gives the reservation back, repeated until it is done, as `reserve` is',
    'in review': ofPeople,
  },
};

const lookedAtHourly =
  'looked at again every hour: proven on a clock that skips, in tests/workflow/payout-waiting.test.ts';

/** Cells without a run, and why there is none. */
export const senseless: Readonly<Partial<Record<RowName, Partial<Record<Column, string>>>>> = {
  'purchase settle': { decline: 'no call that could be declined: the books have to take it' },
  'purchase undo': { decline: 'no call that could be declined: nothing held is what it asks for' },
  'refund burn': { decline: 'a ticket that its buyer gave away waits for a person; the money stays refunded' },
  'payout wait': {
    decline: 'no call that could be declined: the venue waits for its own account',
    'webhook late': lookedAtHourly,
    'webhook never': lookedAtHourly,
  },
};

export const reasonFor = (row: Row, column: Column): string | undefined => senseless[nameOf(row)]?.[column];
