import { type Static, Type } from 'typebox';
import { check, ControlError } from '../sim/check.ts';
import type { ControlCall, ControlHandler } from '../sim/control.ts';
import { type Limits, limitsSpec } from '../sim/limits.ts';
import { currencies } from './currencies.ts';
import { payoutFailures, type PayoutFailure } from './plans.ts';
import { putAccount } from './resources/accounts.ts';
import { decideDispute } from './resources/disputes/decide.ts';
import { openDispute } from './resources/disputes/open.ts';
import { failPayout, type OwnPayout, payPayout, submitPayout } from './resources/payouts/progress.ts';
import { failureReasons, settleRefund } from './resources/refunds/settle.ts';
import { disputeNow } from './transactions.ts';
import type { World } from './world.ts';

const strict = { additionalProperties: false };
const times = Type.Optional(Type.Integer({ minimum: 1, description: '1 unless given' }));
const oneOf = <const T extends string>(values: readonly T[]) => Type.Enum([...values]);
const isPayoutFailure = (code: string): code is PayoutFailure => Object.hasOwn(payoutFailures, code);
const payoutFailureCodes = Object.keys(payoutFailures).filter(isPayoutFailure);

const accountSpec = Type.Object(
  {
    id: Type.Optional(Type.String({ pattern: '^acct_[A-Za-z0-9]+$' })),
    payoutsEnabled: Type.Optional(Type.Boolean()),
    currency: Type.Optional(Type.String({ pattern: '^[a-z]{3}$' })),
  },
  strict,
);

const refundPlanSpec = Type.Object(
  {
    next: oneOf(['succeeded', 'pending', 'requires_action']),
    settle: Type.Optional(oneOf(['succeed', 'fail'])),
    times,
  },
  strict,
);
const refundOutcomeSpec = Type.Object(
  {
    id: Type.String(),
    outcome: oneOf(['succeed', 'fail', 'cancel']),
    failureReason: Type.Optional(oneOf(failureReasons)),
  },
  strict,
);

const failureCode = Type.Optional(oneOf(payoutFailureCodes));
const payoutPlanSpec = Type.Object(
  {
    next: oneOf(['pay', 'fail_before_paid', 'fail_after_paid']),
    account: Type.Optional(Type.String()),
    failureCode,
    times,
  },
  strict,
);
const payoutOutcomeSpec = Type.Object(
  { id: Type.String(), outcome: oneOf(['submit', 'pay', 'fail']), failureCode },
  strict,
);

const disputeSpec = Type.Object(
  {
    charge: Type.String(),
    amount: Type.Optional(Type.Integer({ minimum: 1 })),
    reason: Type.Optional(Type.String()),
    status: Type.Optional(oneOf(['needs_response', 'warning_needs_response'])),
    dueInSeconds: Type.Optional(Type.Integer({ minimum: 1, description: 'of the simulator; 20 days unless given' })),
  },
  strict,
);
const disputeOutcomeSpec = Type.Object(
  {
    id: Type.String(),
    outcome: oneOf(['won', 'lost', 'withdrawn', 'escalated']),
    feeReturned: Type.Optional(Type.Boolean({ description: 'false unless given' })),
  },
  strict,
);

/** About an object that is there, not about those to come. */
const namesObject = ({ body }: ControlCall): boolean => typeof body === 'object' && body !== null && 'id' in body;

function found<T>(object: T | undefined, kind: string, id: string): T {
  if (object === undefined) throw new ControlError(`no ${kind} '${id}'`);
  return object;
}

const cannot = (id: string, status: string | null, outcome: string): ControlError =>
  new ControlError(`'${id}' is ${status}: it cannot ${outcome} any more`);

function refunds(world: World, call: ControlCall): unknown {
  if (!namesObject(call)) {
    const { next, settle, times = 1 } = check(refundPlanSpec, call.body);
    world.plans.refunds.push({ course: { status: next, ...(settle ? { settle } : {}) }, left: times });
    return { planned: times };
  }
  const { id, outcome, ...more } = check(refundOutcomeSpec, call.body);
  const refund = found(world.store.refunds.get(id), 'refund', id);
  if (!settleRefund(world, refund, { outcome, ...more })) throw cannot(id, refund.status, outcome);
  return refund;
}

function payoutOf({ accounts }: World, id: string): OwnPayout {
  for (const [account, { store }] of accounts) {
    const payout = store.payouts.get(id);
    if (payout) return { account, payout };
  }
  throw new ControlError(`no payout '${id}'`);
}

function settlePayout(world: World, { id, outcome, failureCode: code }: Static<typeof payoutOutcomeSpec>): unknown {
  const own = payoutOf(world, id);
  const done = {
    submit: () => submitPayout(world, own),
    pay: () => payPayout(world, own),
    fail: () => failPayout(world, own, code ?? 'could_not_process'),
  }[outcome]();
  if (!done) throw cannot(id, own.payout.status, outcome);
  return own.payout;
}

function payouts(world: World, call: ControlCall): unknown {
  if (namesObject(call)) return settlePayout(world, check(payoutOutcomeSpec, call.body));
  const { next, account, failureCode: code, times = 1 } = check(payoutPlanSpec, call.body);
  if (account !== undefined) found(world.accounts.get(account), 'account', account);
  const course = { end: next, failureCode: code ?? 'could_not_process' };
  world.plans.payouts.push({ course, left: times, ...(account === undefined ? {} : { account }) });
  return { planned: times };
}

function disputes(world: World, call: ControlCall): unknown {
  if (namesObject(call)) {
    const { id, outcome, feeReturned } = check(disputeOutcomeSpec, call.body);
    const dispute = found(world.store.disputes.get(id), 'dispute', id);
    decideDispute(world, dispute, { outcome, feeReturned });
    return disputeNow(world, id);
  }
  const { charge: id, reason = 'fraudulent', status = 'needs_response', ...more } = check(disputeSpec, call.body);
  const charge = found(world.store.charges.get(id), 'charge', id);
  return openDispute(world, { charge, reason, status, ...more });
}

function accounts(world: World, { body }: ControlCall): unknown {
  const spec = check(accountSpec, body);
  if (spec.currency !== undefined && !currencies.has(spec.currency)) {
    throw new ControlError(`currency is '${spec.currency}'; wanted is a currency of Stripe's, in lower case`);
  }
  return putAccount(world, spec);
}

/**
 * Control routes for what other people do with money: banks, cardholders, and Stripe's own onboarding. With `id` they
 * decide about an object, without it about the next ones.
 */
export function moneyControls(world: World, payoutLimits: Limits): Record<string, ControlHandler> {
  return {
    'POST /_sim/accounts': (call) => accounts(world, call),
    'POST /_sim/refunds': (call) => refunds(world, call),
    'POST /_sim/payouts': (call) => payouts(world, call),
    'POST /_sim/disputes': (call) => disputes(world, call),
    'GET /_sim/payout-limits': () => payoutLimits.settings,
    'POST /_sim/payout-limits': ({ body }) => {
      payoutLimits.change(check(limitsSpec, body));
      return payoutLimits.settings;
    },
  };
}
