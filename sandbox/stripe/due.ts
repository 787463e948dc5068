import { expireAuthorizations } from './resources/payment-intents/settle.ts';
import type { World } from './world.ts';

/** Does what the clock says is due, as Stripe does by itself. */
export function settleDue(world: World): void {
  expireAuthorizations(world);
  world.agenda.runDue(world.clock.seconds());
}
