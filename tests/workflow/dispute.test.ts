import { expect, test } from 'vitest';
import type { ProviderDispute } from '../../contracts/dispute.ts';
import { cancelDisputeUpdate, cancelSignal, disputeStatusQuery } from '../../contracts/messages.ts';
import { breaks, exhausts, refuses } from '../support/workflow-behaviours.ts';
import { me } from '../support/workflow-cancels.ts';
import {
  disputed,
  disputeEndOf,
  type DisputeOutside,
  inquiry,
  lost,
  startDispute,
  won,
} from '../support/workflow-dispute-twins.ts';
import { durationOf, eventsOf, upsertsOf, useWorkflowWorld } from '../support/workflow-judge.ts';

const world = useWorkflowWorld({ queues: ['money'] });
const hour = 3_600_000;
const looks =
  (...all: ProviderDispute[]) =>
  (outside: DisputeOutside) =>
    void (outside.looks = all);
const lostResult = { status: 'lost', amount: 5_250, currency: 'USD', fee: 1_500, locked: ['seat-1'] };

test('lost: looked up, booked, settled, and nothing else', async () => {
  const dispute = await startDispute(world(), looks(lost()));
  expect(await disputeEndOf(dispute)).toEqual(lostResult);
  expect(dispute.twin.order).toEqual(['claimDispute', 'retrieveDispute', 'bookDispute', 'settleDispute']);
  expect(dispute.outside.booked).toEqual(['txn_out']);
});

test('what a webhook says is not believed: each event leads to a look, and the end is what is found', async () => {
  const dispute = await startDispute(world(), looks(disputed(), disputed({ status: 'under_review' }), won()));
  await dispute.twin.begun('bookDispute');
  await dispute.hear({ type: 'charge.dispute.closed' });
  await dispute.twin.begun('bookDispute', 2);
  await dispute.hear({ type: 'charge.dispute.created' });
  expect(await disputeEndOf(dispute)).toEqual({ status: 'won', amount: 5_250, currency: 'USD', fee: 1_500 });
  expect(dispute.twin.count('retrieveDispute')).toBe(3);
  expect(dispute.outside.booked).toEqual(['txn_out', 'txn_back']);
});

test('an event of another dispute is not heard', async () => {
  const dispute = await startDispute(world(), looks(disputed(), lost()));
  await dispute.twin.begun('bookDispute');
  await dispute.hear({ objectId: 'dp_other' });
  await disputeEndOf(dispute);
  // The poll found out, after a minute.
  expect(await durationOf(dispute.handle)).toBeGreaterThanOrEqual(60_000);
});

test('without any webhook it is asked now and then, for months', async () => {
  const many = Array.from({ length: 40 }, () => disputed({ status: 'under_review' }));
  const dispute = await startDispute(world(), looks(...many, won()));
  expect(await disputeEndOf(dispute)).toMatchObject({ status: 'won' });
  expect(await durationOf(dispute.handle)).toBeGreaterThan(10 * 24 * hour);
  expect((await eventsOf(dispute.handle)).length).toBeLessThan(41 * 15);
});

test('an inquiry posts nothing, wants an answer, and is followed until it is closed', async () => {
  const dispute = await startDispute(
    world(),
    looks(inquiry(), inquiry({ status: 'warning_under_review' }), inquiry({ status: 'warning_closed' })),
  );
  expect(await disputeEndOf(dispute)).toEqual({ status: 'withdrawn' });
  expect(dispute.outside.booked).toEqual([]);
  expect(await upsertsOf(dispute.handle)).toEqual(['inquiry/review', 'inquiry/provider', 'withdrawn/none']);
});

test('the deadline for evidence is shown, and made louder 48 hours before it', async () => {
  // The server's clock is far ahead of ours by now.
  const due = new Date((await world().env.currentTimeMs()) + 20 * 24 * hour).toISOString();
  const wanted = disputed({ evidenceDueBy: due });
  const answered = disputed({ status: 'under_review', evidenceDueBy: due });
  const polls = Array.from({ length: 34 }, () => wanted);
  const dispute = await startDispute(world(), looks(...polls));
  await dispute.twin.begun('bookDispute');
  await expect
    .poll(async () => (await dispute.handle.query(disputeStatusQuery)).stage, { timeout: 5_000 })
    .toBe('respond');
  expect(await dispute.handle.query(disputeStatusQuery)).toMatchObject({ attention: 'review', evidenceDueBy: due });
  dispute.outside.looks = [...polls, ...Array.from({ length: 20 }, () => wanted), answered, lost()];
  expect(await disputeEndOf(dispute)).toMatchObject({ status: 'lost' });
  expect(await upsertsOf(dispute.handle)).toEqual([
    'respond/review',
    'evidence due/review',
    'under review/provider',
    'lost/none',
  ]);
});

test('won, and its money not yet back: it is no end', async () => {
  const dispute = await startDispute(world(), looks(disputed({ status: 'won' }), won()));
  expect(await disputeEndOf(dispute)).toMatchObject({ status: 'won' });
  expect(await upsertsOf(dispute.handle)).toEqual(['settling/provider', 'won/none']);
});

test('nobody can cancel it: the update is refused, signal and Web UI change nothing', async () => {
  const dispute = await startDispute(world(), looks(disputed(), disputed(), won()));
  await dispute.twin.begun('bookDispute');
  await expect(dispute.handle.executeUpdate(cancelDisputeUpdate, { args: [me] })).rejects.toMatchObject({
    cause: { type: 'InvalidMessage', message: expect.stringContaining('cannot be cancelled') as string },
  });
  await dispute.handle.signal(cancelSignal, me);
  await dispute.handle.cancel();
  expect(await disputeEndOf(dispute)).toMatchObject({ status: 'won' });
  expect((await dispute.handle.describe()).status.name).toBe('COMPLETED');
});

test('what cannot be booked parks, and is booked once it can', async () => {
  const dispute = await startDispute(world(), (outside, twin) => {
    outside.looks = [lost()];
    twin.plan('bookDispute', breaks);
  });
  await dispute.twin.begun('park');
  expect(await dispute.handle.query(disputeStatusQuery)).toMatchObject({ stage: 'in review', attention: 'review' });
  expect(dispute.twin.letters.get('book')).toMatchObject({ jobType: 'dispute', moneyMoved: 'captured', open: true });
  expect(await disputeEndOf(dispute)).toEqual(lostResult);
});

test('a provider that does not know it, or does not answer, parks the look', async () => {
  const dispute = await startDispute(world(), (outside, twin) => {
    outside.looks = [lost()];
    twin.plan('retrieveDispute', refuses('api_key_expired'), exhausts({ sent: 0 }));
  });
  expect(await disputeEndOf(dispute)).toEqual(lostResult);
  expect(dispute.twin.inputsOf('unpark')).toMatchObject([{ step: 'look', outcome: 'known' }]);
});

test('one that was settled before answers with what the claim keeps', async () => {
  const dispute = await startDispute(world(), (_, twin) => (twin.claim.result = { status: 'withdrawn' }));
  expect(await dispute.handle.result()).toEqual({ status: 'withdrawn' });
  expect(dispute.twin.order).toEqual(['claimDispute']);
});
