/**
 * One Boxoffice for all files of the project `world`: real servers, started once. Files run one after another and use
 * ids of their own, so none sees another; what a test kills, it starts again.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { startBoxoffice } from '../../sandbox/boxoffice.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Folder of the running world: `readEndpoints(dir)` tells the rest. */
    worldDir: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(path.join(tmpdir(), 'boxoffice-test-'));
  const running = await startBoxoffice({
    dir,
    env: { RATE_LIMITS: 'unpaced', RETRY_SCALE: '0.05', LOG_LEVEL: 'warn' },
    stripeEnv: { STRIPE_LIMIT_PER_SECOND: '0' },
  });
  project.provide('worldDir', dir);
  return async () => {
    await running.world.stop();
    await rm(dir, { recursive: true, force: true });
  };
}
