/** What a command is given to read: a file as a whole or in pieces, or the standard input (`-`). */

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

export interface Input {
  /** All of it. */
  whole: () => Uint8Array;
  pieces: () => Iterable<Uint8Array>;
}

/** Throws what reading throws. */
export function inputOf(file: string): Input {
  if (file !== '-') return { whole: () => readFileSync(file), pieces: () => piecesOf(file) };
  const bytes = readFileSync(0);
  return { whole: () => bytes, pieces: () => [bytes] };
}

/** Of some megabytes, each valid until the next is taken. */
const PIECE_BYTES = 4 << 20;

export function* piecesOf(file: string): Generator<Uint8Array> {
  const opened = openSync(file, 'r');
  try {
    const buffer = new Uint8Array(PIECE_BYTES);
    for (let size = readSync(opened, buffer); size > 0; size = readSync(opened, buffer)) yield buffer.subarray(0, size);
  } finally {
    closeSync(opened);
  }
}
