import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

export interface ChainNode {
  rpcUrl: string;
  stop(): Promise<void>;
}

/** The package's own launcher, bin.mjs, ends before its child does and leaves it unreaped, so the binary is run itself. */
function anvilBinary(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const fromAnvil = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json'));
  return fromAnvil.resolve(`@foundry-rs/anvil-${process.platform}-${arch}/bin/anvil`);
}

/** An Anvil of our own on a free port. */
export async function startChainNode(): Promise<ChainNode> {
  const anvil = spawn(anvilBinary(), ['--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const rpcUrl = await new Promise<string>((resolve, reject) => {
    anvil.once('error', reject);
    anvil.once('exit', (code) => reject(new Error(`anvil ended with ${code} before it listened`)));
    createInterface({ input: anvil.stdout }).on('line', (line) => {
      const address = /Listening on (\S+)/.exec(line)?.[1];
      if (address) resolve(`http://${address}`);
    });
  });
  return {
    rpcUrl,
    async stop() {
      anvil.kill('SIGTERM');
      if (anvil.exitCode === null && anvil.signalCode === null) await once(anvil, 'exit');
    },
  };
}
