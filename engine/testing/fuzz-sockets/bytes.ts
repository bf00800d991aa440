/**
 * Requests as bytes of a connection, over HTTP/1.1 and as frames of HTTP/2, well-formed or broken in the ways that parsers
 * break: lines, lengths, chunks, frames of the wrong kind, order, stream or size.
 */

import type { Random } from '../../ports.ts';
import { mutate, pick } from '../fuzz/mutate.ts';
import { END_HEADERS, END_STREAM, FRAME, frame, headerBlock, PREFACE } from '../http2-frames.ts';
import { anyRequest, type Request } from './requests.ts';

/** What is sent over one connection. */
export interface Input {
  kind: 'http/1.1' | 'http/1.1 bytes' | 'h2' | 'h2 frames' | 'h2 bytes';
  bytes: Uint8Array;
  /** How many requests were drawn for it. */
  requests: number;
}

/** The next input; `tokens` are good ones. */
export function anyInput(dice: Random, tokens: readonly string[]): Input {
  const kind = pick(KINDS, dice);
  const requests = kind === 'http/1.1 bytes' ? 1 : 1 + dice.below(6);
  const drawn = Array.from({ length: requests }, () => anyRequest(dice, tokens));
  switch (kind) {
    case 'http/1.1':
      return { kind, requests, bytes: Buffer.concat(drawn.map((request) => lines(request, dice))) };
    case 'http/1.1 bytes':
      return { kind, requests, bytes: brokenLines(Buffer.concat(drawn.map((request) => lines(request, dice))), dice) };
    case 'h2':
      return { kind, requests, bytes: Buffer.concat([PREFACE, ...frames(drawn, dice)]) };
    case 'h2 frames':
      return { kind, requests, bytes: Buffer.concat([PREFACE, ...broken(frames(drawn, dice), dice)]) };
    case 'h2 bytes': {
      const good = Buffer.concat(frames(drawn, dice));
      return { kind, requests, bytes: Buffer.concat([PREFACE, mutate(good, good, dice)]) };
    }
  }
}

const KINDS = ['http/1.1', 'http/1.1 bytes', 'http/1.1 bytes', 'h2', 'h2 frames', 'h2 frames', 'h2 bytes'] as const;

// --- HTTP/1.1 ------------------------------------------------------------------------------------------------

function lines({ method, target, headers, body }: Request, dice: Random): Buffer {
  const head = [`${method} ${target} HTTP/1.1`, 'host: x', ...headers.map(([name, value]) => `${name}: ${value}`)];
  const isChunked = body.length > 0 && dice.below(3) === 0;
  head.push(isChunked ? 'transfer-encoding: chunked' : `content-length: ${body.length}`);
  const start = Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1');
  if (!isChunked) return Buffer.concat([start, body]);
  const half = dice.below(body.length);
  const chunks = [body.subarray(0, half), body.subarray(half)].filter(({ length }) => length > 0);
  const parts = chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, CRLF]);
  return Buffer.concat([start, ...parts, Buffer.from('0\r\n\r\n')]);
}

const CRLF = Buffer.from('\r\n');

/** What parsers of HTTP/1.1 treat specially. */
const PIECES = [
  ...['\r\n', '\n', '\r', ' ', '\t', '\0', '\r\n\r\n', ':', 'content-length: 0\r\n', 'content-length: 5\r\n'],
  ...['content-length: 18446744073709551616\r\n', 'transfer-encoding: chunked\r\n', 'transfer-encoding: gzip\r\n'],
  ...[' folded\r\n', 'host: y\r\n', 'HTTP/1.0', 'HTTP/9.9', '0\r\n\r\n', 'ffffffff\r\n', '-1\r\n', '1;x=y\r\nz\r\n'],
  ...['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'expect: 100-continue\r\n', 'expect: x\r\n', 'connection: close\r\n'],
  ...['connection: upgrade\r\nupgrade: h2c\r\n', 'authorization: Bearer x\r\n', 'http://y', '*', 'CONNECT ', 'TRACE '],
  ...['trailer: x\r\n', 'te: trailers\r\n', 'x: \u00ff\r\n', 'GET / HTTP/1.1\r\n', `x: ${'y'.repeat(17_000)}\r\n`],
].map((piece) => Buffer.from(piece, 'latin1'));

function brokenLines(bytes: Buffer, dice: Random): Uint8Array {
  let broken: Uint8Array = bytes;
  for (let edits = 1 + dice.below(3); edits > 0; edits -= 1) {
    if (dice.below(2) === 0) broken = mutate(broken, bytes, dice);
    else {
      // Between lines more often than in one.
      const line = broken.indexOf(10, dice.below(broken.length + 1)) + 1;
      const at = dice.below(3) === 0 ? dice.below(broken.length + 1) : line;
      broken = Buffer.concat([broken.subarray(0, at), pick(PIECES, dice), broken.subarray(at)]);
    }
  }
  return broken;
}

// --- HTTP/2 --------------------------------------------------------------------------------------------------

function frames(requests: readonly Request[], dice: Random): Buffer[] {
  return requests.flatMap((request, n) => {
    const { method, target, headers, body } = request;
    const pseudo = [
      [':method', method],
      [':path', target],
      [':scheme', 'http'],
      [':authority', 'x'],
    ] as const;
    const block = headerBlock([...pseudo, ...headers]);
    const stream = 2 * n + 1;
    const ends = body.length === 0 ? END_STREAM : 0;
    const cut = dice.below(4) === 0 ? dice.below(block.length) : block.length;
    const head = [
      frame(FRAME.headers, ends | (cut === block.length ? END_HEADERS : 0), stream, block.subarray(0, cut)),
    ];
    if (cut < block.length) head.push(frame(FRAME.continuation, END_HEADERS, stream, block.subarray(cut)));
    return body.length === 0 ? head : [...head, frame(FRAME.data, END_STREAM, stream, body)];
  });
}

/** Frames that are well-formed one by one and make no sense together, and some that do not even that. */
function broken(good: readonly Buffer[], dice: Random): Buffer[] {
  const all = [...good];
  for (let edits = 1 + dice.below(4); edits > 0; edits -= 1) {
    const at = dice.below(all.length);
    const chosen = all[at] ?? Buffer.alloc(9);
    switch (dice.below(7)) {
      case 0:
        all.splice(at, 1);
        break;
      case 1:
        all.splice(dice.below(all.length + 1), 0, chosen);
        break;
      case 2:
        all[at] = with8(chosen, 3 + dice.below(2), dice.below(256));
        break;
      case 3:
        all[at] = with8(chosen, 8, dice.below(8));
        break;
      case 4:
        all[at] = with8(chosen, dice.below(3), dice.below(3) === 0 ? dice.below(256) : 0);
        break;
      case 5:
        all[at] = Buffer.concat([chosen.subarray(0, 9), mutate(chosen.subarray(9), chosen, dice)]);
        // The length is true again, most of the time.
        if (dice.below(4) > 0) all[at].writeUIntBE(Math.min(all[at].length - 9, 0xffffff), 0, 3);
        break;
      default:
        all.splice(dice.below(all.length + 1), 0, stray(dice));
    }
  }
  return all;
}

/** A frame of any kind that nobody asked for. */
function stray(dice: Random): Buffer {
  const payload = Uint8Array.from({ length: pick([0, 4, 4, 5, 6, 8, 8, 12, 40], dice) }, () => dice.below(256));
  return frame(dice.below(12), pick([0, 1, 4, 5, 8, 0x20, 0xff], dice), dice.below(6), payload);
}

function with8(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = value;
  return copy;
}
