/** Wrong read sessions: followers that are shown too much, too little, or the past as the present. */

import type { Plant } from './plants.ts';
import type { DirectedPlant } from './storage-plants.ts';

const SESSION = 'engine/stream/read-session.ts';

export const SESSION_PLANTS: readonly Plant[] = [
  {
    name: 'gap-at-the-seam',
    lie: 'a reader that is about to follow begins at the tail as it is then, and not behind what it showed',
    edits: [
      {
        file: SESSION,
        find: '    if (isRejection(stream) || stream.tail.seqNum !== before.seqNum) {',
        replace:
          '    if (!isRejection(stream)) this.#next = stream.tail.seqNum;\n' +
          '    if (isRejection(stream) || stream.tail.seqNum < before.seqNum) {',
      },
    ],
    seedsMax: 200,
  },
];

/**
 * What a heartbeat says was true at some moment after the event before it, and without the proof that is nearly always so:
 * only a second stale heartbeat in a row would be a lie to an observer. And falling behind takes a thousand records in one
 * batch of the log, which no run has. A server of the simulation that lost the store is gone before it could end a session wrongly.
 */
export const DIRECTED_SESSION_PLANTS: readonly DirectedPlant[] = [
  {
    name: 'heartbeat-unproved',
    lie: 'a heartbeat shows the tail without asking the store whether this server still owns it',
    edits: [
      {
        file: SESSION,
        find: 'const refusal = await this.#source.prove();',
        replace: 'const refusal = null as Rejection | null;',
      },
    ],
    directedOnly: true,
    test: {
      file: 'engine/stream/read-session.test.ts',
      claim: 'a rival takes over: no heartbeat is told any more, and the session says why',
    },
  },
  {
    name: 'repeat-after-falling-behind',
    lie: 'a reader that was overtaken catches up from the last record it showed, and not behind it',
    edits: [
      {
        file: SESSION,
        find: '      this.#following = false;',
        replace: '      this.#following = false;\n      this.#next--;',
      },
    ],
    directedOnly: true,
    test: {
      file: 'engine/stream/read-session.test.ts',
      claim: 'a slow reader holds one batch: what it missed is read again from the stream',
    },
  },
  {
    name: 'quiet-end',
    lie: 'a session of a server that lost the store ends as if it had shown everything',
    edits: [
      {
        file: SESSION,
        find: 'if (isRejection(stream)) return this.#failed(stream);',
        replace: 'if (isRejection(stream)) return null;',
      },
    ],
    directedOnly: true,
    test: { file: 'engine/stream/read-session.test.ts', claim: 'the server drains' },
  },
];
