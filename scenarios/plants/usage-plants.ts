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
    seedsMax: 1_000,
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
    seedsMax: 1_000,
    says: /what is stored is what is there: not reached/,
  },
  {
    name: 'reads-uncounted',
    lie: 'a read is counted as a session',
    edits: [
      {
        file: 'engine/api/routes.ts',
        find: "readProtocol(headers).kind === 'unary' ? 'reads-unary' : 'reads-streaming';",
        replace: "'reads-streaming';",
      },
    ],
    seedsMax: 1_000,
    says: /reads of \d+ bytes that were answered/,
  },
  {
    name: 'counts-outlive-basins',
    lie: 'what was counted in a basin and not logged before it ended is told of the next one of its name',
    edits: [
      {
        file: 'engine/stream/usage-meter.ts',
        find: '    this.#basins.delete(basin);',
        replace: '    void basin;',
      },
    ],
    seedsMax: 1_000,
    says: /the server counts \d+ (?:reads|bytes that were read), which are/,
  },
  {
    name: 'a-year-is-never-over',
    lie: 'what was logged at a time to come is told of that time',
    edits: [
      {
        file: 'engine/state/usage-series.ts',
        find: '    if (at <= nowAt) next = at;',
        replace: '    next = at;',
      },
    ],
    seedsMax: 1_000,
    profile: 'skew',
    says: /the server counts \d+ app|fell from/,
  },
  {
    name: 'gauge-by-latest-time',
    lie: 'what is stored is what the clock that was ahead told, and not what the log has last',
    edits: [
      {
        file: 'engine/state/usage-series.ts',
        find: '      if (come.place > place) [value, place] = [come.after, come.place];',
        replace: '      [value, place] = [come.after, come.place];',
      },
    ],
    profile: 'swarm',
    seedsMax: 10_000,
    says: /what is stored is what is there: not reached/,
  },
];
