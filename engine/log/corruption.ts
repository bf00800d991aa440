/**
 * What is wrong with an object of the store, in words for whoever has to mend it: which object, at which byte, what, and
 * what to do. Every decoder throws this and nothing else for bytes it does not take, whatever the bytes are.
 *
 * The version is looked at before anything else in an object, so that an object of another version is never called
 * damaged (docs/FORMAT.md, "How the format is changed").
 */

import { FORMAT_VERSION, FORMAT_VERSION_OLDEST } from '../core/format-version.ts';

/** What to do about an object that is not what it has to be. */
export const REMEDY = {
  restore: 'Put back a sound copy of this object; `tailrace store verify` checks the rest of the store',
  report:
    'Its checksums are sound, so a server wrote it like this: keep a copy of the store and report it; restoring an older copy of the whole store helps',
  newerBuild: 'Use a newer build',
  olderBuild: 'Use the build that wrote it; this one does not convert older stores',
} as const;

/** An object came with bytes that no writer of this format puts there. The message names object, byte and remedy. */
export class LogCorruption extends Error {
  override name = 'LogCorruption';
  readonly object: string;
  /** The first byte, of what one checksum covers, that can be wrong. 0 for an object that is missing. */
  readonly offset: number;
  readonly what: string;
  readonly remedy: string;

  constructor(object: string, offset: number, what: string, remedy: string = REMEDY.restore) {
    super(`${object}, byte ${offset}: ${what}. ${remedy}`);
    this.object = object;
    this.offset = offset;
    this.what = what;
    this.remedy = remedy;
  }
}

/** Where the version stands at the beginning of every binary object. */
export const VERSION_OFFSET = 4;

/** Throws LogCorruption unless `found`, the byte at `offset`, is a version that this build reads. */
export function checkVersion(object: string, found: number, offset = VERSION_OFFSET): void {
  if (isReadable(found)) return;
  const what = `it has format version ${found}; this build reads ${READABLE}`;
  throw new LogCorruption(object, offset, what, otherVersion(found));
}

export function isReadable(version: unknown): boolean {
  return typeof version === 'number' && version >= FORMAT_VERSION_OLDEST && version <= FORMAT_VERSION;
}

/** The versions this build reads, as messages name them. */
export const READABLE = `versions ${FORMAT_VERSION_OLDEST} to ${FORMAT_VERSION}`;

/** What to do about a version that is not this build's. */
export function otherVersion(found: number): string {
  return found < FORMAT_VERSION ? REMEDY.olderBuild : REMEDY.newerBuild;
}

/**
 * What `decode` makes of bytes whose checksum is sound. A RangeError says that they make no sense all the same, which is
 * reported for the byte `offset` of the object.
 */
export function meaningOf<Meaning>(object: string, offset: number, decode: () => Meaning): Meaning {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new LogCorruption(object, offset, error.message, REMEDY.report);
  }
}
