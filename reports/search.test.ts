import { expect, test } from 'vitest';
import { operationsOf } from './operations.ts';
import { packRecordHashes, unpackRecordHashes } from './record-hashes.ts';
import { findOperations, parseQuery } from './search.ts';
import { append, called, returned } from './testing/events.ts';

const history = [
  { ...called(10, append(3, { setFencingToken: 'left' })), note: 'to node-1' },
  returned(10, { kind: 'append-success', tail: 3 }),
  called(11, append(2, { fencingToken: 'left', matchSeqNum: 7 }), 2),
  { ...returned(11, { kind: 'append-definite-failure' }, 2), note: 'Refused by node-2' },
  called(3, { kind: 'read' }, 4),
  returned(3, { kind: 'read-success', tail: 3, streamHash: 0xabcd_0000_0000_0001n }, 4),
];
const operations = operationsOf(history);
const records = unpackRecordHashes(packRecordHashes(history, operations, (event) => event) ?? '', operations);
const find = (text: string): number[] | null => {
  const query = parseQuery(text);
  return query === null
    ? null
    : findOperations(operations, records, query).map((index) => operations[index]?.opId ?? 0);
};

test('operations are found by number, client, sequence number, hash, token and note', () => {
  expect(find('op 11')).toEqual([11]);
  expect(find('client: 4')).toEqual([3]);
  expect(find('seq 1')).toEqual([10]);
  expect(find('seq 2')).toEqual([10, 3]);
  expect(find('seq 7')).toEqual([11]);
  expect(find('hash abcd')).toEqual([3]);
  expect(find('hash 0000000000000003')).toEqual([10]);
  expect(find('token left')).toEqual([10, 11]);
  expect(find('refused')).toEqual([11]);
});

test('a bare number is an operation if there is one of that name, else a place in the stream', () => {
  expect(find('3')).toEqual([3]);
  expect(find('1')).toEqual([10]);
  expect(find('99')).toEqual([]);
});

test('nothing is looked for when nothing is asked, and three hex digits find no hash', () => {
  expect(find('  ')).toBeNull();
  expect(find('hash abc')).toEqual([]);
});
