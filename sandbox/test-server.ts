import { findBinary, type FindBinaryOptions } from './binaries.ts';

/** What `server.executable` of TestWorkflowEnvironment takes. */
export interface ExistingExecutable {
  readonly type: 'existing-path';
  readonly path: string;
}

/**
 * `TestWorkflowEnvironment.createTimeSkipping({ server: { executable: await timeSkippingServer() } })`
 * @throws Error with the remedy when the server is neither installed nor downloadable.
 */
export async function timeSkippingServer(options?: FindBinaryOptions): Promise<ExistingExecutable> {
  return { type: 'existing-path', path: await findBinary('temporal-test-server', options) };
}

/** `TestWorkflowEnvironment.createLocal({ server: { executable: await devServer() } })` */
export async function devServer(options?: FindBinaryOptions): Promise<ExistingExecutable> {
  return { type: 'existing-path', path: await findBinary('temporal', options) };
}
