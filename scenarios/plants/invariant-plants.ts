/**
 * Wrong answers that no order of operations forbids: what the invariants of the specification are there for, made in the real
 * engine. Each says which of them has to be the one that is broken.
 */

import type { Plant } from './plants.ts';

const ADMISSION = 'engine/core/admission.ts';
const APPENDS = 'engine/stream/appends.ts';
const BATCH = 'engine/segments/record-batch.ts';
const READS = 'engine/stream/reads.ts';
const SEALS = 'engine/stream/record-seals.ts';
const STREAMS = 'engine/stream/streams.ts';

export const INVARIANT_PLANTS: readonly Plant[] = [
  {
    name: 'ack-of-another-time',
    lie: 'an acknowledgement has the time its append arrived, not the timestamp its first record got',
    edits: [
      {
        file: APPENDS,
        find: 'timestamp: chunk.firstTimestamp }, end, tail };',
        replace: 'timestamp: chunk.arrivalMs }, end, tail };',
      },
    ],
    seedsMax: 1_000,
    says: /has the timestamps|timestamps of a batch|of two moments/,
  },
  {
    name: 'refused-with-its-own-token',
    lie: 'an append that lacks the token in force is told that the one it has is in force',
    edits: [
      {
        file: ADMISSION,
        find: "kind: 'fencing-token-mismatch', actual: stream.fencingToken",
        replace: "kind: 'fencing-token-mismatch', actual: input.fencingToken",
      },
    ],
    seedsMax: 1_000,
    says: /was refused because ".*" is in force/,
  },
  {
    name: 'one-record-too-many',
    lie: 'a read returns one record more than it was asked for',
    edits: [
      {
        file: BATCH,
        find: 'this.records.length >= this.#limits.recordsMax',
        replace: 'this.records.length > this.#limits.recordsMax',
      },
    ],
    seedsMax: 1_000,
    says: /a read of \d+ records returned/,
  },
  {
    name: 'tail-of-creation',
    lie: 'a check of the tail is told the time the stream was created',
    edits: [
      {
        file: READS,
        find: "({ kind: 'tail', tail: stream.tail })",
        replace: "({ kind: 'tail', tail: { ...stream.tail, timestamp: stream.createdAtMs } })",
      },
    ],
    seedsMax: 1_000,
    says: /has the timestamps|timestamps run backwards/,
  },
  {
    name: 'time-of-each-record',
    lie: 'every record of a batch takes a look at the clock, which goes on meanwhile',
    edits: [
      {
        file: ADMISSION,
        find: "timestampingMode === 'arrival' ? nowMs : asked;",
        replace: "timestampingMode === 'arrival' ? nowMs + i : asked;",
      },
      { file: ADMISSION, find: 'wanted = Math.min(wanted, nowMs);', replace: 'wanted = Math.min(wanted, nowMs + i);' },
    ],
    seedsMax: 1_000,
    says: /of two moments|and it is \d+/,
  },
  {
    name: 'never-capped',
    lie: 'a record may claim any time to come, also in a stream that caps',
    edits: [{ file: ADMISSION, find: 'if (!timestampingUncapped) wanted = Math.min(wanted, nowMs);', replace: '' }],
    seedsMax: 1_000,
    profile: 'storage',
    says: /and it is \d+/,
  },
  {
    name: 'session-skips-sealed',
    lie: 'a session over an encrypted stream leaves out a record now and then',
    edits: [
      {
        file: SEALS,
        find: '      opened.push(content);',
        replace: '      if (this.#isWhole || record.seqNum % 5 !== 3) opened.push(content);',
      },
    ],
    seedsMax: 1_000,
    says: /secret-basin\/secrets at the end: .*(is due|records are left|what follows record \d+, .* is not told)/,
  },
  {
    name: 'sealed-for-a-week',
    lie: 'of an encrypted stream it is told that records are kept for a week, however long they are',
    edits: [
      {
        file: STREAMS,
        find: "return stream.deletedAtMs === null ? { kind: 'config', config: stream.config } : rejected(PENDING);",
        replace:
          'const week = { ...stream.config, retentionAgeS: 604_800 };\n' +
          '      const config = stream.cipher === null ? stream.config : week;\n' +
          "      return stream.deletedAtMs === null ? { kind: 'config', config } : rejected(PENDING);",
      },
    ],
    seedsMax: 1_000,
    // Whoever asks for configurations sees it, where the stream is of theirs.
    says: /secret-basin\/secrets at the end: nobody changed its configuration|was answered with `express kept 604800 s/,
  },
];
