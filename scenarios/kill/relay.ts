/**
 * One TCP port in front of servers that come and go. Each new connection is led to a living server, in turn, so
 * that while a takeover lasts clients speak to both owners; a connection ends when its server does. A connection
 * that finds no server waits for one: nothing of it was sent, so nobody has to doubt.
 */

import { connect, createServer, type Socket } from 'node:net';

export interface Relay {
  /** Of 127.0.0.1. */
  readonly port: number;
  add(port: number): void;
  remove(port: number): void;
  /** Ends every connection that is open now, in the middle of whatever it carries. */
  cut(): void;
  close(): Promise<void>;
}

export async function openRelay(): Promise<Relay> {
  const targets: number[] = [];
  const open = new Set<Socket>();
  let waiting: Socket[] = [];
  let turn = 0;

  const server = createServer((client) => {
    open.add(client);
    client.setNoDelay(true);
    client.on('error', () => client.destroy());
    client.on('close', () => open.delete(client));
    lead(client);
  });

  function lead(client: Socket): void {
    const port = targets[(turn += 1) % Math.max(1, targets.length)];
    if (client.destroyed) return;
    if (port === undefined) return void waiting.push(client);
    const target = connect(port, '127.0.0.1');
    open.add(target);
    target.setNoDelay(true);
    let isConnected = false;
    target.once('connect', () => {
      isConnected = true;
      client.pipe(target).pipe(client);
      client.once('close', () => target.destroy());
    });
    target.on('error', () => target.destroy());
    target.once('close', () => {
      open.delete(target);
      if (isConnected) client.destroy();
      // It has just died, and whoever removes it has not heard yet.
      else setTimeout(() => lead(client), 20);
    });
  }

  function cut(): void {
    for (const socket of open) socket.resetAndDestroy();
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay has no port');

  return {
    port: address.port,
    add(port) {
      targets.push(port);
      const led = waiting;
      waiting = [];
      for (const client of led) lead(client);
    },
    remove(port) {
      const index = targets.indexOf(port);
      if (index !== -1) targets.splice(index, 1);
    },
    cut,
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
