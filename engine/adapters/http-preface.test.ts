/** The first bytes of real connections: which protocol they are, however they come and wherever they stop. */

import { once } from 'node:events';
import * as net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { callHttp2, HOST, httpBench, mirror, respond, urlOf } from '../testing/http-bench.ts';

const { serve, connectRaw, connectHttp2, errors } = httpBench();

describe('the first bytes of a connection', () => {
  test('may come one at a time, in either protocol', async () => {
    const server = await serve(mirror);
    const session = connectHttp2(server, { createConnection: () => dribbling(server.port, 60) });
    expect((await callHttp2(session, { ':path': '/h2' })).headers[':status']).toBe(200);

    const { socket, received } = await connectRaw(server);
    socket.setNoDelay(true);
    for (const character of 'PUT /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi') {
      socket.write(character);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await once(socket, 'end');
    expect(received()).toMatch(/^HTTP\/1\.1 200 /);
    expect(received()).toContain('"target":"/slow","body":"hi"');
  });

  test('may hold several requests and be followed by the end', async () => {
    const server = await serve(async ({ target }) => respond(target));
    const { socket, received } = await connectRaw(server);
    socket.end('GET /one HTTP/1.1\r\nhost: x\r\n\r\nGET /two HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await once(socket, 'end');
    expect(received()).toMatch(/\/one[^]*\/two$/);
  });

  test.each([
    ['nothing', ''],
    ['half a preface', 'PRI * HTTP/2.0\r\n'],
    ['half a head', 'GET / HTTP/1.1\r\nhost: x\r\n'],
  ])('that are %s are waited for only so long', async (_, bytes) => {
    const server = await serve(mirror, { headMsMax: 80 });
    const { socket } = await connectRaw(server);
    socket.write(bytes);
    const startMs = performance.now();
    await once(socket, 'end');
    expect(performance.now() - startMs).toBeGreaterThan(50);
    expect(performance.now() - startMs).toBeLessThan(5000);
    expect(await (await fetch(urlOf(server))).json()).toMatchObject({ method: 'GET' });
  });

  test('followed by a reset hurt nobody', async () => {
    const server = await serve(mirror);
    for (const bytes of ['', 'P', 'PRI * HTTP/2.0', 'GET /', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\0\0\0']) {
      const { socket } = await connectRaw(server);
      if (bytes.length > 0) socket.write(bytes);
      await sleep(2);
      socket.resetAndDestroy();
    }
    expect(await (await fetch(urlOf(server))).json()).toMatchObject({ method: 'GET' });
    expect(errors).toEqual([]);
  });
});

/** A client connection that sends its first `slowBytes` bytes in packets of one. */
function dribbling(port: number, slowBytes: number): net.Socket {
  const socket = net.connect({ host: HOST, port, noDelay: true });
  const write = socket.write.bind(socket) as (chunk: Buffer, callback?: () => void) => boolean;
  const queue: Buffer[] = [];
  let sent = 0;
  let busy = false;
  // The HTTP/2 client takes the handle of a socket it knows; a stream it does not know is written to as a stream.
  const proxy = new Proxy(socket, {
    get: (target, name) => {
      if (name === '_handle') return undefined;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
  socket.write = ((chunk: Buffer, encoding?: unknown, callback?: () => void) => {
    queue.push(Buffer.from(chunk));
    (typeof encoding === 'function' ? (encoding as () => void) : callback)?.();
    void flush();
    return true;
  }) as typeof socket.write;
  return proxy;

  async function flush(): Promise<void> {
    if (busy) return;
    busy = true;
    for (let chunk = queue.shift(); chunk !== undefined; chunk = queue.shift()) {
      for (; chunk.length > 0 && sent < slowBytes; sent += 1, chunk = chunk.subarray(1)) {
        write(chunk.subarray(0, 1));
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (chunk.length > 0) write(chunk);
    }
    busy = false;
  }
}
