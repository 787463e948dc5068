import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { keepCopy, mendState } from './anvil-state.ts';
import { portAt, type CoreAddresses, type Part, type PartContext } from './part.ts';

export const CHAIN_ID = 31_337;

/** The names that Foundry gives the platforms. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * A real EVM node that mines at an even pace. Its state is written every second: killed and started again it has the chain,
 * but for the last one or two blocks, which a client sees as a short reorganization.
 */
export async function anvilPart(context: PartContext): Promise<Part<CoreAddresses['anvil']>> {
  const command = anvilBinary();
  const folder = path.join(context.state, 'anvil');
  await mkdir(folder);
  const state = path.join(folder, 'state.json');
  const stopCopying = keepCopy(state);
  return {
    portsWanted: 1,
    address: (ports) => ({ rpc: rpcOn(ports), chainId: CHAIN_ID }),
    close: stopCopying,
    spec: (ports) => ({
      name: 'anvil',
      command,
      args: [
        ['--host', '127.0.0.1', '--port', String(portAt(ports, 0)), '--chain-id', String(CHAIN_ID), '--quiet'],
        ['--block-time', String(context.blockSeconds), '--slots-in-an-epoch', '1'],
        ['--state', state, '--state-interval', '1'],
        ['--cache-path', path.join(folder, 'cache')],
      ].flat(),
      stopSignal: 'SIGTERM',
      graceMs: 3_000,
      readyWithinMs: 120_000,
      beforeStart: async () => mendState(state),
      ready: async () => (await chainId(rpcOn(ports))) === CHAIN_ID,
    }),
  };
}

/** The program itself and not npm's launcher: a kill of the launcher would leave the node running. */
function anvilBinary(): string {
  const name = `@foundry-rs/anvil-${process.platform}-${ARCHITECTURES[process.arch] ?? process.arch}`;
  try {
    const launcher = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json');
    return createRequire(launcher).resolve(`${name}/bin/anvil`);
  } catch (error) {
    throw new Error(`Anvil for this platform (${name}) is not installed: run \`npm ci\` without --omit=optional`, {
      cause: error,
    });
  }
}

function rpcOn(ports: readonly number[]): string {
  return `http://127.0.0.1:${portAt(ports, 0)}`;
}

async function chainId(rpc: string): Promise<number> {
  const response = await fetch(rpc, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }),
    signal: AbortSignal.timeout(2_000),
  });
  const answer: unknown = await response.json();
  if (typeof answer !== 'object' || answer === null || !('result' in answer)) return Number.NaN;
  return Number(answer.result);
}
