/**
 * Programs that put objects into a folder store until they are killed: `put-stream FOLDER ROUND`.
 *
 * For every put that was reported `done` it writes the key as a line, synchronously, so that a line is
 * evidence of a report that was made before the kill. The body of an object follows from its key alone.
 */

import { writeSync } from 'node:fs';

import { openFolderBlobStore } from '../adapters/folder-blob-store.ts';
import type { BlobStore } from '../ports.ts';

const PUTS_IN_FLIGHT = 4;
const STDOUT = 1;

/** Between nothing and 192 KiB, unlike the body of any other key in length or content. */
export function bodyOf(key: string): Uint8Array {
  let state = 0x811c9dc5;
  for (const character of key) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193) >>> 0;
  const body = new Uint8Array(state % (192 * 1024));
  for (let index = 0; index < body.length; index += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    body[index] = state >>> 24;
  }
  return body;
}

/**
 * Never returns; the folder is fresh or was left behind by earlier rounds.
 * @public the crash test bundles it into a program of its own
 */
export async function putUntilKilled(folder: string, round: string): Promise<never> {
  const store = await openFolderBlobStore(folder);
  let count = 0;
  const put = async (): Promise<never> => {
    for (;;) {
      count += 1;
      const key = `wal/${round}-${count}`;
      const body = bodyOf(key);
      const middle = body.length >> 1;
      await putForSure(store, key, [body.subarray(0, middle), body.subarray(middle)]);
      writeSync(STDOUT, `${key}\n`);
    }
  };
  return Promise.race(Array.from({ length: PUTS_IN_FLIGHT }, put));
}

/**
 * Races with others for the names `race/0`, `race/1`, …, from the last one there is, and reports those it won. The
 * body says who won. Never returns.
 * @public the crash test bundles it into a program of its own
 */
export async function raceUntilKilled(folder: string, round: string): Promise<never> {
  const store = await openFolderBlobStore(folder);
  const listed = await store.list('race/');
  for (let count = listed.kind === 'page' ? listed.blobs.length : 0; ; count += 1) {
    const key = `race/${String(count).padStart(3, '0')}`;
    const outcome = await store.putIfAbsent(key, [bodyOf(`${round} ${key}`)]);
    if (outcome.kind === 'done') writeSync(STDOUT, `${key}\n`);
  }
}

/** A put is repeated while it is unknown (another start swept its temporary file); then a taken name is our own. */
async function putForSure(store: BlobStore, key: string, parts: readonly Uint8Array[]): Promise<void> {
  for (let doubt = false; ; doubt = true) {
    const outcome = await store.putIfAbsent(key, parts);
    if (outcome.kind === 'done' || (doubt && outcome.kind === 'refused')) return;
    if (outcome.kind !== 'unknown' || !outcome.fault.retryable) throw new Error(`${key}: ${JSON.stringify(outcome)}`);
  }
}
