/** Wrong figures: a usage that is not what was appended, or not what is there. */

import type { Plant } from './plants.ts';

export const USAGE_PLANTS: readonly Plant[] = [
  {
    name: 'bytes-are-records',
    lie: 'appended bytes are counted by records',
    edits: [
      {
        file: 'engine/state/usage.ts',
        find: '+ row.appendedBytes - before.appendedBytes;',
        replace: '+ row.tail.seqNum - before.tail.seqNum;',
      },
    ],
    seedsMax: 200,
    says: /the server counts \d+ appended bytes/,
  },
  {
    name: 'trim-counted-too-far',
    lie: 'what a trim took away is counted with the first record that is left',
    edits: [
      {
        file: 'engine/segments/stream-reader.ts',
        find: '  decodeRecordsFrom(chunk, chunk.records, seqNum, (record) => {',
        replace: '  decodeRecordsFrom(chunk, chunk.records, seqNum + 1, (record) => {',
      },
    ],
    seedsMax: 500,
    says: /what is stored is what is there: not reached/,
  },
];
