/** Order of checks, sequencing, timestamps and commands of one batch (API contract §4.1-§4.3). */

import { describe, expect, test } from 'vitest';

import { type AdmittedChunk, admit, type AppendInput } from './admission.ts';
import { decodeRecords } from './chunk.ts';
import type { AppendRecord, SequencedRecord } from './record.ts';
import { writeRecords } from './stamped-batch.ts';
import { KEPT, streamRow } from '../testing/state-samples.ts';
import type { StreamState } from './stream-state.ts';

const utf8 = new TextEncoder();
const NOW_MS = 1_000;

function stream(change: Partial<StreamState> = {}): StreamState {
  return {
    ...streamRow(1),
    ...change,
  };
}

function record(body = 'x', timestamp: number | null = null): AppendRecord {
  return { timestamp, headers: [], body: utf8.encode(body) };
}

function fence(token: string): AppendRecord {
  return { ...record(token), headers: [{ name: utf8.encode(''), value: utf8.encode('fence') }] };
}

function trim(to: number): AppendRecord {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setBigUint64(0, BigInt(to));
  return { timestamp: null, headers: [{ name: utf8.encode(''), value: utf8.encode('trim') }], body };
}

function input(records: readonly AppendRecord[], conditions: Partial<AppendInput> = {}): AppendInput {
  return { records, matchSeqNum: null, fencingToken: null, ...conditions };
}

function admitted(state: StreamState, asked: AppendInput, nowMs = NOW_MS): AdmittedChunk {
  const admission = admit(state, asked, nowMs, nowMs);
  if (admission.type === 'refused') throw new Error(`refused: ${JSON.stringify(admission.failure)}`);
  return admission;
}

/** The records as a reader will find them. */
function decoded(chunk: AdmittedChunk): SequencedRecord[] {
  const bytes = new Uint8Array(chunk.batchBytes);
  expect(writeRecords(chunk.batch, bytes, 0)).toBe(bytes.length);
  return decodeRecords(chunk, bytes);
}

describe('conditions', () => {
  const state = stream({ tail: { seqNum: 7, timestamp: 5 }, fencingToken: 'mine' });

  test('the token is checked before the number', () => {
    expect(admit(state, input([record()], { fencingToken: 'other', matchSeqNum: 3 }), NOW_MS, NOW_MS)).toEqual({
      type: 'refused',
      failure: { kind: 'fencing-token-mismatch', actual: 'mine' },
    });
    expect(admit(state, input([record()], { fencingToken: 'mine', matchSeqNum: 3 }), NOW_MS, NOW_MS)).toEqual({
      type: 'refused',
      failure: { kind: 'seq-num-mismatch', actual: 7 },
    });
  });

  test('conditions that hold admit at the tail', () => {
    const chunk = admitted(state, input([record(), record()], { fencingToken: 'mine', matchSeqNum: 7 }));
    expect(chunk).toMatchObject({ firstSeqNum: 7, count: 2 });
  });

  test('an append without a token is never fenced off', () => {
    expect(admit(state, input([record()]), NOW_MS, NOW_MS).type).toBe('chunk');
  });

  test('on a new stream the empty token and the number 0 hold', () => {
    expect(admit(stream(), input([record()], { fencingToken: '', matchSeqNum: 0 }), NOW_MS, NOW_MS).type).toBe('chunk');
  });

  test('the token is compared with the one before the batch, also when the batch sets another', () => {
    expect(admit(state, input([fence('next')], { fencingToken: 'next' }), NOW_MS, NOW_MS).type).toBe('refused');
    expect(admitted(state, input([fence('next')], { fencingToken: 'mine' })).fencingToken).toBe('next');
  });
});

describe('timestamps', () => {
  function stamps(state: StreamState, wanted: readonly (number | null)[], nowMs = NOW_MS): number[] {
    const chunk = admitted(state, input(wanted.map((t) => record('x', t))), nowMs);
    const records = decoded(chunk).map((r) => r.timestamp);
    expect([chunk.firstTimestamp, chunk.lastTimestamp]).toEqual([records[0], records.at(-1)]);
    return records;
  }

  test('a record without one gets now, one in the past keeps its own', () => {
    expect(stamps(stream(), [null])).toEqual([1000]);
    expect(stamps(stream(), [400])).toEqual([400]);
  });

  test('one in the future is capped at now', () => {
    expect(stamps(stream(), [1001, 2 ** 64])).toEqual([1000, 1000]);
    expect(stamps(stream(), [1000])).toEqual([1000]);
  });

  test('they never decrease within a batch', () => {
    expect(stamps(stream(), [700, 300, 800, null, 900])).toEqual([700, 700, 800, 1000, 1000]);
    expect(stamps(stream(), [700, 700, 700])).toEqual([700, 700, 700]);
  });

  test('they never fall below the last record of the stream, even when that is ahead of now', () => {
    const ahead = stream({ tail: { seqNum: 3, timestamp: 5_000 } });
    expect(stamps(ahead, [null, 9_000, 1])).toEqual([5_000, 5_000, 5_000]);
  });

  const configured = (change: Partial<StreamState['config']>) => stream({ config: { ...KEPT, ...change } });

  test('client-require refuses the whole batch when one is missing, and that alone', () => {
    const required = configured({ timestampingMode: 'client-require' });
    const missing = { records: [record('a', 5), record('b')], matchSeqNum: null, fencingToken: null };
    expect(admit(required, missing, NOW_MS, NOW_MS)).toEqual({
      type: 'refused',
      failure: { kind: 'timestamp-missing' },
    });
    expect(stamps(required, [5, 6])).toEqual([5, 6]);
    // Conditions are looked at first.
    expect(admit(required, { ...missing, matchSeqNum: 9 }, NOW_MS, NOW_MS)).toMatchObject({ failure: { actual: 0 } });
  });

  test('arrival takes now, whatever the client says, capped or not', () => {
    const arrival = configured({ timestampingMode: 'arrival' });
    expect(stamps(arrival, [5, NOW_MS + 9, null])).toEqual([NOW_MS, NOW_MS, NOW_MS]);
    expect(stamps(configured({ timestampingMode: 'arrival', timestampingUncapped: true }), [2 ** 60])).toEqual([
      NOW_MS,
    ]);
  });

  test('uncapped keeps one in the future, and what follows is not below it', () => {
    const uncapped = configured({ timestampingUncapped: true });
    expect(stamps(uncapped, [NOW_MS + 9, null, 3])).toEqual([NOW_MS + 9, NOW_MS + 9, NOW_MS + 9]);
    expect(stamps(uncapped, [Number.MAX_SAFE_INTEGER])).toEqual([Number.MAX_SAFE_INTEGER]);
  });

  test('one that could not be stored as it is is refused where it would be kept, and capped where it is not', () => {
    const large = { records: [record('a', 2 ** 64)], matchSeqNum: null, fencingToken: null };
    expect(admit(configured({ timestampingUncapped: true }), large, NOW_MS, NOW_MS)).toEqual({
      type: 'refused',
      failure: { kind: 'timestamp-too-large' },
    });
    expect(stamps(configured({}), [2 ** 64])).toEqual([NOW_MS]);
  });

  test('a raise is reported, a cap is not', () => {
    expect(admitted(stream(), input([record('x', 2_000)])).timestampRaised).toBe(false);
    expect(admitted(stream(), input([record('x', 700), record('x', 700)])).timestampRaised).toBe(false);
    expect(admitted(stream(), input([record('x', 700), record('x', 699)])).timestampRaised).toBe(true);
  });
});

describe('commands', () => {
  test('the last fence of a batch wins', () => {
    expect(admitted(stream(), input([fence('a'), record(), fence('b')])).fencingToken).toBe('b');
    expect(admitted(stream({ fencingToken: 'a' }), input([fence('')])).fencingToken).toBe('');
    expect(admitted(stream({ fencingToken: 'a' }), input([record()])).fencingToken).toBeNull();
  });

  test('a trim reaches at most everything up to and including itself', () => {
    const state = stream({ tail: { seqNum: 10, timestamp: 0 } });
    expect(admitted(state, input([trim(4)])).trimPoint).toBe(4);
    expect(admitted(state, input([trim(11)])).trimPoint).toBe(11);
    expect(admitted(state, input([trim(12)])).trimPoint).toBe(11);
    expect(admitted(state, input([record(), trim(1_000_000), record()])).trimPoint).toBe(12);
  });

  test('a trim only moves forward', () => {
    const state = stream({ tail: { seqNum: 10, timestamp: 0 }, trimPoint: 5 });
    expect(admitted(state, input([trim(4)])).trimPoint).toBeNull();
    expect(admitted(state, input([trim(5)])).trimPoint).toBeNull();
    expect(admitted(state, input([trim(8), trim(6)])).trimPoint).toBe(8);
  });

  test('commands take numbers like any record', () => {
    const chunk = admitted(stream(), input([fence('a'), record('x'), trim(0)]));
    expect(decoded(chunk).map((r) => r.seqNum)).toEqual([0, 1, 2]);
  });
});

describe('a stream whose nonces are random and short', () => {
  const LAST = 2 ** 32 - 1;
  const at = (seqNum: number, change: Partial<StreamState> = {}) =>
    stream({ cipher: 'aes-256-gcm', tail: { seqNum, timestamp: 5 }, ...change });
  const spent = { type: 'refused', failure: { kind: 'nonces-spent', seqNumMax: LAST, attempted: LAST + 1 } };

  test('takes records up to number 2^32-1 and not one more', () => {
    expect(admitted(at(LAST), input([record()])).firstSeqNum).toBe(LAST);
    expect(admit(at(LAST), input([record(), record()]), NOW_MS, NOW_MS)).toEqual(spent);
    expect(admit(at(LAST + 1), input([record()]), NOW_MS, NOW_MS)).toEqual(spent);
  });

  test('takes commands beyond, which are not sealed', () => {
    expect(admitted(at(LAST), input([record(), fence('a'), trim(3)])).count).toBe(3);
    expect(admit(at(LAST), input([fence('a'), record()]), NOW_MS, NOW_MS)).toEqual(spent);
  });

  test('tells what is wrong with an earlier record first', () => {
    const strict = at(LAST, { config: { ...KEPT, timestampingMode: 'client-require' } });
    const missing = { type: 'refused', failure: { kind: 'timestamp-missing' } };
    expect(admit(strict, input([record('x', 9), record()]), NOW_MS, NOW_MS)).toEqual(spent);
    expect(admit(strict, input([record(), record('x', 9)]), NOW_MS, NOW_MS)).toEqual(missing);
  });

  test.each([null, 'aegis-256'] as const)('%s has no such limit', (cipher) => {
    expect(admitted(at(LAST + 7, { cipher }), input([record()])).firstSeqNum).toBe(LAST + 7);
  });
});
