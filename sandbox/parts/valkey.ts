import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { findBinary } from '../binaries.ts';
import { portAt, type CoreAddresses, type Part, type PartContext } from './part.ts';

/** Valkey with an append-only file, so that limits and leases outlive a kill of the process. */
export async function valkeyPart(context: PartContext): Promise<Part<CoreAddresses['valkey']>> {
  const command = await findBinary('valkey-server', { onProgress: context.onProgress });
  const state = path.join(context.state, 'valkey');
  await mkdir(state);
  return {
    portsWanted: 1,
    address: (ports) => ({ url: `redis://127.0.0.1:${portAt(ports, 0)}` }),
    spec: (ports) => ({
      name: 'valkey',
      command,
      args: [
        ['--bind', '127.0.0.1', '--port', String(portAt(ports, 0)), '--dir', state],
        ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '', '--daemonize', 'no'],
      ].flat(),
      stopSignal: 'SIGTERM',
      graceMs: 3_000,
      readyWithinMs: 15_000,
      ready: async () => (await ping(portAt(ports, 0))).startsWith('+PONG'),
    }),
  };
}

/** While it reads its file back it answers -LOADING. */
async function ping(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, timeout: 1_000 });
  socket.once('timeout', () => socket.destroy(new Error('no answer to PING within 1 s')));
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [answer]: unknown[] = await once(socket, 'data');
    return String(answer);
  } finally {
    socket.destroy();
  }
}
