import { expect, test } from 'vitest';
import { cancelSignal, cancelSmsUpdate, jobStatusQuery } from '../../contracts/messages.ts';
import type { SmsResult } from '../../contracts/sms.ts';
import { answersWhenCancelled, declines, failsFor, hangs } from '../support/workflow-behaviours.ts';
import { durationOf, useWorkflowWorld } from '../support/workflow-judge.ts';

const world = useWorkflowWorld({ queues: ['communication'] });
const me = { actor: 'me', reason: 'not wanted' };
const cancelled: SmsResult = { status: 'suppressed', reason: 'cancelled' };
const twelveHours = 12 * 3_600_000;

test('a text message is sent, by the one activity that owns its claim', async () => {
  const { handle, twin } = await world().sms();
  expect(await handle.result()).toEqual({ status: 'sent', messageSid: 'SM1' });
  expect(twin.order).toEqual(['sendText']);
  expect(twin.inputsOf('sendText')).toMatchObject([{ request: { phoneRef: 'c_1' }, now: expect.any(String) }]);
  expect(await handle.query(jobStatusQuery)).toMatchObject({ stage: 'sent', attention: 'none' });
});

test.each<SmsResult>([
  { status: 'suppressed', reason: 'stopped' },
  { status: 'undeliverable', reason: '21614' },
])('what the activity found ($status) is the end', async (found) => {
  const { handle } = await world().sms((twin) => twin.plan('sendText', (effect) => found as ReturnType<typeof effect>));
  expect(await handle.result()).toEqual(found);
});

test('a text message that is refused is undeliverable, not a failure', async () => {
  const { handle } = await world().sms((twin) => twin.plan('sendText', declines('21606')));
  expect(await handle.result()).toEqual({ status: 'undeliverable', reason: '21606' });
});

test('a text message that does not leave for twelve hours is given up', async () => {
  const { handle } = await world().sms((twin) => twin.always('sendText', failsFor(1_800_000)));
  expect(await handle.result()).toEqual({ status: 'undeliverable', reason: 'time_over' });
  const waited = await durationOf(handle);
  expect(waited).toBeGreaterThan(twelveHours - 3_600_000);
  expect(waited).toBeLessThan(twelveHours + 60_000);
});

test('a cancelled text message is suppressed, and whoever asked hears it', async () => {
  const { handle, twin } = await world().sms((twin) => twin.plan('sendText', hangs()));
  await twin.begun('sendText');
  expect(await handle.executeUpdate(cancelSmsUpdate, { args: [me] })).toEqual(cancelled);
  expect(await handle.result()).toEqual(cancelled);
});

test.each(['signal', 'the Web UI'])('cancelled by %s in its retry pause', async (how) => {
  const { handle, twin } = await world().sms((twin) => twin.plan('sendText', failsFor(3_600_000)));
  await twin.begun('sendText');
  await (how === 'signal' ? handle.signal(cancelSignal, me) : handle.cancel());
  expect(await handle.result()).toEqual(cancelled);
});

test('a text message that leaves all the same is sent: it was too late', async () => {
  const { handle, twin } = await world().sms((twin) => twin.plan('sendText', answersWhenCancelled));
  await twin.begun('sendText');
  const answer = await handle.executeUpdate(cancelSmsUpdate, { args: [me] });
  expect(answer.status).toBe('sent');
  expect(await handle.result()).toEqual(answer);
});
