/**
 * Server-sent events of a read (API contract §5.7): what is written for a batch, a heartbeat, an error and the end, and
 * where a client that lost its connection goes on.
 *
 * JSON has no line breaks, so each event is one `data:` line whatever the records hold.
 */

import { assert } from '../core/assert.ts';
import type { StreamPosition } from '../core/position.ts';
import type { ReadInput } from '../core/read-plan.ts';
import { meteredBytes, type SequencedRecord } from '../core/record.ts';
import type { HttpRequest } from '../ports.ts';
import { RAW, type TextFormat } from './format.ts';
import { invalidHeader } from './headers.ts';
import { LiveEncoding } from './live-encoding.ts';
import { batchJson, positionJson } from './record-json.ts';
import type { JsonResponse } from './response.ts';
import { parseU64 } from './u64.ts';

export const EVENTS_CONTENT_TYPE = 'text/event-stream';

const utf8 = new TextEncoder();
const END_OF_EVENT = utf8.encode('\n\n');

/** JSON of live batches: only the id differs from follower to follower. */
const LIVE_RAW = new LiveEncoding<Uint8Array>();
const LIVE_BASE64 = new LiveEncoding<Uint8Array>();

/** The events of one response, each as the bytes of one write. Counts what it has written, for the ids. */
export class EventWriter {
  readonly #format: TextFormat;
  #count = 0;
  #meteredBytes = 0;

  constructor(format: TextFormat) {
    this.#format = format;
  }

  /** At least one record. The id is what a client sends as `last-event-id` to go on behind them. */
  batch(records: readonly SequencedRecord[], tail: StreamPosition | null): Uint8Array {
    const last = records[records.length - 1];
    assert(last !== undefined, 'a batch event has records');
    this.#count += records.length;
    for (const record of records) this.#meteredBytes += meteredBytes(record);
    const id = `${last.seqNum},${this.#count},${this.#meteredBytes}`;
    const live = this.#format === RAW ? LIVE_RAW : LIVE_BASE64;
    const data = live.of(records, tail, () => utf8.encode(JSON.stringify(batchJson(records, tail, this.#format))));
    return joined(utf8.encode(`event: batch\nid: ${id}\ndata: `), data, END_OF_EVENT);
  }

  /** The reader has everything up to `tail`; `nowMs` is the server's clock. */
  ping(nowMs: number, tail: StreamPosition): Uint8Array {
    return event('ping', JSON.stringify({ timestamp: nowMs, tail: positionJson(tail) }));
  }

  /** The last event of a read that failed; nothing follows. Its status can not be told. */
  error({ body }: JsonResponse): Uint8Array {
    return event('error', new TextDecoder().decode(body));
  }

  /** The last event of a read that reached its end. */
  done(): Uint8Array {
    return utf8.encode('data: [DONE]\n\n');
  }
}

function event(name: string, data: string): Uint8Array {
  return utf8.encode(`event: ${name}\ndata: ${data}\n\n`);
}

function joined(head: Uint8Array, data: Uint8Array, end: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + data.length + end.length);
  bytes.set(head);
  bytes.set(data, head.length);
  bytes.set(end, head.length + data.length);
  return bytes;
}

/** Where a client stopped: the last number it has, and how many records and metered bytes it had in that response. */
export interface LastEventId {
  seqNum: number;
  count: number;
  meteredBytes: number;
}

/** Null when there is none. Throws BadRequest `bad_header`. */
export function lastEventIdHeader(headers: HttpRequest['headers']): LastEventId | null {
  const text = headers.get('last-event-id');
  if (text === undefined) return null;
  const parts = text.split(',').map(parseU64);
  const [seqNum, count, bytes] = parts;
  if (parts.length !== 3 || seqNum == null || count == null || bytes == null) {
    throw invalidHeader('last-event-id', 'expected `seq_num,count,bytes`');
  }
  return { seqNum, count, meteredBytes: bytes };
}

/** The rest of the read the client was in: it goes on behind the last record, with what is left of the limits. */
export function resumedRead(query: ReadInput, last: LastEventId): ReadInput {
  return {
    ...query,
    start: { kind: 'seq-num', seqNum: last.seqNum + 1 },
    count: query.count === null ? null : Math.max(0, query.count - last.count),
    meteredBytes: query.meteredBytes === null ? null : Math.max(0, query.meteredBytes - last.meteredBytes),
  };
}
