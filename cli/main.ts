#!/usr/bin/env node
/** The `boxoffice` command. `boxoffice --help` says what it can do. */
import { connectTo, runCli } from './program.ts';

// `boxoffice payments list | head`: whoever reads has seen enough, and that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  connect: connectTo,
  // The one step beyond Temporal. Loaded when it is asked for, so that the rest of the command needs no chain.
  setUpContract: async (env) => (await import('../workers/setup.ts')).setUpContract(env),
});
