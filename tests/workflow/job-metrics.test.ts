import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import { paymentWorkflowId } from '../../contracts/ids.ts';
import { refundStatusQuery, workflowTypes } from '../../contracts/messages.ts';
import type { PaymentResult } from '../../contracts/payment.ts';
import { countedBy } from '../support/counted.ts';
import { breaks, declines } from '../support/workflow-behaviours.ts';
import { eventsOf, useWorkflowWorld } from '../support/workflow-judge.ts';

/** Next to nothing is cached: whenever a workflow goes on, it is replayed from its start. */
const world = useWorkflowWorld({ maxCachedWorkflows: 1 });

const completedBefore: PaymentResult = {
  status: 'completed',
  moneyMoved: 'captured',
  amount: 5_250,
  currency: 'USD',
  intentId: 'pi_before',
  tickets: [{ ticketId: 't-1', tokenId: '1' }],
  transactionHash: '0x1',
  nextAction: 'refund',
};

test('jobs are counted by how they end, once each, however often they are replayed', async () => {
  const at = world();
  const { jobs } = at;
  // It waits, and is thrown out of the cache by each of the others.
  const waiting = await at.refund((twin) => (twin.refund.statuses = ['pending', 'succeeded']));
  await waiting.twin.begun('createRefund');
  const jobsOfOthers = [
    () => at.payment(),
    () => at.payment(),
    () => at.payment((twin) => twin.plan('authorizePayment', declines('card_declined'))),
    () => at.payment((twin) => twin.plan('sendReceipt', breaks)),
    () => at.payment((twin) => (twin.claim.result = completedBefore)),
    () => at.refund((twin) => (twin.refund.statuses = ['failed'])),
    () => at.mint(),
    () => at.email(),
    () => at.email((twin) => twin.plan('sendMail', breaks)),
  ];
  const ended: { handle: WorkflowHandle }[] = [waiting];
  for (const start of jobsOfOthers) {
    const job = await start();
    await job.handle.result();
    ended.push(job);
  }
  await waiting.handle.result();
  // A question to one that has ended replays all of it, its end included.
  for (const { handle } of ended) await handle.query(refundStatusQuery);

  expect(await countedBy(jobs.results)).toEqual({
    'money/payment-process/completed': 3,
    'money/payment-process/declined': 1,
    'money/payment-process/repeated': 1,
    'money/refund-process/completed': 1,
    'money/refund-process/failed': 1,
    'money/nft-mint/completed': 1,
    'communication/send-email/completed': 1,
    'communication/send-email/undeliverable': 1,
  });
  expect(await countedBy(jobs.payments)).toEqual({ '': 3 });
  expect(await countedBy(jobs.paymentAmount)).toEqual({ USD: 3 * 5_250 });
  expect(await countedBy(jobs.refunds)).toEqual({ '': 1 });
  expect(await countedBy(jobs.refundAmount)).toEqual({ USD: 5_250 });
  expect(await countedBy(jobs.nftsMinted)).toEqual({ '': 3 + 1 });
  // Two purchases sent their receipts themselves.
  expect(await countedBy(jobs.emailsSent)).toEqual({ '': 2 + 1 });
  expect(await countedBy(jobs.emailsFailed)).toEqual({ '': 1 });
});

test('a task that fails is no end', async () => {
  const { jobs, client } = world();
  const before = await countedBy(jobs.results);
  const workflowId = paymentWorkflowId('acme', 'stuck');
  // Nothing can be made of such an input, so the task fails and is tried again.
  const stuck = await client.workflow.start(workflowTypes.payment, { taskQueue: 'money', workflowId, args: [{}] });
  await expect
    .poll(async () => (await eventsOf(stuck)).some((event) => event.workflowTaskFailedEventAttributes), {
      timeout: 10_000,
    })
    .toBe(true);
  expect(await countedBy(jobs.results)).toEqual(before);
  await stuck.terminate();
});
