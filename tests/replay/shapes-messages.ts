/** The shapes of `sendSms`. What it shares with `sendEmail` has its histories there as well. */
import type { WorkflowHandle } from '@temporalio/client';
import { cancelSignal, cancelSmsUpdate } from '../../contracts/messages.ts';
import { declines, hangs } from '../support/workflow-behaviours.ts';
import type { WorkflowWorld } from '../support/workflow-world.ts';

const me = { actor: 'support-7', reason: 'not wanted' };

async function ended({ handle }: { handle: WorkflowHandle }): Promise<WorkflowHandle> {
  await handle.result();
  return handle;
}

export const messageShapes: Readonly<Record<string, (world: WorkflowWorld) => Promise<WorkflowHandle>>> = {
  'sms-sent': async (world) => ended(await world.sms()),
  'sms-undeliverable': async (world) => ended(await world.sms((twin) => twin.plan('sendText', declines('21614')))),
  'sms-cancelled': async (world) => {
    const sms = await world.sms((twin) => twin.plan('sendText', hangs()));
    await sms.twin.begun('sendText');
    await sms.handle.signal(cancelSignal, me);
    return ended(sms);
  },
  'sms-cancelled-by-update': async (world) => {
    const sms = await world.sms((twin) => twin.plan('sendText', hangs()));
    await sms.twin.begun('sendText');
    await sms.handle.executeUpdate(cancelSmsUpdate, { args: [me] });
    return ended(sms);
  },
};
