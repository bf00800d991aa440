/** Server-sent events: exact bytes, the official client's parser on every cut, and where a client goes on. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { SequencedRecord } from '../core/record.ts';
import { anyCuts, anyPosition, anySequencedRecords, concat, cut } from '../testing/codec-values.ts';
import { EventStream, type SseMessage } from '../testing/official-codecs.ts';
import { BadRequest, errorResponse } from './errors.ts';
import { BASE64, RAW } from './format.ts';
import { batchJson } from './record-json.ts';
import { parseReadQuery } from './read-query.ts';
import { EventWriter, lastEventIdHeader, resumedRead } from './sse-events.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const utf8 = (value: string) => new TextEncoder().encode(value);
const record = (seqNum: number, body: string): SequencedRecord => ({
  seqNum,
  timestamp: 7,
  headers: [],
  body: utf8(body),
});

describe('an event', () => {
  test('of a batch has the last number, and records and metered bytes since the response began', () => {
    const events = new EventWriter(RAW);
    expect(text(events.batch([record(3, 'a'), record(4, 'b')], null))).toBe(
      'event: batch\nid: 4,2,18\ndata: {"records":[{"seq_num":3,"timestamp":7,"body":"a"},{"seq_num":4,"timestamp":7,"body":"b"}]}\n\n',
    );
    expect(text(events.batch([record(9, '')], { seqNum: 10, timestamp: 7 }))).toBe(
      'event: batch\nid: 9,3,26\ndata: {"records":[{"seq_num":9,"timestamp":7}],"tail":{"seq_num":10,"timestamp":7}}\n\n',
    );
  });

  test('honours the format', () => {
    expect(text(new EventWriter(BASE64).batch([record(0, 'ÿ')], null))).toContain('"body":"w78="');
  });

  test('of a heartbeat has the server time and the tail, and no id', () => {
    expect(text(new EventWriter(RAW).ping(1234, { seqNum: 5, timestamp: 6 }))).toBe(
      'event: ping\ndata: {"timestamp":1234,"tail":{"seq_num":5,"timestamp":6}}\n\n',
    );
  });

  test('of an error is the body of the response it would have been', () => {
    expect(text(new EventWriter(RAW).error(errorResponse('unavailable', 'gone')))).toBe(
      'event: error\ndata: {"code":"unavailable","message":"gone"}\n\n',
    );
  });

  test('of the end is data alone', () => {
    expect(text(new EventWriter(RAW).done())).toBe('data: [DONE]\n\n');
  });
});

/** Events as the official client parses them from `chunks`. */
async function parsed(chunks: readonly Uint8Array[]): Promise<SseMessage<string>[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const messages: SseMessage<string>[] = [];
  for await (const message of new EventStream(body, (value) => ({ done: false, value }))) messages.push(message);
  return messages;
}

test('any events, cut anywhere, reach the official client as they were meant', async () => {
  const nasty = fc.constantFrom('\n\n', '\r\n\r\n', '\r\r', 'data: x\n\n', '\u2028', '\0', '"\\');
  const batches = fc.array(fc.tuple(anySequencedRecords, nasty, fc.option(anyPosition)), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(batches, anyPosition, anyCuts, fc.constantFrom(RAW, BASE64), async (drawn, tail, cuts, format) => {
      const events = new EventWriter(format);
      const sent = drawn.map(([records, body, at]) => ({ records: [...records, record(5, body)], tail: at }));
      const bytes = concat(...sent.map((it) => events.batch(it.records, it.tail)), events.ping(1, tail), events.done());
      const messages = await parsed(cut(bytes, cuts));
      expect(messages.map(({ event }) => event)).toEqual([...sent.map(() => 'batch'), 'ping', undefined]);
      for (const [i, it] of sent.entries()) {
        expect(JSON.parse(messages[i]?.data ?? '')).toEqual(batchJson(it.records, it.tail, format));
        expect(messages[i]?.id).toMatch(/^5,\d+,\d+$/);
      }
      expect(messages.at(-1)?.data).toBe('[DONE]');
    }),
    { numRuns: 100, seed: 1 },
  );
});

describe('the last event id', () => {
  const parse = (id: string) => lastEventIdHeader(new Map([['last-event-id', id]]));

  test('is the one a batch had', () => {
    expect(parse('4,5,90')).toEqual({ seqNum: 4, count: 5, meteredBytes: 90 });
    expect(lastEventIdHeader(new Map())).toBeNull();
  });

  test.each([
    '',
    '4',
    '4,5',
    '4,5,90,1',
    '4,5,',
    'a,5,90',
    '4, 5,90',
    '-1,5,90',
    '4,5,18446744073709551616',
    '4.0,5,90',
    '+4,5,90',
  ])('%j is a bad header', (id) => {
    expect(() => parse(id)).toThrow(BadRequest);
    expect(() => parse(id)).toThrow('Invalid header `last-event-id`: expected `seq_num,count,bytes`');
  });

  const resumed = (query: string, id: string) =>
    resumedRead(parseReadQuery(new URLSearchParams(query)), parse(id) as NonNullable<ReturnType<typeof parse>>);

  test.each([
    ['seq_num=0&count=10&bytes=100', '4,5,90', { seqNum: 5 }, 5, 10],
    ['timestamp=77', '4,5,90', { seqNum: 5 }, null, null],
    ['tail_offset=3&count=5', '0,5,90', { seqNum: 1 }, 0, null],
    ['count=4&bytes=89', '4,5,90', { seqNum: 5 }, 0, 0],
    ['count=1', '18446744073709551615,18446744073709551615,0', { seqNum: 2 ** 64 }, 0, null],
  ])('after %j, %s goes on behind it with what is left of the limits', (query, id, start, count, bytes) => {
    expect(resumed(query, id)).toMatchObject({ start: { kind: 'seq-num', ...start }, count, meteredBytes: bytes });
  });

  test('leaves clamp, until and wait as they are', () => {
    expect(resumed('clamp=true&until=9&wait=2', '4,5,90')).toMatchObject({
      clamp: true,
      untilTimestamp: 9,
      waitMs: 2000,
    });
  });
});
