/** Purchases whose card asks for its holder (3-D Secure): how each of them ends. */
import type { WorkflowHandle } from '@temporalio/client';
import { cancelUpdate } from '../../contracts/messages.ts';
import { exhausts } from '../support/workflow-behaviours.ts';
import { customerWho, tell } from '../support/workflow-customers.ts';
import type { StartedPayment, WorkflowWorld } from '../support/workflow-world.ts';

type Shape = (world: WorkflowWorld) => Promise<WorkflowHandle>;

/** A purchase whose buyer has heard that they are waited for; then `next` happens. */
const asked =
  (looks: Parameters<typeof customerWho>, next: (purchase: StartedPayment) => Promise<unknown>): Shape =>
  async (world) => {
    const purchase = await world.purchase(customerWho(...looks));
    await purchase.early;
    await next(purchase);
    await purchase.handle.result();
    return purchase.handle;
  };

const nothing = () => Promise.resolve();

export const shapes3ds: Readonly<Record<string, Shape>> = {
  'payment-3ds-heard-of': asked(['confirmed'], (purchase) =>
    tell(purchase, 'payment_intent.amount_capturable_updated'),
  ),
  'payment-3ds-polled': asked(['waited for', 'waited for', 'confirmed'], nothing),
  'payment-3ds-failed': asked([{ failed: 'payment_intent_authentication_failure' }], (purchase) =>
    tell(purchase, 'payment_intent.payment_failed'),
  ),
  'payment-3ds-expired': asked(['waited for'], nothing),
  'payment-3ds-canceled-by-provider': asked(['canceled'], (purchase) => tell(purchase, 'payment_intent.canceled')),
  'payment-3ds-cancelled': asked(['waited for'], async ({ handle }) => {
    await handle.executeUpdate(cancelUpdate, { args: [{ actor: 'support-7', reason: 'wrong seats' }] });
  }),
  'payment-3ds-parked-then-completed': async (world) => {
    const { handle } = await world.purchase((twin) => {
      customerWho('waited for', 'confirmed')(twin);
      twin.plan('retrieveAuthorization', exhausts({ sent: 0 }));
    });
    await handle.result();
    return handle;
  },
};
