/**
 * S2S frames and the three protobuf messages an appending client needs (API contract §6.1, §7), written here and not with
 * the engine's code, because a judge that shares code with the accused shares its bugs.
 */

import { pinnedCompression } from '../../sim/index.ts';
import type { Batch } from '../client.ts';

interface Position {
  seqNum: number;
  timestamp: number;
}

export type SessionAnswer =
  | { kind: 'ack'; start: Position; end: Position; tail: Position }
  /** The last frame: an HTTP status and the parsed body that belongs to it. */
  | { kind: 'failed'; status: number; body: unknown };

const TERMINAL = 0x80;
const VARINT = 0;
const LENGTH_DELIMITED = 2;

const utf8 = new TextEncoder();

/** Flags of a frame by how its payload is compressed. */
const CODED = { none: 0, zstd: 0x20, gzip: 0x40 } as const;

/** One `AppendInput` as a frame. */
export function inputFrame(batch: Batch, coding: keyof typeof CODED = 'none'): Uint8Array {
  const fenceHeaders = batch.setFencingToken === null ? [] : [field(2, field(2, utf8.encode('fence')))];
  const records = batch.bodies.map((body) => field(1, concat([...fenceHeaders, field(3, utf8.encode(body))])));
  const message = concat([
    ...records,
    ...(batch.matchSeqNum === null ? [] : [tag(2, VARINT), varint(batch.matchSeqNum)]),
    ...(batch.fencingToken === null ? [] : [field(3, utf8.encode(batch.fencingToken))]),
  ]);
  const payload = coding === 'none' ? message : pinnedCompression[coding].compress(message);
  const length = payload.length + 1;
  return concat([Uint8Array.of(length >> 16, (length >> 8) & 255, length & 255, CODED[coding]), payload]);
}

/** The answers in a response body, cut anywhere. A body that ends inside a frame just ends: the connection broke. */
export async function* sessionAnswers(body: AsyncIterable<Uint8Array>): AsyncGenerator<SessionAnswer, void> {
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of body) {
    rest = concat([rest, chunk]);
    for (let length = frameLength(rest); length !== null && rest.length >= length; length = frameLength(rest)) {
      yield answerIn(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  }
}

/** With its three length bytes; null when they are not all there. */
function frameLength(bytes: Uint8Array): number | null {
  const [high, middle, low] = bytes;
  if (high === undefined || middle === undefined || low === undefined) return null;
  return 3 + ((high << 16) | (middle << 8) | low);
}

function answerIn(frame: Uint8Array): SessionAnswer {
  const payload = frame.subarray(4);
  if (((frame[3] as number) & TERMINAL) !== 0) {
    const status = ((payload[0] as number) << 8) | (payload[1] as number);
    return { kind: 'failed', status, body: JSON.parse(new TextDecoder().decode(payload.subarray(2))) };
  }
  const positions = new Map(fieldsOf(payload));
  const [start, end, tail] = [1, 2, 3].map((number) => positionOf(positions.get(number))) as [
    Position,
    Position,
    Position,
  ];
  return { kind: 'ack', start, end, tail };
}

/** Fields 1 and 2, each left out when it is 0. */
function positionOf(position: number | Uint8Array | undefined): Position {
  if (!(position instanceof Uint8Array)) throw new Error('an acknowledgement without a position');
  const fields = new Map(fieldsOf(position));
  const [seqNum, timestamp] = [fields.get(1) ?? 0, fields.get(2) ?? 0];
  if (typeof seqNum !== 'number' || typeof timestamp !== 'number') throw new Error('a position that is no varint');
  return { seqNum, timestamp };
}

function* fieldsOf(message: Uint8Array): Generator<[number, number | Uint8Array]> {
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      if (byte === undefined) throw new Error('a message that ends inside a field');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = next();
    if ((key & 7) === VARINT) yield [key >> 3, next()];
    else {
      const length = next();
      yield [key >> 3, message.subarray(at, (at += length))];
    }
  }
}

function field(number: number, bytes: Uint8Array): Uint8Array {
  return concat([tag(number, LENGTH_DELIMITED), varint(bytes.length), bytes]);
}

function tag(number: number, type: number): Uint8Array {
  return varint((number << 3) | type);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest >= 128 ? (rest % 128) | 128 : rest);
    if (rest < 128) return Uint8Array.from(bytes);
  }
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
