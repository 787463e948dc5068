import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { cancelUpdate, statusQuery } from '../../contracts/messages.ts';
import type { PaymentResult } from '../../contracts/payment.ts';
import { breaks, declines, failsFor, Gate, losesAnswer } from '../support/workflow-behaviours.ts';
import { completed } from '../support/orders.ts';
import { endOf, eventsOf, useWorkflowWorld } from '../support/workflow-judge.ts';
import { transactionHash } from '../support/workflow-twins.ts';

const world = useWorkflowWorld({ queues: ['money'] });

/** An input that no client lets through: its tickets cannot be read once the money is held. */
const unreadable = { tickets: { length: 1 } };

const free = {
  amount: 0,
  lines: [{ kind: 'ticket' as const, ticketId: 'seat-1', amount: 0 }],
  tickets: [{ ticketId: 'seat-1', price: 0 }],
};

test('money is held, tickets are minted, money is taken, books are settled, a receipt is sent: in this order', async () => {
  const purchase = await world().purchase();
  const intentId = `pi_payment_acme_${purchase.order.idempotencyKey}`;
  expect(await purchase.early).toMatchObject({ status: 'authorized', moneyMoved: 'held', amount: 5_250, intentId });

  const result = await endOf(purchase);
  expect(result).toEqual({
    status: 'completed',
    moneyMoved: 'captured',
    amount: 5_250,
    currency: 'USD',
    intentId,
    tickets: [{ ticketId: 'seat-1', tokenId: '1' }],
    transactionHash,
    nextAction: 'refund',
  });
  const { twin } = purchase;
  expect(twin.order).toEqual([
    'claimPayment', 'authorizePayment', 'mintTickets', 'capturePayment', 'settlePayment', 'sendReceipt',
  ]); // prettier-ignore
  expect(twin.calls).toHaveLength(6);
  expect(twin.receipt).toBe('sent');
});

test('each step gets the identity of the first run, the order and what the steps before it found', async () => {
  const { handle, twin, order, fingerprint } = await world().payment();
  await handle.result();
  const { firstExecutionRunId: runId } = await firstRun(handle);
  const operation = { tenantId: 'acme', workflowId: handle.workflowId, runId };
  const identity = { tenantId: 'acme', workflowId: handle.workflowId };
  const intentId = `pi_payment_acme_${order.idempotencyKey}`;

  expect(twin.inputsOf('claimPayment')).toMatchObject([{ operation, input: { order, fingerprint } }]);
  expect(twin.inputsOf('authorizePayment')).toEqual([
    {
      ...identity,
      orderId: order.orderId,
      amount: 5_250,
      currency: 'USD',
      paymentMethod: 'pm_card_visa',
      round: 0,
      customerUntil: expect.any(String) as string,
    },
  ]);
  expect(twin.inputsOf('mintTickets')).toEqual([
    {
      operation,
      wallet: order.buyer.wallet,
      venueId: 'arena',
      eventId: 'summer-night',
      tickets: [{ ticketId: 'seat-1' }],
      round: 0,
    },
  ]);
  expect(twin.inputsOf('capturePayment')).toEqual([{ ...identity, intentId, round: 0 }]);
  expect(twin.inputsOf('settlePayment')).toMatchObject([
    { operation, key: order.idempotencyKey, capture: { intentId, amount: 5_250 }, mint: { transactionHash } },
  ]);
  expect(twin.inputsOf('sendReceipt')).toMatchObject([
    { tenantId: 'acme', paymentWorkflowId: handle.workflowId, paymentKey: order.idempotencyKey, emailRef: 'c_1' },
  ]);
});

async function firstRun(handle: { describe(): Promise<{ raw: unknown }> }): Promise<{ firstExecutionRunId: string }> {
  const { raw } = await handle.describe();
  const info = (raw as { workflowExecutionInfo: { execution: { runId: string } } }).workflowExecutionInfo;
  return { firstExecutionRunId: info.execution.runId };
}

test('an amount of 0 never meets the card provider', async () => {
  const purchase = await world().purchase(undefined, free);
  expect(await purchase.early).toEqual({ status: 'authorized', moneyMoved: 'none', amount: 0, currency: 'USD' });
  const result = await endOf(purchase);
  expect(result).toMatchObject({ status: 'completed', moneyMoved: 'none', amount: 0 });
  expect(result).not.toHaveProperty('intentId');
  expect(purchase.twin.order).toEqual(['claimPayment', 'mintTickets', 'settlePayment', 'sendReceipt']);
  expect(purchase.twin.inputsOf('settlePayment')).toMatchObject([{ capture: null }]);
});

test('a lost answer is asked for again, not taken as a failure', async () => {
  const purchase = await world().payment((twin) =>
    twin
      .plan('authorizePayment', losesAnswer(2_000))
      .plan('mintTickets', failsFor(500), losesAnswer(5_000))
      .plan('capturePayment', losesAnswer(2_000), losesAnswer(4_000)),
  );
  expect((await endOf(purchase)).status).toBe('completed');
  const { twin } = purchase;
  const attempts = ['authorizePayment', 'mintTickets', 'capturePayment', 'settlePayment'] as const;
  expect(attempts.map((name) => twin.count(name))).toEqual([2, 3, 3, 1]);
});

test('a declined card ends declined; there is nothing to void', async () => {
  const purchase = await world().purchase((twin) => twin.plan('authorizePayment', declines('insufficient_funds')));
  const declined: PaymentResult = { status: 'declined', moneyMoved: 'none', code: 'insufficient_funds' };
  expect(await purchase.early).toEqual(declined);
  expect(await endOf(purchase)).toEqual(declined);
  expect(purchase.twin.order).toEqual(['claimPayment', 'authorizePayment', 'closePayment']);
});

const ended: PaymentResult[] = [
  { status: 'refused', moneyMoved: 'none', reason: 'ticket_live', otherPayment: 'key-0' },
  { status: 'declined', moneyMoved: 'none', code: 'insufficient_funds' },
  completed,
];

test.each(ended)('a claim that has its answer ($status) is the end: nobody is called or written to', async (stored) => {
  const purchase = await world().purchase((twin) => (twin.claim.result = stored));
  expect(await purchase.early).toEqual(stored);
  expect(await purchase.handle.result()).toEqual(stored);
  expect(purchase.twin.order).toEqual(['claimPayment']);
});

test('a ticket that is taken ends unfulfilled, and the money is given back', async () => {
  const purchase = await world().purchase((twin) => twin.plan('mintTickets', declines('ticket_taken')));
  expect(await endOf(purchase)).toEqual({ status: 'unfulfilled', moneyMoved: 'none', reason: 'ticket_taken' });
  expect(purchase.twin.order.slice(-3)).toEqual(['burnTickets', 'voidPayment', 'closePayment']);
  expect(purchase.twin.money).toBe('voided');
  expect(purchase.twin.inputsOf('voidPayment')).toMatchObject([
    { intentId: `pi_payment_acme_${purchase.order.idempotencyKey}`, round: 0 },
  ]);
});

test.each([
  { code: 'authorization_ended', end: { status: 'expired', moneyMoved: 'none', what: 'authorization' } },
  { code: 'card_declined', end: { status: 'declined', moneyMoved: 'none', code: 'card_declined' } },
])('a capture that is declined ($code) burns the tickets, then voids', async ({ code, end }) => {
  const purchase = await world().payment((twin) => twin.plan('capturePayment', declines(code)));
  expect(await endOf(purchase)).toEqual(end);
  expect(purchase.twin.order.slice(-4)).toEqual(['capturePayment', 'burnTickets', 'voidPayment', 'closePayment']);
  expect(purchase.twin.tickets).toBe('burned');
});

test('an unexpected error is undone and its claim closed before the workflow may fail', async () => {
  const purchase = await world().payment(undefined, { raw: unreadable });
  const error: unknown = await purchase.handle.result().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  const cause = (error as WorkflowFailedError).cause as ApplicationFailure;
  expect(cause).toBeInstanceOf(ApplicationFailure);
  expect(cause.type).toBe('Bug');
  const { twin } = purchase;
  expect(twin.order).toEqual(['claimPayment', 'authorizePayment', 'voidPayment', 'closePayment']);
  expect(twin.money).toBe('voided');
  expect(twin.claim.result).toEqual({ status: 'unfulfilled', moneyMoved: 'none', reason: 'internal_error' });
});

test('a bug leaves no caller waiting: a cancel hears what became of the purchase', async () => {
  const gate = new Gate();
  const purchase = await world().purchase((twin) => twin.plan('voidPayment', gate.passes), {
    raw: unreadable,
  });
  await purchase.twin.begun('voidPayment');
  const cancel = purchase.handle.executeUpdate(cancelUpdate, { args: [{ actor: 'me', reason: 'too slow' }] });
  gate.open();
  await expect(purchase.handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
  const undone = { status: 'unfulfilled', moneyMoved: 'none', reason: 'internal_error' };
  expect(await cancel).toEqual(undone);
});

test.each([
  { say: 'are out of order', behaviour: breaks },
  { say: 'say no', behaviour: declines('capture_mismatch') },
])('books that $say after the capture wait for a person; what was taken is not undone', async ({ behaviour }) => {
  const purchase = await world().payment((twin) => twin.plan('settlePayment', behaviour, behaviour));
  expect((await endOf(purchase)).status).toBe('completed');
  expect(purchase.twin.letters.get('settle')).toBeDefined();
  expect(purchase.twin.count('settlePayment')).toBe(3);
  expect(purchase.twin.count('burnTickets') + purchase.twin.count('voidPayment')).toBe(0);
});

test('a letter about the books says that the money is taken', async () => {
  const purchase = await world().payment((twin) => twin.plan('settlePayment', breaks));
  await endOf(purchase);
  expect(purchase.twin.letters.get('settle')).toMatchObject({ moneyMoved: 'captured', attempts: 0 });
});

test('the status says stage, money and what comes next, all the way', async () => {
  const gates = { card: new Gate(), mint: new Gate(), capture: new Gate(), receipt: new Gate() };
  const { handle, twin } = await world().payment((twin) =>
    twin
      .plan('authorizePayment', gates.card.passes)
      .plan('mintTickets', gates.mint.passes)
      .plan('capturePayment', gates.capture.passes)
      .plan('sendReceipt', gates.receipt.passes),
  );
  const walk = [
    { activity: 'authorizePayment', gate: gates.card, stage: 'authorizing', money: 'none', next: /authorized/ },
    { activity: 'mintTickets', gate: gates.mint, stage: 'minting', money: 'held', next: /Cancel voids and burns/ },
    { activity: 'capturePayment', gate: gates.capture, stage: 'capturing', money: 'held', next: /too late to cancel/ },
    { activity: 'sendReceipt', gate: gates.receipt, stage: 'completed', money: 'captured', next: /refund/ },
  ] as const;
  for (const { activity, gate, stage, money, next } of walk) {
    await twin.begun(activity);
    const status = await handle.query(statusQuery);
    expect(status).toMatchObject({ stage, moneyMoved: money, attention: 'none', next: expect.stringMatching(next) });
    expect(status.result?.status).toBe(stage === 'completed' ? 'completed' : undefined);
    gate.open();
  }
  const result = await handle.result();
  expect(await handle.query(statusQuery)).toMatchObject({ stage: 'completed', moneyMoved: 'captured', result });
});

test('twenty tickets are one mint', async () => {
  const tickets = Array.from({ length: 20 }, (_, index) => ({ ticketId: `seat-${index}`, price: 100 }));
  const lines = tickets.map(({ ticketId, price }) => ({ kind: 'ticket' as const, ticketId, amount: price }));
  const purchase = await world().payment(undefined, { tickets, lines, amount: 2_000 });
  expect(await endOf(purchase)).toMatchObject({ status: 'completed', tickets: { length: 20 } });
  expect(purchase.twin.count('mintTickets')).toBe(1);
  expect((await eventsOf(purchase.handle)).length).toBeLessThanOrEqual(36);
});
