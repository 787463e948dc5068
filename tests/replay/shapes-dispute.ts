/** The shapes of disputes and of refunds that come back; see shapes.ts. */
import type { WorkflowHandle } from '@temporalio/client';
import { breaks, exhausts, refuses } from '../support/workflow-behaviours.ts';
import {
  disputed,
  type DisputeOutside,
  inquiry,
  lost,
  startDispute,
  startRefundReturn,
  won,
} from '../support/workflow-dispute-twins.ts';
import type { Twin } from '../support/workflow-twins.ts';
import type { WorkflowWorld } from '../support/workflow-world.ts';

type Shape = (world: WorkflowWorld) => Promise<WorkflowHandle>;
type Plan = (outside: DisputeOutside, twin: Twin, due: (hours: number) => string) => void;

/** Deadlines are set by the server's clock, which skips. */
const following =
  (plan: Plan): Shape =>
  async (world) => {
    const now = await world.env.currentTimeMs();
    const due = (hours: number) => new Date(now + hours * 3_600_000).toISOString();
    const { handle } = await startDispute(world, (outside, twin) => plan(outside, twin, due));
    await handle.result();
    return handle;
  };

const looks = (...all: DisputeOutside['looks']) => following((outside) => void (outside.looks = all));

const returning =
  (plan: Plan): Shape =>
  async (world) => {
    const { handle } = await startRefundReturn(world, (outside, twin) => plan(outside, twin, () => ''));
    await handle.result();
    return handle;
  };

/** An event in between, and a person who tries to cancel. */
const disputeHeardOf: Shape = async (world) => {
  const { handle, twin, hear } = await startDispute(world, (outside) => {
    outside.looks = [disputed(), disputed({ status: 'under_review' }), lost()];
  });
  await twin.begun('bookDispute');
  await hear({ type: 'charge.dispute.updated' });
  await twin.begun('bookDispute', 2);
  await handle.cancel();
  await handle.result();
  return handle;
};

export const disputeShapes: Readonly<Record<string, Shape>> = {
  'dispute-lost': looks(lost()),
  'dispute-won': looks(disputed(), disputed({ status: 'under_review' }), won()),
  'dispute-won-before-its-money': looks(disputed({ status: 'won' }), won()),
  'dispute-inquiry-closed': looks(inquiry(), inquiry({ status: 'warning_closed' })),
  'dispute-heard-of-and-cancelled-in-web-ui': disputeHeardOf,
  'dispute-evidence-due': following((outside, _, due) => {
    const wanted = disputed({ evidenceDueBy: due(50) });
    outside.looks = [...Array.from({ length: 9 }, () => wanted), lost()];
  }),
  'dispute-parked-while-looking': following((outside, twin) => {
    outside.looks = [lost()];
    twin.plan('retrieveDispute', refuses('api_key_expired'), exhausts({ sent: 0 }));
  }),
  'dispute-parked-while-booking': following((outside, twin) => {
    outside.looks = [lost()];
    twin.plan('bookDispute', breaks).plan('settleDispute', breaks);
  }),
  'dispute-claim-settled': following((_, twin) => (twin.claim.result = { status: 'withdrawn' })),
  'refund-return-returned': returning((_, twin) => (twin.refund.statuses = ['failed'])),
  'refund-return-withdrawn': returning(() => undefined),
  'refund-return-not-yet': returning((outside, twin) => {
    twin.refund.statuses = ['failed'];
    outside.notYet = 1;
  }),
  'refund-return-parked': returning((_, twin) => {
    twin.refund.statuses = ['failed'];
    twin.plan('retrieveRefund', refuses('api_key_expired'));
  }),
};
