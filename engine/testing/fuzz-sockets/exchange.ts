/** One input over one connection, and how that ended. Nothing is held against the server here but the status of an answer. */

import * as net from 'node:net';

import { FRAME, framesOf } from '../http2-frames.ts';
import type { Input } from './bytes.ts';

/** Sessions stay open and some requests wait for more; then the client goes. */
const PATIENCE_MS = 250;

/** Of what is answered so much is looked at. */
const LOOKED_AT_BYTES = 64 * 1024;

/** A word for the figures: the first status, `reset`, `goaway`, `closed`, or `quiet` when nothing was said in time. */
export function exchanged(port: number, input: Input): Promise<string> {
  return new Promise((resolve) => {
    const isHttp2 = input.kind.startsWith('h2');
    const socket = net.connect({ host: '127.0.0.1', port });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let end = 'quiet';
    const deadline = setTimeout(leave, PATIENCE_MS);
    // A reset leaves no connection behind that the system would have to remember for a minute.
    function leave(): void {
      socket.resetAndDestroy();
      // The call above waits until everything was taken, which a server need not do.
      socket.destroy();
    }
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes < LOOKED_AT_BYTES) chunks.push(chunk);
      if (isHttp2 && isOver(framesOf(Buffer.concat(chunks)), input.requests)) leave();
    });
    socket.on('end', () => (end = 'closed'));
    socket.on('close', () => {
      clearTimeout(deadline);
      const answer = Buffer.concat(chunks);
      resolve((isHttp2 ? wordOfFrames(answer) : /^HTTP\/1\.1 (\d{3}) /.exec(answer.toString('latin1'))?.[1]) ?? end);
    });
    socket.write(input.bytes);
    if (!isHttp2) socket.end();
  });
}

function isOver(frames: ReturnType<typeof framesOf>, requests: number): boolean {
  const ended = frames.filter(
    ({ type, flags }) => type === FRAME.reset || (type < FRAME.priority && (flags & 1) === 1),
  );
  return ended.length >= requests || frames.some(({ type }) => type === FRAME.goaway);
}

function wordOfFrames(answer: Buffer): string | null {
  const frames = framesOf(answer);
  for (const [type, word] of [
    [FRAME.goaway, 'goaway'],
    [FRAME.headers, 'answered'],
    [FRAME.reset, 'reset'],
  ] as const) {
    if (frames.some((each) => each.type === type)) return word;
  }
  return null;
}
