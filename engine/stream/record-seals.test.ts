/** Sealed records where they are stored: what opens, what does not, and what that is called. */

import { inspect } from 'node:util';

import { describe, expect, test } from 'vitest';

import { admit } from '../core/admission.ts';
import { EncryptionKey } from '../core/encryption-key.ts';
import type { AppendRecord, SequencedRecord } from '../core/record.ts';
import { decodeRecords } from '../core/chunk.ts';
import { writeRecords } from '../core/stamped-batch.ts';
import { fenceRecord, record } from '../testing/engine-bench.ts';
import { manualPorts } from '../testing/manual-ports.ts';
import { streamRow } from '../testing/state-samples.ts';
import { RecordOpener, sealChunk } from './record-seals.ts';

const NOW_MS = 1_000;
const ALL = Infinity;
const key = () => new EncryptionKey(`${'k'.repeat(42)}A=`);

describe.each(['aegis-256', 'aes-256-gcm'] as const)('%s', (cipher) => {
  const ports = { ...manualPorts(), entropy: countingEntropy() };
  const stream = { ...streamRow(1), cipher };

  /** The records as they are stored. */
  function stored(records: readonly AppendRecord[], into = stream): SequencedRecord[] {
    const chunk = admit(into, { records, matchSeqNum: null, fencingToken: null }, NOW_MS, NOW_MS);
    if (chunk.type === 'refused') throw new Error('it is refused');
    sealChunk(ports, into, chunk, key());
    const bytes = new Uint8Array(chunk.batchBytes);
    writeRecords(chunk.batch, bytes, 0);
    return decodeRecords(chunk, bytes);
  }

  const open = (records: readonly SequencedRecord[], from = stream, isWhole = false) =>
    new RecordOpener(ports, from, key(), isWhole).open(records, ALL);
  const FAILED = { kind: 'decryption-failed' };
  const [first, second] = stored([record('first', 7), record('second', 9)]) as [SequencedRecord, SequencedRecord];

  test('opens at its place', () => {
    const opened = open([first, second]) as SequencedRecord[];
    expect(opened.map(({ body }) => Buffer.from(body).toString())).toEqual(['first', 'second']);
    expect(opened.map(({ timestamp }) => timestamp)).toEqual([first.timestamp, second.timestamp]);
  });

  test('does not open at another number or time, or in another stream, incarnation or basin', () => {
    expect(open([{ ...first, seqNum: second.seqNum }])).toEqual(FAILED);
    expect(open([{ ...first, body: second.body }])).toEqual(FAILED);
    expect(open([{ ...first, timestamp: first.timestamp + 1 }])).toEqual(FAILED);
    for (const other of [{ id: 2 }, { name: 'other' }, { basin: 'basin-02' }]) {
      expect(open([first], { ...stream, ...other })).toEqual(FAILED);
    }
  });

  test('another size in the envelope does not open', () => {
    const body = first.body.slice();
    body[1] = (body[1] as number) + 1;
    expect(open([{ ...first, body }])).toEqual(FAILED);
  });

  test('another algorithm, or no envelope, is damage and no wrong key', () => {
    const other = cipher === 'aegis-256' ? 2 : 1;
    for (const algorithm of [other, 0, 9]) {
      const body = first.body.slice();
      body[0] = algorithm;
      expect(open([{ ...first, body }])).toMatchObject({ kind: 'record-damaged' });
    }
    for (const body of [new Uint8Array(0), Uint8Array.of(first.body[0] as number, 5), first.body.slice(0, 9)]) {
      expect(open([{ ...first, body }])).toMatchObject({ kind: 'record-damaged' });
    }
    const headers = [{ name: Uint8Array.of(65), value: Uint8Array.of(66) }];
    expect(open([{ ...first, headers }])).toMatchObject({ kind: 'record-damaged' });
  });

  test('what opens comes before what does not, unless one answer was asked for', () => {
    const bent = { ...second, seqNum: second.seqNum + 1 };
    expect(open([first, bent])).toHaveLength(1);
    expect(open([first, bent], stream, true)).toEqual(FAILED);
    expect(new RecordOpener(ports, stream, key(), true).open([first, bent], second.timestamp)).toHaveLength(2);
  });

  test('commands are stored and given back as they are', () => {
    const [command, sealed] = stored([fenceRecord('owner'), record('x')]) as [SequencedRecord, SequencedRecord];
    expect(Buffer.from(command.body).toString()).toBe('owner');
    expect(open([command, sealed])).toMatchObject([{ body: command.body }, { headers: [] }]);
  });

  test('equal records are never stored as equal bytes', () => {
    const again = stored([record('first', 7)])[0] as SequencedRecord;
    expect(again.body).not.toEqual(first.body);
    expect(again.body.length).toBe(first.body.length);
  });
});

describe('a key', () => {
  test('is of no use once it is erased', () => {
    const used = key();
    const { bytes } = used;
    used.erase();
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect(() => used.bytes).toThrow(/behind its request/);
  });

  test('shows itself in no text', () => {
    const used = key();
    expect(inspect(used, { showHidden: true, depth: 9 })).not.toMatch(/146|kkk|92/);
  });
});

function countingEntropy() {
  let drawn = 0;
  return { bytes: (length: number) => Uint8Array.from({ length }, () => (drawn++ * 7) & 0xff) };
}
