/** Claims of `tailrace check` about files of our own format: the command says what the library says. */

import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { judgeStream } from './check-stream.ts';
import { inputOf } from './pieces.ts';

const FOLDER = new URL('../../checker/testdata/extended/', import.meta.url);

test.each(readdirSync(FOLDER).filter((name) => !name.startsWith('malformed-')))(
  'the command takes all that the header of %s says',
  (name) => {
    const file = fileURLToPath(new URL(name, FOLDER));
    expect(judgeStream(file, inputOf(file), {})).toMatchObject({ verdict: name.split('-')[0] });
  },
);
