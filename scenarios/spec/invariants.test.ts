/** Every invariant of the specification, broken once; and the words that say so. */

import { describe, expect, test } from 'vitest';

import type { AppendInput, ReadInput, SequencedRecord, StreamConfig } from '../../engine/index.ts';
import {
  brokenAck,
  brokenListing,
  brokenPage,
  brokenRefusal,
  brokenStream,
  brokenUnwritten,
  type StreamFacts,
} from './invariants.ts';

const config = { retentionAgeS: 'infinite' } as StreamConfig;
const at = (seqNum: number, timestamp = 10 * seqNum) => ({ seqNum, timestamp });
const left = (...records: [number, number?][]) =>
  records.map(([seqNum, timestamp]) => ({
    ...at(seqNum, timestamp),
    command: null as StreamFacts['records'][0]['command'],
  }));
const record = (seqNum: number, timestamp = 10 * seqNum): SequencedRecord => ({
  ...at(seqNum, timestamp),
  headers: [],
  body: new Uint8Array(2),
});
const input = (timestamps: (number | null)[], conditions: Partial<AppendInput> = {}): AppendInput => ({
  records: timestamps.map((timestamp) => ({ timestamp, headers: [], body: new Uint8Array() })),
  ...{ matchSeqNum: null, fencingToken: null, ...conditions },
});
const read = (limits: Partial<ReadInput> = {}): ReadInput => ({
  ...{ start: { kind: 'seq-num', seqNum: 2 }, clamp: false, count: null, meteredBytes: null, untilTimestamp: null },
  ...{ waitMs: null, ...limits },
});

describe('a stream', () => {
  const sound: StreamFacts = { config, tail: at(4, 30), trimPoint: 2, fencingToken: '', records: left([2], [3]) };
  const commanded = (seqNum: 2 | 3, command: StreamFacts['records'][0]['command']) =>
    sound.records.map((one) => (one.seqNum === seqNum ? { ...one, command } : one));

  test.each<[string, Partial<StreamFacts>, RegExp | null]>([
    ['as it should be', {}, null],
    ['with everything trimmed', { trimPoint: 4, records: [] }, null],
    ['with a tail below its trim point', { trimPoint: 5, records: [] }, /below 5 is trimmed, and the tail is 4/],
    ['with a record too few', { records: left([2]) }, /1 records are left between the trim point 2 and the tail 4/],
    ['with a number twice', { records: left([2], [2, 30]) }, /record 2 is where 3 is due/],
    ['whose time runs backwards', { records: left([2, 40], [3]) }, /backwards from 40 to 30 at record 3/],
    ['whose tail is of another time', { tail: at(4, 31) }, /last record is of 30, and the tail says 31/],
    [
      'without the token it was fenced with',
      { records: commanded(2, { op: 'fence', token: 'me' }) },
      /set the token "me"/,
    ],
    [
      'with what was trimmed',
      { records: commanded(3, { op: 'trim', to: 9 }) },
      /record 3 trims to 9, and the trim point is 2/,
    ],
    ['that keeps records for no time', { config: { ...config, retentionAgeS: 0 } }, /retention is of no time/],
  ])('%s', (_, change, words) => {
    const broken = brokenStream({ ...sound, ...change });
    if (words === null) expect(broken).toBeNull();
    else expect(broken).toMatch(words);
  });
});

describe('an acknowledgement', () => {
  test.each<[string, AppendInput, Parameters<typeof brokenAck>[1], RegExp | null]>([
    ['as it should be', input([null, null]), { start: at(2, 5), end: at(4, 5), tail: at(6, 7) }, null],
    [
      'of another number of records',
      input([null]),
      { start: at(2), end: at(4), tail: at(4) },
      /1 records were acknowledged as 2\.\.4/,
    ],
    [
      'elsewhere',
      input([null], { matchSeqNum: 1 }),
      { start: at(2), end: at(3), tail: at(3) },
      /allows at 1 only was acknowledged at 2/,
    ],
    ['behind the tail', input([null]), { start: at(2), end: at(3), tail: at(2) }, /is behind its tail, 2@20/],
    [
      'whose time runs backwards',
      input([9, 8]),
      { start: at(2, 9), end: at(4, 8), tail: at(4, 9) },
      /backwards from 2@9/,
    ],
    [
      'of two moments',
      input([null, null]),
      { start: at(2, 5), end: at(4, 6), tail: at(4, 6) },
      /of two moments, 5 and 6/,
    ],
  ])('%s', (_, asked, ack, words) => {
    const broken = brokenAck(asked, ack);
    if (words === null) expect(broken).toBeNull();
    else expect(broken).toMatch(words);
  });
});

test('a condition that holds is no reason to refuse', () => {
  expect(brokenRefusal(input([null], { matchSeqNum: 3 }), { kind: 'seq-num-mismatch', actual: 4 })).toBeNull();
  expect(brokenRefusal(input([null], { matchSeqNum: 3 }), { kind: 'seq-num-mismatch', actual: 3 })).toMatch(
    /because 3/,
  );
  expect(brokenRefusal(input([null]), { kind: 'seq-num-mismatch', actual: 3 })).toMatch(/for any number/);
  const token = { kind: 'fencing-token-mismatch', actual: 'me' } as const;
  expect(brokenRefusal(input([null], { fencingToken: 'you' }), token)).toBeNull();
  expect(brokenRefusal(input([null], { fencingToken: 'me' }), token)).toMatch(/the token "me" was refused/);
  expect(brokenRefusal(input([null]), token)).toMatch(/no token was refused/);
  expect(brokenRefusal(input([1, null]), { kind: 'timestamp-missing' })).toBeNull();
  expect(brokenRefusal(input([1, 2]), { kind: 'timestamp-missing' })).toMatch(/every record has a timestamp/);
});

describe('a page', () => {
  test.each<[string, ReadInput, SequencedRecord[], ReturnType<typeof at> | null, RegExp | null]>([
    [
      'as it should be',
      read({ count: 2, meteredBytes: 20, untilTimestamp: 31 }),
      [record(2), record(3)],
      at(4, 30),
      null,
    ],
    ['with a gap', read(), [record(2), record(4)], null, /record 4 follows 2/],
    ['whose time runs backwards', read(), [record(2), record(3, 1)], null, /backwards at record 3/],
    ['from before its start', read(), [record(1)], null, /from 2 returned 1/],
    [
      'from before its timestamp',
      read({ start: { kind: 'timestamp', timestamp: 25 } }),
      [record(2)],
      null,
      /record 2 of 20/,
    ],
    ['beyond its end', read({ untilTimestamp: 30 }), [record(2), record(3)], null, /until 30 returned record 3/],
    ['of more records', read({ count: 1 }), [record(2), record(3)], null, /1 records returned 2/],
    ['of more bytes', read({ meteredBytes: 19 }), [record(2), record(3)], null, /19 bytes returned 20/],
    ['with a tail before it', read(), [record(2)], at(2, 20), /record 2 was returned with the tail 2@20/],
  ])('%s', (_, asked, records, tail, words) => {
    const broken = brokenPage(asked, records, tail);
    if (words === null) expect(broken).toBeNull();
    else expect(broken).toMatch(words);
  });

  test('counts with those before it', () => {
    expect(brokenPage(read({ count: 3 }), [record(4)], null, { records: 3, meteredBytes: 0 })).toMatch(
      /3 records returned 4/,
    );
  });
});

test('what is written is not refused as unwritten', () => {
  expect(brokenUnwritten(read(), at(2))).toBeNull();
  expect(brokenUnwritten(read(), at(3))).toMatch(/refused as unwritten with the tail 3@30/);
  expect(brokenUnwritten(read({ start: { kind: 'timestamp', timestamp: 30 } }), at(3))).toMatch(/unwritten/);
  expect(brokenUnwritten(read({ start: { kind: 'tail-offset', offset: 1 } }), at(3))).toMatch(/unwritten/);
});

test('a listing is in the order of bytes, within its limits', () => {
  const all = { prefix: 'a', startAfter: 'aa', limit: 3 };
  expect(brokenListing(all, ['ab', 'az', 'aé'])).toBeNull();
  expect(brokenListing(all, ['ab', 'ab'])).toMatch(/"ab" behind "ab"/);
  expect(brokenListing(all, ['aa'])).toMatch(/"aa" behind "aa"/);
  expect(brokenListing(all, ['b'])).toMatch(/of "a" returned "b"/);
  expect(brokenListing({ ...all, limit: 1 }, ['ab', 'ac'])).toMatch(/1 names returned 2/);
});
