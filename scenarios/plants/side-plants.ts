/**
 * Wrong lives, trims and retention: what the judge of side streams is there for, made in the real engine. They are hunted in
 * the profile that has most side streams, which is in one of three runs.
 */

import type { Plant } from './plants.ts';

const ADMISSION = 'engine/core/admission.ts';
const APPENDS = 'engine/stream/appends.ts';
const EMPTIES = 'engine/stream/empties.ts';
const FOLD = 'engine/state/fold.ts';
const LOOKUP = 'engine/segments/segment-lookup.ts';
const READER = 'engine/segments/stream-reader.ts';
const RETENTION = 'engine/segments/retention.ts';
const TABLES = 'engine/state/tables.ts';

export const SIDE_PLANTS: readonly Plant[] = [
  {
    name: 'id-used-again',
    lie: 'a stream that is created again gets the id of the deleted one, and with it the segments of that life',
    edits: [
      {
        file: TABLES,
        find: 'return [layOver(this.#streams, id, undefined),',
        replace:
          'if (id === this.#nextStreamId - 1) this.#nextStreamId = id;\n' +
          '      return [layOver(this.#streams, id, undefined),',
      },
    ],
    seedsMax: 1_000,
    profile: 'storage',
  },
  {
    name: 'trim-not-in-segments',
    lie: 'a trim hides records in memory; reads from segments go below it',
    edits: [
      {
        file: READER,
        find: 'const from = Math.max(fromSeqNum, stream.trimPoint);\n    return from >= stream.tail.seqNum',
        replace: 'const from = fromSeqNum;\n    return from >= stream.tail.seqNum',
      },
      {
        file: READER,
        find: 'const from = Math.max(fromSeqNum, tables.stream(streamId)?.trimPoint ?? 0);',
        replace: 'const from = fromSeqNum;',
      },
    ],
    seedsMax: 1_000,
    profile: 'storage',
  },
  {
    name: 'trim-falls-back',
    lie: 'a later trim to a lower number takes the earlier one back',
    edits: [
      {
        file: ADMISSION,
        find: 'else trimPoint = Math.max(trimPoint, Math.min(command.trimPoint, firstSeqNum + index + 1));',
        replace: 'else trimPoint = Math.min(command.trimPoint, firstSeqNum + index + 1);',
      },
      {
        file: FOLD,
        find: "assert(chunk.trimPoint === null || chunk.trimPoint > stream.trimPoint, 'a trim point never falls');",
        replace: '',
      },
    ],
    seedsMax: 1_000,
    profile: 'storage',
  },
  {
    name: 'retention-by-timestamp',
    lie: 'retention goes by what clients claim as timestamps, not by arrival',
    edits: [
      {
        file: RETENTION,
        find: 'for (const { seqNum, arrivalMs } of run.points.slice(1)) yield { seqNum, arrivalMs };',
        replace: 'for (const { seqNum, timestamp } of run.points.slice(1)) yield { seqNum, arrivalMs: timestamp };',
      },
      {
        file: RETENTION,
        find: 'yield { seqNum: run.nextSeqNum, arrivalMs: run.lastArrivalMs };',
        replace: 'yield { seqNum: run.nextSeqNum, arrivalMs: run.lastTimestamp };',
      },
    ],
    seedsMax: 1_000,
    profile: 'storage',
  },
  {
    name: 'timestamp-behind-segment',
    lie: 'a read by the timestamp of the last record of a segment begins in the next one',
    edits: [
      {
        file: LOOKUP,
        find: 'run.nextSeqNum > trimPoint && run.lastTimestamp >= timestamp;',
        replace: 'run.nextSeqNum > trimPoint && run.lastTimestamp > timestamp;',
      },
    ],
    seedsMax: 1_000,
    profile: 'storage',
  },
  {
    name: 'empty-by-what-is-durable',
    lie: 'a stream goes as empty although an append to it is on its way',
    edits: [
      {
        file: EMPTIES,
        find: 'const stream = journal.ahead.stream(streamId);',
        replace: 'const stream = this.#parts.tables.stream(streamId);',
      },
    ],
    seedsMax: 1_000,
    profile: 'storage',
  },
  {
    name: 'session-follows-its-name',
    lie: 'an append session appends to whatever stream has the name now, not to the one it was opened on',
    edits: [
      {
        file: APPENDS,
        find: 'session === null ? this.#births.forAppend(basin, name) : this.#sameStream(append, session);',
        replace: 'this.#births.forAppend(basin, name);',
      },
    ],
    seedsMax: 1_000,
    profile: 'storage',
    says: /an append session reached the next life/,
  },
];
