/**
 * Run as a process of its own: `sdk-download.ts temporal|temporal-test-server FOLDER`. Lets the SDK download the
 * executable into FOLDER, where it is the only file. The SDK only downloads what it then starts, hence the server that
 * is torn down at once; and it installs its process-wide runtime for that, which must not happen in the process that
 * later wants its own.
 */
import { TestWorkflowEnvironment, type EphemeralServerExecutable } from '@temporalio/testing';

const [name, folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: sdk-download.ts temporal|temporal-test-server FOLDER');
const executable: EphemeralServerExecutable = { type: 'cached-download', downloadDir: folder };
const environment =
  name === 'temporal'
    ? await TestWorkflowEnvironment.createLocal({ server: { executable } })
    : await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
await environment.teardown();
