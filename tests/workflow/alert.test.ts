import { expect, test } from 'vitest';
import type { AlertResult } from '../../contracts/alerts.ts';
import { cancelAlertUpdate, cancelSignal, jobStatusQuery } from '../../contracts/messages.ts';
import { startAlert } from '../support/workflow-alert-twins.ts';
import { answersWhenCancelled, type Behaviour, breaks, failsFor, Gate, hangs } from '../support/workflow-behaviours.ts';
import { durationOf, useWorkflowWorld } from '../support/workflow-judge.ts';

const world = useWorkflowWorld({ queues: ['monitoring'] });
const me = { actor: 'me', reason: 'I know' };
const minutes = 60_000;

const finds =
  (found: object): Behaviour =>
  (effect) =>
    found as ReturnType<typeof effect>;

test('all channels of a critical notice leave at once, and none waits for another', async () => {
  const gate = new Gate();
  const { handle, twin, notice } = await startAlert(world(), (twin) => twin.plan('sendAlert-email', gate.passes));
  await twin.begun('sendAlert-sms');
  await twin.begun('sendAlert-voice');
  expect(await handle.query(jobStatusQuery)).toMatchObject({ stage: 'sending', attention: 'none' });
  gate.open();
  const channels = { email: 'delivered', sms: 'delivered', voice: 'delivered' } as const;
  expect(await handle.result()).toEqual({ status: 'delivered', channels });
  expect(twin.inputsOf('sendAlert-sms')).toEqual([{ notice, channel: 'sms' }]);
  expect(await handle.query(jobStatusQuery)).toMatchObject({ stage: 'delivered' });
});

test('a warning is a text message', async () => {
  const { handle, twin } = await startAlert(world(), undefined, { incident: { severity: 'warning' } });
  expect(await handle.result()).toEqual({ status: 'delivered', channels: { sms: 'delivered' } });
  expect(twin.order).toEqual(['sendAlert-sms']);
});

test('what a channel found is its end, and the others go on', async () => {
  const { handle } = await startAlert(world(), (twin) =>
    twin
      .plan('sendAlert-sms', finds({ outcome: 'given up', code: '21211' }))
      .plan('sendAlert-voice', finds({ outcome: 'no recipient' })),
  );
  const channels = { email: 'delivered', sms: 'given up', voice: 'no recipient' } as const;
  expect(await handle.result()).toEqual({ status: 'delivered', channels });
});

test('a channel that breaks is given up, and the others go on', async () => {
  const { handle } = await startAlert(world(), (twin) => twin.plan('sendAlert-email', breaks));
  expect((await handle.result()).channels).toMatchObject({ email: 'given up', sms: 'delivered' });
});

test('a reminder that nobody needs any more is no failure', async () => {
  const { handle } = await startAlert(
    world(),
    (twin) => twin.always('sendAlert-sms', finds({ outcome: 'not needed' })),
    {
      kind: 'repeat',
      number: 2,
      incident: { severity: 'warning' },
    },
  );
  expect(await handle.result()).toEqual({ status: 'not needed', channels: { sms: 'not needed' } });
});

test.each([
  ['repeat', 30 * minutes],
  ['first', 12 * 60 * minutes],
] as const)('a %s notice that does not leave is given up in time', async (kind, withinMs) => {
  const { handle } = await startAlert(world(), (twin) => twin.always('sendAlert-sms', failsFor(withinMs / 20)), {
    kind,
    number: 2,
    incident: { severity: 'warning' },
  });
  expect(await handle.result()).toEqual({ status: 'undelivered', channels: { sms: 'given up' } });
  const waited = await durationOf(handle);
  expect([waited > withinMs * 0.9, waited < withinMs + minutes]).toEqual([true, true]);
});

const cancelled: AlertResult = { status: 'not needed', channels: { sms: 'cancelled' } };

test.each(['update', 'signal', 'the Web UI'])('cancelled by %s it does not leave', async (how) => {
  const { handle, twin } = await startAlert(world(), (twin) => twin.plan('sendAlert-sms', hangs()), {
    incident: { severity: 'warning' },
  });
  await twin.begun('sendAlert-sms');
  if (how === 'update') expect(await handle.executeUpdate(cancelAlertUpdate, { args: [me] })).toEqual(cancelled);
  else await (how === 'signal' ? handle.signal(cancelSignal, me) : handle.cancel());
  expect(await handle.result()).toEqual(cancelled);
});

test('what leaves all the same is delivered: it was too late', async () => {
  const { handle, twin } = await startAlert(
    world(),
    (twin) => twin.plan('sendAlert-sms', answersWhenCancelled).plan('sendAlert-email', hangs()),
    { incident: { subject: 'communication' } },
  );
  await Promise.all([twin.begun('sendAlert-sms'), twin.begun('sendAlert-email')]);
  const end = { status: 'delivered', channels: { email: 'cancelled', sms: 'delivered' } };
  expect(await handle.executeUpdate(cancelAlertUpdate, { args: [me] })).toEqual(end);
});
