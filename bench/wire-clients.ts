/**
 * Clients that cost little, so that what is measured is the server: sessions over HTTP/2 that count frames, and unary
 * appends over bare sockets that count answers. None of them decodes anything.
 */

import * as http2 from 'node:http2';
import * as net from 'node:net';

const HOST = '127.0.0.1';
const MIB = 1024 * 1024;
const HEAD_BYTES = 4;
export const BENCH_BASIN = 'bench-basin';

/** With the windows of the official SDK. */
export async function connectHttp2(port: number): Promise<http2.ClientHttp2Session> {
  const session = http2.connect(`http://${HOST}:${port}`, {
    maxSessionMemory: 1000,
    settings: { initialWindowSize: 10 * MIB },
  });
  await new Promise((resolve, reject) => session.once('connect', resolve).once('error', reject));
  session.setLocalWindowSize(10 * MIB);
  return session;
}

/** Sends `frame` so often, at most `pendingMax` unanswered; resolves when each was acknowledged. */
export function appendFrames(
  session: http2.ClientHttp2Session,
  stream: string,
  frame: Buffer,
  { count, pendingMax }: { count: number; pendingMax: number },
): Promise<void> {
  const request = session.request(sessionHeaders('POST', `/v1/streams/${stream}/records`), { endStream: false });
  return new Promise((resolve, reject) => {
    let sent = 0;
    let acked = 0;
    let isTaken = true;
    const more = (): void => {
      while (isTaken && sent < count && sent - acked < pendingMax) {
        sent += 1;
        isTaken = request.write(frame);
      }
      if (sent === count) request.end();
    };
    const frames = new FrameCount((flags) => {
      if ((flags & 0x80) !== 0) reject(new Error('the session was refused'));
      if (++acked === count) resolve();
      else more();
    });
    request.on('data', (chunk: Buffer) => frames.push(chunk));
    request.on('drain', () => {
      isTaken = true;
      more();
    });
    request.on('error', reject);
    more();
  });
}

/** Reads from the start of `stream` until so many bytes came, then leaves. Returns the bytes. */
export function readBytes(session: http2.ClientHttp2Session, stream: string, bytes: number): Promise<number> {
  const request = session.request(sessionHeaders('GET', `/v1/streams/${stream}/records?seq_num=0`));
  return new Promise((resolve, reject) => {
    let got = 0;
    request.on('response', ({ ':status': status }) => {
      if (status !== 200) reject(new Error(`a read was answered ${status}`));
    });
    request.on('data', (chunk: Buffer) => {
      got += chunk.length;
      if (got < bytes) return;
      resolve(got);
      request.close(http2.constants.NGHTTP2_CANCEL);
    });
    request.on('error', () => resolve(got));
  });
}

function sessionHeaders(method: string, path: string): http2.OutgoingHttpHeaders {
  return { ':method': method, ':path': path, 's2-basin': BENCH_BASIN, 'content-type': 's2s/proto' };
}

/** Counts frames by their heads. */
class FrameCount {
  readonly #onFrame: (flags: number) => void;
  #head = Buffer.alloc(0);
  #left = 0;

  constructor(onFrame: (flags: number) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, rest.length);
        this.#left -= taken;
        rest = rest.subarray(taken);
        continue;
      }
      const part = rest.subarray(0, HEAD_BYTES - this.#head.length);
      this.#head = Buffer.concat([this.#head, part]);
      rest = rest.subarray(part.length);
      if (this.#head.length < HEAD_BYTES) return;
      this.#left = this.#head.readUIntBE(0, 3) - 1;
      const flags = this.#head[3] as number;
      this.#head = Buffer.alloc(0);
      this.#onFrame(flags);
    }
  }
}

/** One append of one small record, as bytes of HTTP/1.1, with an access token if there is one. */
export function unaryAppend(stream: string, token: string | null = null): Buffer {
  const authorization = token === null ? '' : `authorization: Bearer ${token}\r\n`;
  const body = JSON.stringify({ records: [{ body: 'x'.repeat(100) }] });
  return Buffer.from(
    `POST /v1/streams/${stream}/records HTTP/1.1\r\nhost: ${HOST}\r\ns2-basin: ${BENCH_BASIN}\r\n${authorization}` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
}

export function connectUnary(port: number, connections: number): Promise<UnaryClient[]> {
  return Promise.all(Array.from({ length: connections }, () => UnaryClient.connect(port)));
}

/** Keeps one `request` under way on each connection until `count` were answered; milliseconds. */
export async function unaryLoad(clients: readonly UnaryClient[], request: Buffer, count: number): Promise<number> {
  const startMs = performance.now();
  let issued = 0;
  await Promise.all(
    clients.map(async (client) => {
      while (issued < count) {
        issued += 1;
        await client.send(request);
      }
    }),
  );
  return performance.now() - startMs;
}

/** One connection, one request at a time. */
export class UnaryClient {
  readonly #socket: net.Socket;
  #text = '';
  #answered: (() => void) | null = null;
  #failed: ((error: Error) => void) | null = null;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#look(text));
    socket.on('error', (error) => this.#failed?.(error));
  }

  static async connect(port: number): Promise<UnaryClient> {
    const socket = net.connect({ host: HOST, port, noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new UnaryClient(socket);
  }

  send(request: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #look(text: string): void {
    this.#text += text;
    const headEnd = this.#text.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#text)?.[1] ?? 0);
    if (this.#text.length < headEnd + 4 + length) return;
    const status = this.#text.slice(9, 12);
    this.#text = '';
    if (status.startsWith('2')) this.#answered?.();
    else this.#failed?.(new Error(`a request was answered ${status}`));
  }
}
