/** Live batches are encoded once for all their readers, and each reader gets what it would have got alone. */

import { expect, test } from 'vitest';

import { BASE64, RAW } from './format.ts';
import { LiveEncoding } from './live-encoding.ts';
import { FrameWriter } from './s2s-messages.ts';
import { EventWriter } from './sse-events.ts';

const utf8 = new TextEncoder();
const records = ['a', 'b'].map((body, seqNum) => ({ seqNum, timestamp: 1, headers: [], body: utf8.encode(body) }));
const tail = { seqNum: 2, timestamp: 1 };
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

test('the same records with the same tail are encoded once, with another tail or another array anew', () => {
  let made = 0;
  const shared = new LiveEncoding<number>();
  const encoded = (of: typeof records, at: typeof tail | null) => shared.of(of, at, () => ++made);
  expect([encoded(records, tail), encoded(records, { ...tail })]).toEqual([1, 1]);
  expect(encoded(records, { seqNum: 2, timestamp: 5 })).toBe(2);
  expect(encoded([...records], tail)).toBe(3);
  // What a reader catches up with is nobody else's.
  expect([encoded(records, null), encoded(records, null)]).toEqual([4, 5]);
});

test('readers of events share the records and keep their own ids and formats', () => {
  const [fresh, old, binary] = [new EventWriter(RAW), new EventWriter(RAW), new EventWriter(BASE64)];
  old.batch(records, null);
  expect(text(fresh.batch(records, tail))).toMatch(/^event: batch\nid: 1,2,18\ndata: \{.*"body":"a".*\}\n\n$/);
  expect(text(old.batch(records, tail))).toMatch(/^event: batch\nid: 1,4,36\ndata: \{.*"body":"a".*\}\n\n$/);
  expect(text(binary.batch(records, tail))).toMatch(/^event: batch\nid: 1,2,18\ndata: \{.*"body":"YQ==".*\}\n\n$/);
});

test('readers of frames get the same bytes', () => {
  const [one, other] = [new FrameWriter(new Map(), null), new FrameWriter(new Map(), null)];
  expect(one.batch(records, tail)[0]).toBe(other.batch(records, tail)[0]);
  expect(one.batch(records, null)).not.toEqual(one.batch(records, tail));
});
