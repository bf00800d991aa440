/** Wrong read sessions: followers that are shown too much, too little, or the past as the present. */

import type { Plant } from './plants.ts';

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
    seedsMax: 1_000,
  },
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
    seedsMax: 20_000,
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
    seedsMax: 5_000,
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
    seedsMax: 5_000,
  },
];
