/**
 * Hazards of what no simulated world has: a real disk's cache, and the client of S3. The test that plays each stands beside
 * the code; `plants/run-directed.ts` plays it with the bug planted.
 */

import type { TestStory } from './story.ts';

export const ACK_BEFORE_DISK: TestStory = {
  name: 'ack-before-disk',
  lie: 'an object of a folder store counts as stored before its bytes are on the disk',
  edits: [{ file: 'engine/adapters/durable-files.ts', find: 'await handle.datasync();', replace: '' }],
  directedOnly: true,
  test: {
    file: 'engine/adapters/folder-engine.test.ts',
    claim: 'a power failure after any step of two owners loses nothing that was acknowledged or shown',
  },
};

export const TOKEN_IGNORED: TestStory = {
  name: 'token-ignored',
  lie: 'credentials are taken from the environment by hand, and the session token is forgotten',
  edits: [
    {
      file: 'engine/adapters/s3-client.ts',
      find: 'maxAttempts: 1,',
      replace:
        'maxAttempts: 1,\n' +
        '    credentials: {\n' +
        "      accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? '',\n" +
        "      secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? '',\n" +
        '    },',
    },
  ],
  directedOnly: true,
  test: {
    file: 'engine/adapters/s3-client.test.ts',
    claim: 'with a session token are used with it, at the endpoint that the URL names',
  },
};
