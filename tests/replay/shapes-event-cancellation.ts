/** Courses that the cancellation of an event can take. */
import type { WorkflowHandle } from '@temporalio/client';
import { cancelEventCancellationUpdate, cancelSignal, pauseUpdate, resumeUpdate } from '../../contracts/messages.ts';
import { answers, type Behaviour, refuses } from '../support/workflow-behaviours.ts';
import { paid } from '../support/cancelled-event-outside.ts';
import type { StartedCancellation, WorkflowWorld } from '../support/workflow-world.ts';

type Shape = (world: WorkflowWorld) => Promise<WorkflowHandle>;
type Plan = Parameters<WorkflowWorld['eventCancellation']>[0];

const me = { actor: 'support-7', reason: 'sorting things out' };

async function ended({ handle }: StartedCancellation): Promise<WorkflowHandle> {
  await handle.result();
  return handle;
}

const cancelled =
  (plan?: Plan, inFlight = 2): Shape =>
  async (world) =>
    ended(await world.eventCancellation(plan, { inFlight }));

/** A person decides about the refunds at the nth look. */
const decidedAtLook =
  (look: number): Plan =>
  (twin) => {
    twin.event.purchases = [...paid(2, { becomes: 'inReview' }), ...paid(1)];
    const decided: Behaviour = (effect) => {
      twin.event.heal();
      return effect();
    };
    twin.plan('runWave', ...Array.from({ length: look - 1 }, () => answers), decided);
  };

const held: Shape = async (world) => {
  const started = await world.eventCancellation(
    (twin) => {
      twin.event.purchases = paid(3);
    },
    { inFlight: 1 },
  );
  await started.twin.begun('runWave');
  await started.handle.executeUpdate(pauseUpdate, { args: [me] });
  await started.twin.begun('runWave', started.twin.count('runWave') + 1);
  await started.handle.executeUpdate(resumeUpdate, { args: [me] });
  return ended(started);
};

const endless: Plan = (twin) => {
  twin.event.purchases = paid(3, { looks: 1_000 });
};

/** By update while it is at work, or by a signal that is there before it begins. */
const stopped =
  (how: 'update' | 'signal'): Shape =>
  async (world) => {
    const started = await world.eventCancellation(endless, { inFlight: 1 });
    await started.twin.begun('runWave');
    if (how === 'signal') await started.handle.signal(cancelSignal, me);
    else await started.handle.executeUpdate(cancelEventCancellationUpdate, { args: [me] });
    return ended(started);
  };

/** The first run, which ends by going on as new; `last`: the run that ends it. */
const continued =
  (which: 'first' | 'last'): Shape =>
  async (world) => {
    const started = await world.eventCancellation(
      (twin) => {
        twin.event.purchases = paid(100);
      },
      { inFlight: 1 },
    );
    const { handle } = started;
    const { runId } = await handle.describe();
    await ended(started);
    return which === 'last' ? handle : world.client.workflow.getHandle(handle.workflowId, runId);
  };

export const eventCancellationShapes: Readonly<Record<string, Shape>> = {
  'event-cancellation-completed': cancelled((twin) => {
    twin.event.purchases = [...paid(5), { state: 'inFlight', tooLate: true }, { state: 'inFlight' }, { state: 'free' }];
  }),
  'event-cancellation-nothing-sold': cancelled(),
  'event-cancellation-in-review': cancelled(decidedAtLook(6)),
  'event-cancellation-paused-then-resumed': held,
  'event-cancellation-cancelled': stopped('update'),
  'event-cancellation-cancelled-by-signal': stopped('signal'),
  'event-cancellation-continued': continued('first'),
  'event-cancellation-continued-then-completed': continued('last'),
  'event-cancellation-parked-wave': cancelled((twin) => {
    twin.event.purchases = paid(1);
    twin.plan('runWave', refuses('claim_lost'));
  }),
  'event-cancellation-refused': cancelled((twin) => {
    twin.claim.result = { status: 'refused', moneyMoved: 'none', reason: 'no_event' };
  }),
};
