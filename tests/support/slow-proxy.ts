/** A TCP server before another one, through which every byte takes as long as is asked for, each way. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface SlowProxy {
  port: number;
  /** From now on, half on the way there and half on the way back. Milliseconds. */
  delay(milliseconds: number): void;
  close(): Promise<void>;
}

export async function openSlowProxy(targetPort: number): Promise<SlowProxy> {
  let halfMs = 0;
  const open = new Set<Socket>();

  const pass = (from: Socket, to: Socket) => {
    from.on('data', (bytes: Buffer) => void setTimeout(() => to.writable && to.write(bytes), halfMs));
    from.on('close', () => void setTimeout(() => to.destroy(), halfMs));
    from.on('error', () => to.destroy());
  };

  const server = createServer((inbound) => {
    const outbound = connect(targetPort, '127.0.0.1');
    for (const socket of [inbound, outbound]) {
      socket.setNoDelay(true);
      open.add(socket);
      socket.on('close', () => open.delete(socket));
    }
    pass(inbound, outbound);
    pass(outbound, inbound);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    delay: (milliseconds) => {
      halfMs = milliseconds / 2;
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
