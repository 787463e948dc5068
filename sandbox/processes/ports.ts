import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';

/**
 * Below the range from which systems pick ports of outgoing connections: a server that was killed must find its own
 * port free again, and not taken by somebody's connection in the meantime.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 31_999;
const BLOCK_SIZE = 64;
const BLOCKS = Math.floor((LAST_PORT - FIRST_PORT + 1) / BLOCK_SIZE);

/**
 * A block of ports on 127.0.0.1 for one world. The block's first port stays bound as long as it is reserved, so the
 * operating system keeps worlds apart, of other users and checkouts too, and frees the block whatever way its owner
 * ends.
 */
export class PortBlock {
  readonly #holder: Server;
  readonly #last: number;
  #next: number;

  private constructor(holder: Server, base: number) {
    this.#holder = holder;
    this.#next = base + 1;
    this.#last = base + BLOCK_SIZE - 1;
  }

  /** @throws Error when every block is taken. */
  static async reserve(): Promise<PortBlock> {
    const start = randomInt(BLOCKS);
    for (let step = 0; step < BLOCKS; step += 1) {
      const base = FIRST_PORT + ((start + step) % BLOCKS) * BLOCK_SIZE;
      const holder = await bind(base);
      if (holder) return new PortBlock(holder.unref(), base);
    }
    throw new Error(
      `no block of ports is free on 127.0.0.1 between ${FIRST_PORT} and ${LAST_PORT}: stop other sandboxes`,
    );
  }

  /** A port of the block that nobody listens on; never the same twice. @throws Error when the block is used up. */
  async take(): Promise<number> {
    while (this.#next <= this.#last) {
      const port = this.#next;
      this.#next += 1;
      const probe = await bind(port);
      if (probe) {
        await closed(probe);
        return port;
      }
    }
    throw new Error(`a world has ${BLOCK_SIZE - 1} ports, and all of them are used up`);
  }

  async release(): Promise<void> {
    await closed(this.#holder);
  }
}

/** Whether something accepts connections on the port of 127.0.0.1. */
export async function isListening(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function bind(port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => resolve(server));
  });
}

async function closed(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}
