/**
 * One Boxoffice for all files of the project `world`: real servers, started once. Files run one after another and use
 * ids of their own, so none sees another; what a test kills, it starts again.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JWK } from 'jose';
import type { TestProject } from 'vitest/node';
import { startBoxoffice } from '../../sandbox/boxoffice.ts';
import { laneNames, workflowQueues } from '../../contracts/task-queues.ts';
import { createSigningKey, publicKeysOf } from '../../sandbox/tokens.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Folder of the running world: `readEndpoints(dir)` tells the rest. */
    worldDir: string;
    /** The API signs proofs of decisions with it: a test makes some that are not as they should be. */
    decisionKey: JWK;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(path.join(tmpdir(), 'boxoffice-test-'));
  const decisionKey = await createSigningKey();
  const running = await startBoxoffice({
    dir,
    // Most of these tests wait for blocks.
    blockSeconds: 0.25,
    env: {
      RATE_LIMITS: 'unpaced',
      RETRY_SCALE: '0.05',
      LOG_LEVEL: 'warn',
      // A monitor would tell of what tests break on purpose, in the middle of the next one.
      WORKER_LANES: [...workflowQueues, ...laneNames].filter((queue) => queue !== 'monitoring').join(','),
      DECISION_SIGNING_KEY: JSON.stringify(decisionKey),
      DECISION_KEYS: JSON.stringify(publicKeysOf(decisionKey)),
    },
    stripeEnv: { STRIPE_LIMIT_PER_SECOND: '0' },
  });
  project.provide('worldDir', dir);
  project.provide('decisionKey', decisionKey);
  return async () => {
    await running.world.stop();
    await rm(dir, { recursive: true, force: true });
  };
}
