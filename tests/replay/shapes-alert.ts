/** The shapes of `alert`. */
import type { WorkflowHandle } from '@temporalio/client';
import { cancelAlertUpdate, cancelSignal } from '../../contracts/messages.ts';
import { startAlert } from '../support/workflow-alert-twins.ts';
import { breaks, hangs } from '../support/workflow-behaviours.ts';
import type { WorkflowWorld } from '../support/workflow-world.ts';

const me = { actor: 'support-7', reason: 'I know' };

async function ended({ handle }: { handle: WorkflowHandle }): Promise<WorkflowHandle> {
  await handle.result();
  return handle;
}

export const alertShapes: Readonly<Record<string, (world: WorkflowWorld) => Promise<WorkflowHandle>>> = {
  'alert-delivered': async (world) => ended(await startAlert(world)),
  'alert-warning': async (world) => ended(await startAlert(world, undefined, { incident: { severity: 'warning' } })),
  'alert-one-given-up': async (world) =>
    ended(
      await startAlert(world, (twin) => twin.plan('sendAlert-email', breaks), {
        kind: 'escalation',
        number: 2,
        incident: { subject: 'communication' },
      }),
    ),
  'alert-cancelled': async (world) => {
    const alert = await startAlert(world, (twin) =>
      twin.plan('sendAlert-sms', hangs()).plan('sendAlert-voice', hangs()),
    );
    await Promise.all([alert.twin.begun('sendAlert-sms'), alert.twin.begun('sendAlert-voice')]);
    await alert.handle.signal(cancelSignal, me);
    return ended(alert);
  },
  'alert-cancelled-by-update': async (world) => {
    const alert = await startAlert(world, (twin) => twin.plan('sendAlert-email', hangs()), {
      incident: { severity: 'info' },
    });
    await alert.twin.begun('sendAlert-email');
    await alert.handle.executeUpdate(cancelAlertUpdate, { args: [me] });
    return ended(alert);
  },
};
