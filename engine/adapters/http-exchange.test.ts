/** Requests that end badly, over real sockets: clients that go away and handlers that throw. */

import { once } from 'node:events';
import * as http from 'node:http';
import * as http2 from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import type { HttpRequest } from '../ports.ts';
import { callHttp2, httpBench, mirror, respond, until, urlOf, whole } from '../testing/http-bench.ts';
import type { HttpServer } from './node-http.ts';

const { serve, connectRaw, connectHttp2, errors } = httpBench();

describe('a client that goes away', () => {
  /** Runs one request whose client leaves while the handler waits; what the handler saw of it. */
  async function leaving(
    leave: (server: HttpServer, arrival: Promise<void>) => Promise<void>,
  ): Promise<{ aborted: boolean; bodyThrew: boolean }> {
    const seen = { aborted: false, bodyThrew: false };
    let arrive!: () => void;
    const arrival = new Promise<void>((resolve) => (arrive = resolve));
    // A client that aborts looks like one that ended its side and waits.
    const server = await serve(
      async (request: HttpRequest) => {
        arrive();
        request.signal?.addEventListener('abort', () => (seen.aborted = true));
        await whole(request.body).catch(() => (seen.bodyThrew = true));
        await until(() => seen.aborted, 'the signal aborts');
        return respond('for nobody');
      },
      { halfClosedMsMax: 100 },
    );
    await leave(server, arrival);
    await until(() => seen.aborted, 'the handler hears of it');
    expect(errors).toEqual([]);
    expect((await fetch(urlOf(await serve(mirror)))).status).toBe(200);
    return seen;
  }

  test('while its answer is prepared aborts the signal, not the body it sent whole', async () => {
    const seen = await leaving(async (server, arrival) => {
      const controller = new AbortController();
      const call = fetch(urlOf(server), { method: 'POST', body: 'whole', signal: controller.signal });
      await arrival;
      await sleep(30);
      controller.abort();
      await expect(call).rejects.toThrow(/abort/);
    });
    expect(seen).toEqual({ aborted: true, bodyThrew: false });
  });

  test('in the middle of its body lets the body throw, over HTTP/1.1', async () => {
    const seen = await leaving(async (server, arrival) => {
      const { socket } = await connectRaw(server);
      socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf');
      await arrival;
      socket.destroy();
    });
    expect(seen).toEqual({ aborted: true, bodyThrew: true });
  });

  test('in the middle of its body lets the body throw, when its HTTP/2 stream is reset', async () => {
    const seen = await leaving(async (server, arrival) => {
      const stream = connectHttp2(server).request({ ':method': 'POST', ':path': '/' });
      stream.on('error', () => undefined);
      stream.write('half');
      await arrival;
      stream.destroy();
    });
    expect(seen).toEqual({ aborted: true, bodyThrew: true });
  });

  test('in the middle of its body lets the body throw, when its HTTP/2 connection breaks', async () => {
    const seen = await leaving(async (server, arrival) => {
      const session = connectHttp2(server);
      const stream = session.request({ ':method': 'POST', ':path': '/' });
      stream.on('error', () => undefined);
      stream.write('half');
      await arrival;
      session.destroy();
    });
    expect(seen).toEqual({ aborted: true, bodyThrew: true });
  });

  test('in the packet of its request aborts the signal as well, over HTTP/2', async () => {
    let told = false;
    const server = await serve(async ({ signal }) => {
      if (!signal!.aborted) await once(signal!, 'abort');
      told = true;
      return respond('for nobody');
    });
    const { socket } = await connectRaw(server);
    const settings = '000000 04 00 00000000';
    const getRoot = '000006 01 05 00000001 828684 410178';
    const cancel = '000004 03 00 00000001 00000008';
    const frames = Buffer.from(`${settings}${getRoot}${cancel}`.replaceAll(' ', ''), 'hex');
    socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frames]));
    await until(() => told, 'the handler is told');
  });

  test('lets a streamed answer stop, also one that waits for something', async () => {
    for (const isHttp2 of [false, true]) {
      let stopped = false;
      async function* ticking(signal: AbortSignal): AsyncGenerator<Uint8Array> {
        try {
          yield Buffer.from('first');
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          yield Buffer.from('for nobody');
        } finally {
          stopped = true;
        }
      }
      const server = await serve(async ({ signal }) => respond(ticking(signal!)));
      if (isHttp2) {
        const stream = connectHttp2(server).request({ ':path': '/' });
        await once(stream, 'data');
        stream.destroy();
      } else {
        const request = http.get(urlOf(server)).on('error', () => undefined);
        const [response] = (await once(request, 'response')) as [http.IncomingMessage];
        await once(response, 'data');
        response.on('error', () => undefined);
        request.destroy();
      }
      await until(() => stopped, 'the answer stops');
    }
    expect(errors).toEqual([]);
  });
});

describe('a handler that throws', () => {
  test('is reported, and answered by a 500 that gives nothing away', async () => {
    const secret = new Error('the password is swordfish');
    const server = await serve(async () => {
      throw secret;
    });
    const response = await fetch(urlOf(server));
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ code: 'other' });
    expect(text).not.toContain('swordfish');
    const answer = await callHttp2(connectHttp2(server), { ':path': '/' });
    expect([answer.headers[':status'], JSON.parse(answer.body.toString()).code]).toEqual([500, 'other']);
    expect(errors).toEqual([secret, secret]);
  });

  test('in the middle of its answer leaves the client with a broken one, not with half a one', async () => {
    async function* breaking(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half');
      await sleep(20);
      throw new Error('planted');
    }
    const server = await serve(async () => respond(breaking()));
    await expect(fetch(urlOf(server)).then((response) => response.text())).rejects.toThrow();
    const stream = connectHttp2(server).request({ ':path': '/' });
    stream.on('error', () => undefined);
    await whole(stream).catch(() => undefined);
    expect(stream.rstCode).toBe(http2.constants.NGHTTP2_INTERNAL_ERROR);
    expect(errors).toHaveLength(2);
    expect((await fetch(urlOf(await serve(mirror)))).status).toBe(200);
  });
});
