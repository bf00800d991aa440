/** Both protocols over TLS, with a certificate made at the start. */

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import * as net from 'node:net';
import * as tls from 'node:tls';

import { describe, expect, test } from 'vitest';

import { callHttp2, HOST, httpBench, mirror, respond, until, whole } from '../testing/http-bench.ts';
import { selfSigned } from './self-signed.ts';

const { serve, connectRaw, closers, errors } = httpBench();

const identity = selfSigned('stream.example');
const trust = { ca: identity.cert };

function connectTls(port: number, protocols: string[]): tls.TLSSocket {
  const options: tls.ConnectionOptions = { host: HOST, port, ...trust, ALPNProtocols: protocols };
  const socket = tls.connect({ ...options, allowHalfOpen: true } as tls.ConnectionOptions);
  socket.on('error', () => undefined);
  closers.push(() => socket.destroy());
  return socket;
}

describe('a self-signed certificate', () => {
  test('is for localhost, the loopback addresses and the host that is served, and signs itself', () => {
    const certificate = new X509Certificate(identity.cert);
    for (const name of ['localhost', 'stream.example']) expect(certificate.checkHost(name)).toBe(name);
    for (const address of ['127.0.0.1', '::1']) expect(certificate.checkIP(address)).toBe(address);
    expect(certificate.checkHost('other.example')).toBeUndefined();
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(new X509Certificate(selfSigned('10.1.2.3').cert).checkIP('10.1.2.3')).toBe('10.1.2.3');
  });

  test('is valid now, and past 2050 if it is made late', () => {
    const certificate = new X509Certificate(identity.cert);
    expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now());
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now() + 300 * 24 * 3_600_000);
    const late = new X509Certificate(selfSigned('a', Date.UTC(2049, 11, 1)).cert);
    expect(late.validTo).toContain('2051');
  });
});

describe('over TLS', () => {
  test('a client that offers HTTP/2 gets it, one that does not gets HTTP/1.1', async () => {
    const server = await serve(mirror, { tls: identity });
    const session = http2.connect(`https://${HOST}:${server.port}`, trust);
    closers.push(() => session.destroy());
    const answer = await callHttp2(session, { ':method': 'PUT', ':path': '/two' }, 'body');
    expect(JSON.parse(answer.body.toString())).toMatchObject({ target: '/two', body: 'body' });
    const request = https.get({ host: HOST, port: server.port, path: '/one', ...trust });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(JSON.parse((await whole(response)).toString())).toMatchObject({ target: '/one' });
    for (const offer of [['h2'], ['http/1.1'], ['h2', 'http/1.1']]) {
      const socket = connectTls(server.port, offer);
      await once(socket, 'secureConnect');
      expect(socket.alpnProtocol).toBe(offer[0]);
    }
  });

  test('an HTTP/1.1 session answers while its request is open', async () => {
    const server = await serve(async (request) => respond(request.body), { tls: identity });
    const socket = connectTls(server.port, ['http/1.1']);
    let received = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk));
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n4\r\nping\r\n');
    await until(() => received.includes('ping'), 'the first echo');
    socket.end('4\r\npong\r\n0\r\n\r\n');
    await once(socket, 'close');
    expect(received).toContain('pong');
    expect(received).toMatch(/0\r\n\r\n$/);
  });

  test('plain text and a handshake that never comes cost one connection for a bounded time', async () => {
    const server = await serve(mirror, { tls: identity, headMsMax: 100 });
    const silent = net.connect(server.port, HOST);
    const plain = net.connect(server.port, HOST);
    for (const socket of [silent, plain]) socket.on('error', () => undefined).resume();
    plain.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await Promise.all([once(silent, 'close'), once(plain, 'close')]);
    expect(errors).toEqual([]);
  });

  test.each([
    [undefined, 'TLSv1.1', false],
    [undefined, 'TLSv1.2', true],
    ['TLSv1.3', 'TLSv1.2', false],
    ['TLSv1.3', 'TLSv1.3', true],
  ] as const)('a server that speaks %s or newer is spoken to in %s: %s', async (minVersion, version, isSpoken) => {
    const server = await serve(mirror, { tls: { ...identity, ...(minVersion && { minVersion }) } });
    // OpenSSL offers what is older than TLS 1.2 only to who asks for its lowest level of security.
    const range = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' };
    const socket = tls.connect({ host: HOST, port: server.port, ...trust, ...range });
    closers.push(() => socket.destroy());
    const outcome = await new Promise<string>((resolve) => {
      socket.on('secureConnect', () => resolve(socket.getProtocol() ?? ''));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    });
    expect(outcome).toBe(isSpoken ? version : 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  });

  test('closing lets an answer under way finish', async () => {
    let release!: () => void;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const server = await serve(async () => (await gate, respond('late')), { tls: identity });
    const request = https.get({ host: HOST, port: server.port, ...trust });
    await until(() => server.requests === 1, 'the request is under way');
    const closing = server.close(5000);
    release();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect((await whole(response)).toString()).toBe('late');
    await closing;
    await until(() => server.connections === 0, 'nothing is left');
  });
});

describe('plain text at a port under TLS', () => {
  const post = 'POST /v1/streams?x=1 HTTP/1.1\r\nhost: stream.example:8080\r\ncontent-length: 2\r\n\r\nhi';

  test('is refused in words, and reaches no handler', async () => {
    let handled = 0;
    const server = await serve(async () => respond(String((handled += 1))), { tls: identity });
    for (const bytes of [post, 'GET / HTTP/1.0\r\n\r\n']) {
      const { socket, received } = await connectRaw(server);
      socket.write(bytes);
      await once(socket, 'end');
      expect(received()).toMatch(/^HTTP\/1\.1 426 [^]*"code":"tls_required"/);
    }
    expect(handled).toBe(0);
  });

  test('is sent to the same place under https where that is wanted', async () => {
    const server = await serve(mirror, { tls: { ...identity, plaintext: 'redirect' } });
    const { socket, received } = await connectRaw(server);
    socket.write(post);
    await once(socket, 'end');
    expect(received()).toMatch(/^HTTP\/1\.1 308 /);
    expect(received()).toContain('\r\nlocation: https://stream.example:8080/v1/streams?x=1\r\n');
  });

  test.each(['host: a/b', 'host: user@evil.example', 'host: a b', 'host: ', 'host: ]['])(
    'with %j, which names no place, is refused instead',
    async (host) => {
      const server = await serve(mirror, { tls: { ...identity, plaintext: 'redirect' } });
      const { socket, received } = await connectRaw(server);
      socket.write(`GET / HTTP/1.1\r\n${host}\r\n\r\n`);
      await once(socket, 'end');
      expect(received()).toMatch(/^HTTP\/1\.1 426 /);
      expect(received()).not.toContain('location');
    },
  );

  test.each(['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\0', 'GET / HTTP/1.1\r\nhost: x\r\n'])(
    'like %j ends within the time for a head',
    async (bytes) => {
      const server = await serve(mirror, { tls: identity, headMsMax: 100 });
      const { socket } = await connectRaw(server);
      socket.write(bytes);
      await once(socket, 'end');
      await until(() => server.connections === 0, 'nothing is left');
    },
  );
});
