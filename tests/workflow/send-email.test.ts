import { WorkflowUpdateFailedError } from '@temporalio/client';
import { expect, test } from 'vitest';
import type { EmailResult } from '../../contracts/mail.ts';
import { cancelEmailUpdate, cancelSignal, jobStatusQuery } from '../../contracts/messages.ts';
import { answersWhenCancelled, declines, failsFor, hangs } from '../support/workflow-behaviours.ts';
import { durationOf, eventsOf, useWorkflowWorld } from '../support/workflow-judge.ts';

const world = useWorkflowWorld({ queues: ['communication'] });
const me = { actor: 'me', reason: 'not wanted' };
const cancelled: EmailResult = { status: 'suppressed', reason: 'cancelled' };
const twelveHours = 12 * 3_600_000;

test('a mail is sent, by the one activity that owns its claim', async () => {
  const { handle, twin } = await world().email();
  expect(await handle.result()).toMatchObject({ status: 'sent' });
  expect(twin.order).toEqual(['sendMail']);
  expect(twin.inputsOf('sendMail')).toMatchObject([{ request: { emailRef: 'c_1' }, now: expect.any(String) }]);
  expect(await handle.query(jobStatusQuery)).toMatchObject({ stage: 'sent', attention: 'none' });
});

test.each<EmailResult>([
  { status: 'suppressed', reason: 'no_recipient' },
  { status: 'undeliverable', reason: '550' },
])('what the activity found ($status) is the end', async (found) => {
  const { handle } = await world().email((twin) =>
    twin.plan('sendMail', (effect) => found as ReturnType<typeof effect>),
  );
  expect(await handle.result()).toEqual(found);
});

test('a mail that is refused is undeliverable, not a failure', async () => {
  const { handle } = await world().email((twin) => twin.plan('sendMail', declines('EAUTH')));
  expect(await handle.result()).toEqual({ status: 'undeliverable', reason: 'EAUTH' });
});

test('a mail that does not leave for twelve hours is given up', async () => {
  const { handle } = await world().email((twin) => twin.always('sendMail', failsFor(1_800_000)));
  expect(await handle.result()).toEqual({ status: 'undeliverable', reason: 'time_over' });
  const waited = await durationOf(handle);
  expect(waited).toBeGreaterThan(twelveHours - 3_600_000);
  expect(waited).toBeLessThan(twelveHours + 60_000);
});

test('a cancelled mail is suppressed, and whoever asked hears it', async () => {
  const { handle, twin } = await world().email((twin) => twin.plan('sendMail', hangs()));
  await twin.begun('sendMail');
  expect(await handle.executeUpdate(cancelEmailUpdate, { args: [me] })).toEqual(cancelled);
  expect(await handle.result()).toEqual(cancelled);
});

test.each(['signal', 'the Web UI'])('cancelled by %s in its retry pause', async (how) => {
  const { handle, twin } = await world().email((twin) => twin.plan('sendMail', failsFor(3_600_000)));
  await twin.begun('sendMail');
  await (how === 'signal' ? handle.signal(cancelSignal, me) : handle.cancel());
  expect(await handle.result()).toEqual(cancelled);
});

test('a mail that leaves all the same is sent: it was too late', async () => {
  const { handle, twin } = await world().email((twin) => twin.plan('sendMail', answersWhenCancelled));
  await twin.begun('sendMail');
  const answer = await handle.executeUpdate(cancelEmailUpdate, { args: [me] });
  expect(answer.status).toBe('sent');
  expect(await handle.result()).toEqual(answer);
});

test('a cancel that says too little is refused before history', async () => {
  const { handle, twin } = await world().email((twin) => twin.plan('sendMail', hangs()));
  await twin.begun('sendMail');
  const sent = handle.executeUpdate(cancelEmailUpdate, { args: [{ actor: '', reason: '' }] });
  await expect(sent).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
  const events = await eventsOf(handle);
  expect(events.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toEqual([]);
  await handle.signal(cancelSignal, me);
  expect(await handle.result()).toEqual(cancelled);
});
