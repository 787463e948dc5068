/** Lanes as the API controls them, put together. Whoever keeps the pace for all workers is handed in. */
import type { Client } from '@temporalio/client';
import { createLaneQueues } from '../client/lane-queues.ts';
import { controlledLanes } from '../contracts/lane-words.ts';
import type { Logger } from '../infrastructure/logger.ts';
import { createLaneControl, type LaneControl, type RunningLaneControl } from '../lanes/control.ts';
import type { Pace } from '../lanes/pace.ts';
import type { Store } from '../store/index.ts';

export type Lanes = LaneControl & Pick<Store['lanes'], 'changes'>;

/** Begins to bring every lane to what is recorded. `close` ends that, and leaves pace, store and client to their owners. */
export function createLanes({
  pace,
  store,
  client,
  logger,
}: {
  pace: Pick<Pace, 'apply' | 'status'>;
  store: Store['lanes'];
  client: Client;
  logger: Pick<Logger, 'warn'>;
}): RunningLaneControl & Lanes {
  const control = createLaneControl({
    pace,
    records: store,
    queues: createLaneQueues(client),
    lanes: controlledLanes,
    failed: (lane, error) => logger.warn({ lane, err: error }, 'what is recorded of the lane did not get through'),
  });
  control.catchUp();
  return { ...control, changes: (filter) => store.changes(filter) };
}
