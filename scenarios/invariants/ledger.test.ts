/** What no stream can be, told answer by answer. */

import { expect, test } from 'vitest';

import type { AppendInput, AppendRecord, SequencedRecord, StreamConfig } from '../../engine/index.ts';
import { StreamLedger } from './ledger.ts';

const config = { retentionAgeS: 'infinite', timestampingMode: 'client-prefer' } as StreamConfig;
const bytes = (text: string) => new TextEncoder().encode(text);
const data = (body: string, timestamp: number | null = null): AppendRecord => ({
  timestamp,
  headers: [],
  body: bytes(body),
});
const fence = (token: string): AppendRecord => ({
  ...data(token),
  headers: [{ name: bytes(''), value: bytes('fence') }],
});
const input = (records: AppendRecord[], fencingToken: string | null = null): AppendInput => ({
  records,
  matchSeqNum: null,
  fencingToken,
});
const at = (seqNum: number, timestamp: number) => ({ seqNum, timestamp });
const seen = (seqNum: number, timestamp: number, body: string): SequencedRecord => ({
  ...data(body),
  seqNum,
  timestamp,
});
const facts = (tail: number, tokens: Record<number, string> = {}) => ({
  config,
  tail: at(tail, 10 * tail),
  trimPoint: 0,
  fencingToken: '',
  records: Array.from({ length: tail }, (_, seqNum) => ({
    ...at(seqNum, 10 * (seqNum + 1)),
    command: seqNum in tokens ? { op: 'fence' as const, token: tokens[seqNum] as string } : null,
  })),
});
/** An acknowledged record at that number, of ten milliseconds for each number. */
const acknowledge = (
  ledger: StreamLedger,
  seqNum: number,
  record: AppendRecord,
  token: string | null = null,
  floor = 0,
) =>
  ledger.acknowledged(
    input([record], token),
    {
      start: at(seqNum, 10 * (seqNum + 1)),
      end: at(seqNum + 1, 10 * (seqNum + 1)),
      tail: at(seqNum + 1, 10 * (seqNum + 1)),
    },
    floor,
  );

test('a stream that is what was told of it passes', () => {
  const ledger = new StreamLedger(config);
  expect(acknowledge(ledger, 0, fence('me'), '')).toBeNull();
  expect(acknowledge(ledger, 1, data('x', 25), 'me', 1)).toBeNull();
  expect(ledger.shown([seen(1, 20, 'x')])).toBeNull();
  expect(ledger.told(at(2, 20), 2)).toBeNull();
  expect(ledger.final(facts(2, { 0: 'me' }))).toBeNull();
});

test('a number is given once, to one record of one time', () => {
  const ledger = new StreamLedger(config);
  acknowledge(ledger, 0, data('x'));
  expect(acknowledge(ledger, 0, data('x'))).toMatch(/the number 0 was acknowledged twice/);
  expect(ledger.shown([seen(0, 10, 'y')])).toMatch(/the number 0 was given two records/);
  expect(ledger.shown([seen(0, 11, 'x')])).toMatch(/record 0 has the timestamps 10 and 11/);
  expect(ledger.shown([seen(1, 9, 'z')])).toMatch(/backwards from 10 to 9 at record 1/);
});

test('who asks later is told no less', () => {
  const ledger = new StreamLedger(config);
  acknowledge(ledger, 4, data('x'));
  expect(ledger.told(at(3, 30), ledger.tail)).toMatch(
    /tells the tail 3, though 5 had been told .*\nthe tail 5 was told by the acknowledgement of records 4..4, and records 4..4/,
  );
  expect(acknowledge(ledger, 2, data('y'), null, ledger.tail)).toMatch(/when the tail was 5 got the number 2/);
});

test('a tail is of the time of its last record', () => {
  const ledger = new StreamLedger(config);
  acknowledge(ledger, 0, data('x'));
  expect(ledger.told(at(1, 12), 0)).toMatch(/record 0 has the timestamps 10 and 12/);
});

test('at the end nothing that was told is missing, trimmed unasked or configured by itself', () => {
  const ledger = new StreamLedger(config);
  acknowledge(ledger, 1, data('x'));
  expect(ledger.final(facts(1))).toMatch(/the tail 2 was told, and it is 1/);
  expect(ledger.final({ ...facts(2), trimPoint: 1 })).toMatch(/below 1 is trimmed, and nobody asked for more than 0/);
  expect(ledger.final({ ...facts(2), config: { ...config, timestampingUncapped: true } })).toMatch(/nobody changed/);
});

test('an append with a token had the token in force', () => {
  const ledger = new StreamLedger(config);
  acknowledge(ledger, 0, fence('me'));
  acknowledge(ledger, 1, data('x'), 'you');
  expect(ledger.final(facts(2, { 0: 'me' }))).toMatch(
    /at 1 was acknowledged with the token "you", and "me" was in force/,
  );
});

test('no record is of a later time than it claims, but for the one in front of it', () => {
  const ledger = new StreamLedger(config);
  acknowledge(ledger, 0, data('x', 15));
  acknowledge(ledger, 1, data('y', 15));
  expect(ledger.final(facts(2))).toMatch(/record 1 claims 15 behind one of 10, and has 20/);
  ledger.config = null;
  expect(ledger.final(facts(2))).toBeNull();
});

test('a stream that caps is not ahead of the time', () => {
  const ack = { start: at(0, 10), end: at(1, 10), tail: at(1, 10) };
  expect(new StreamLedger(config).acknowledged(input([data('x')]), ack, 0, 10)).toBeNull();
  expect(new StreamLedger(config).acknowledged(input([data('x')]), ack, 0, 9)).toMatch(
    /record 0 is of 10, and it is 9/,
  );
  const uncapped = new StreamLedger({ ...config, timestampingUncapped: true });
  expect(uncapped.acknowledged(input([data('x', 10)]), ack, 0, 9)).toBeNull();
});
