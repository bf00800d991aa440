/** The end of a server and of its connections: what is under way is finished, and nothing is left behind. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { callHttp2, httpBench, mirror, respond, until, urlOf, whole } from '../testing/http-bench.ts';

const { serve, connectRaw, connectHttp2, errors, closers } = httpBench();

const MIB = 1024 * 1024;

describe('closing', () => {
  test('waits for answers under way, refuses new connections, and ends idle ones', async () => {
    let release!: () => void;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const server = await serve(async ({ target }) => {
      if (target === '/slow') await gate;
      return respond(target);
    });
    const agent = new http.Agent({ keepAlive: true });
    closers.push(() => agent.destroy());
    const [idle] = (await once(http.get(urlOf(server, '/idle'), { agent }), 'response')) as [http.IncomingMessage];
    await whole(idle);
    const { socket: silent } = await connectRaw(server);
    const session = connectHttp2(server);
    const slow1 = fetch(urlOf(server, '/slow')).then((response) => response.text());
    const slow2 = callHttp2(session, { ':path': '/slow' });
    await until(() => server.requests === 2, 'both are under way');

    let closed = false;
    const closing = server.close(5000).then(() => (closed = true));
    await once(silent, 'end');
    await expect(fetch(urlOf(server))).rejects.toThrow();
    expect(closed).toBe(false);
    release();
    expect(await slow1).toBe('/slow');
    expect((await slow2).body.toString()).toBe('/slow');
    const startMs = performance.now();
    await closing;
    expect(performance.now() - startMs, 'idle connections do not hold it up').toBeLessThan(2000);
  });

  test('lets a slow client have all of an answer that was already given', async () => {
    const body = randomBytes(16 * MIB);
    const server = await serve(async () => respond(body));
    const request = http.get(urlOf(server));
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const stream = connectHttp2(server).request({ ':path': '/' });
    await once(stream, 'response');
    const closing = server.close(8000);
    await sleep(50);
    expect(Buffer.compare(await whole(response), body)).toBe(0);
    expect(Buffer.compare(await whole(stream), body)).toBe(0);
    await closing;
  });

  test('cuts what is not finished in time, and tells its handler', async () => {
    let aborted = 0;
    const server = await serve(async ({ signal }) => {
      await new Promise((resolve) => signal!.addEventListener('abort', resolve));
      aborted += 1;
      return respond('for nobody');
    });
    const call = fetch(urlOf(server));
    const stream = connectHttp2(server).request({ ':path': '/' });
    stream.on('error', () => undefined);
    await until(() => server.requests === 2, 'both are under way');
    const startMs = performance.now();
    await Promise.all([server.close(100), expect(call).rejects.toThrow()]);
    expect(performance.now() - startMs).toBeLessThan(3000);
    await until(() => aborted === 2, 'both handlers were told');
    expect(errors).toEqual([]);
  });

  test('a second time only shortens the wait', async () => {
    const server = await serve(() => new Promise(() => undefined));
    const call = fetch(urlOf(server));
    await until(() => server.requests === 1, 'it is under way');
    const startMs = performance.now();
    await Promise.all([server.close(60_000), server.close(10), expect(call).rejects.toThrow()]);
    expect(performance.now() - startMs).toBeLessThan(5000);
  });
});

test('an idle connection is closed after its time, in either protocol', async () => {
  const server = await serve(mirror, { idleMsMax: 60 });
  const session = connectHttp2(server);
  await callHttp2(session, { ':path': '/' });
  const { socket, received } = await connectRaw(server);
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await Promise.all([once(socket, 'end'), once(session, 'close')]);
  expect(received()).toMatch(/^HTTP\/1\.1 200 /);
});

test('a session over HTTP/2 that ends with something unread leaves nothing of its connection behind', async () => {
  const server = await serve(async ({ body }) =>
    respond(
      (async function* () {
        for await (const chunk of body) {
          yield chunk;
          // More comes while nobody reads any more.
          await new Promise((resume) => setTimeout(resume, 100));
          return;
        }
      })(),
    ),
  );
  const session = connectHttp2(server);
  const stream = session.request({ ':method': 'POST', ':path': '/' }, { endStream: false });
  stream.on('error', () => undefined);
  stream.write('one');
  await once(stream, 'data');
  stream.write('two');
  await once(stream, 'close');
  session.destroy();
  const began = performance.now();
  await server.close(2000);
  expect(performance.now() - began).toBeLessThan(1500);
});
