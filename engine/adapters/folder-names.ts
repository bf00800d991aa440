/**
 * Which file holds which key: `wal/7` is the file `wal/7.blob` below the store's folder.
 *
 * The mapping is one to one and safe on file systems that ignore case: a capital letter is written as `^`
 * and the small letter; an object ends in `.blob`, so that `a` and `a/b` can both exist; a directory that
 * would end so gets a `^`. Names that no key maps to belong to somebody else and parse to null.
 */

const OBJECT_SUFFIX = '.blob';

/** Below the store's folder; no key maps to it. Holds objects that have no name yet. */
export const TMP_DIRECTORY = '+tmp';

export interface KeyPath {
  /** Names of the directories from the store's folder down; may be empty. */
  directories: readonly string[];
  file: string;
}

export function pathOfKey(key: string): KeyPath {
  const segments = key.split('/');
  const last = segments.pop()!;
  return { directories: segments.map(directoryName), file: escaped(last) + OBJECT_SUFFIX };
}

/** The last segment of the key of an object file, or null when the file is not an object. */
export function segmentOfFile(name: string): string | null {
  if (!name.endsWith(OBJECT_SUFFIX)) return null;
  const segment = unescaped(name.slice(0, -OBJECT_SUFFIX.length));
  return isSegment(segment) && escaped(segment) + OBJECT_SUFFIX === name ? segment : null;
}

/** The key segment a directory stands for, or null when it is not one of ours. */
export function segmentOfDirectory(name: string): string | null {
  const segment = unescaped(name.endsWith(`${OBJECT_SUFFIX}^`) ? name.slice(0, -1) : name);
  return isSegment(segment) && directoryName(segment) === name ? segment : null;
}

function directoryName(segment: string): string {
  const name = escaped(segment);
  return name.endsWith(OBJECT_SUFFIX) ? `${name}^` : name;
}

function escaped(segment: string): string {
  return segment.replace(/[A-Z]/g, (letter) => `^${letter.toLowerCase()}`);
}

function unescaped(name: string): string {
  return name.replace(/\^([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function isSegment(segment: string): boolean {
  return /^[A-Za-z0-9._-]+$/.test(segment) && segment !== '.' && segment !== '..';
}
