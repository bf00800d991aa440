/**
 * Wrong folder stores, made like the wrong engines of `plants.ts`. Nothing but a lost page or name of the disk
 * tells them from the right one, so the walk on a simulated disk (`engine/testing/folder-walk.ts`) hunts them.
 */

import type { Plant } from './plants.ts';

const STORE = 'engine/adapters/folder-blob-store.ts';
const FILES = 'engine/adapters/durable-files.ts';
const DIRECTORIES = 'engine/adapters/folder-directories.ts';
const OPEN_FILES = 'engine/adapters/folder-open-files.ts';

const NAMING = 'await this.#files.link(made.tmp, made.path);';
const NAMED = 'await made.directory.sync();';

export const FOLDER_PLANTS: readonly Plant[] = [
  {
    name: 'folder-refused-unsynced',
    lie: 'a put is refused because the name is visible, whether it is on the disk or not',
    edits: [{ file: STORE, find: NAMED, replace: `if (!taken) ${NAMED}` }],
    seedsMax: 5000,
  },
  {
    name: 'folder-listing-unsynced',
    lie: 'a listing shows what is visible, so that a collector deletes what an undurable publication replaces',
    edits: [
      {
        file: STORE,
        find: 'await Promise.all(visited.map(async (names) => (await this.#tree.reach(names)).sync()));',
        replace: 'await Promise.all(visited.map((names) => this.#tree.reach(names)));',
      },
    ],
    seedsMax: 5000,
  },
  {
    name: 'folder-listing-synced-before',
    lie: 'a listing syncs the directories first and reads their names then',
    edits: [
      {
        file: STORE,
        find: 'const { keys, more, visited } = await listFolder(',
        replace:
          'const first = await listFolder(this.#files, this.path, { prefix, after, keysMax });\n' +
          '      await Promise.all(first.visited.map(async (names) => (await this.#tree.reach(names)).sync()));\n' +
          '      const { keys, more } = await listFolder(',
      },
      {
        file: STORE,
        find: 'await Promise.all(visited.map(async (names) => (await this.#tree.reach(names)).sync()));',
        replace: '',
      },
    ],
    seedsMax: 5000,
  },
  {
    name: 'folder-done-unsynced',
    lie: 'a put is done when the name is visible',
    edits: [{ file: STORE, find: NAMED, replace: `if (taken) ${NAMED}` }],
    seedsMax: 5000,
  },
  {
    name: 'folder-body-unsynced',
    lie: 'an object gets its name before its bytes are on the disk',
    edits: [{ file: FILES, find: 'await handle.datasync();', replace: '' }],
    seedsMax: 5000,
  },
  {
    name: 'folder-body-synced-twice',
    lie: 'a sync of a body that failed is tried again on the same file',
    edits: [
      {
        file: FILES,
        find: 'await handle.datasync();',
        replace: 'await handle.datasync().catch(() => handle.datasync());',
      },
    ],
    seedsMax: 5000,
  },
  {
    name: 'folder-replaces',
    lie: 'an object takes its name away from whoever has it, as rename(2) does',
    edits: [
      {
        file: STORE,
        find: NAMING,
        replace: `await this.#files.unlink(made.path).catch(() => undefined);\n      ${NAMING}`,
      },
    ],
    seedsMax: 5000,
  },
  {
    name: 'folder-written-in-place',
    lie: 'an object is created under its final name, exclusively, and filled then',
    edits: [
      {
        file: STORE,
        find: 'await this.#durable.write(tmp, parts);',
        replace:
          'const made = await this.#durable.write(join(directory.path, file), parts).catch((error: unknown) => error);\n' +
          "      if (errnoOf(made) === 'EEXIST') return await directory.sync().then(() => ({ kind: 'refused' as const }));\n" +
          '      if (made !== undefined) throw made;\n' +
          "      return await directory.sync().then(() => ({ kind: 'done' as const }));",
      },
    ],
    seedsMax: 5000,
  },
  {
    name: 'folder-directory-synced-twice',
    lie: 'a sync of a directory that failed is tried again, and believed',
    edits: [
      {
        file: DIRECTORIES,
        find: 'this.#running = this.#handle.sync().then(',
        replace: 'this.#running = this.#handle.sync().catch(() => this.#handle.sync()).then(',
      },
    ],
    seedsMax: 5000,
  },
  {
    name: 'folder-sync-shared',
    lie: 'whoever wants a sync while one is running waits for that one',
    edits: [
      {
        file: DIRECTORIES,
        find: 'this.#following ??= this.#running.then(() => {',
        replace: 'return this.#running;\n    this.#following ??= this.#running!.then(() => {',
      },
    ],
    seedsMax: 5000,
  },
  {
    name: 'folder-directory-unsynced',
    lie: 'objects are put into a directory whose own name is not on the disk yet',
    edits: [{ file: DIRECTORIES, find: 'await parent.sync();', replace: '' }],
    seedsMax: 5000,
  },
  {
    name: 'folder-root-unsynced',
    lie: 'a folder that is there already is believed to be on the disk',
    edits: [
      {
        file: DIRECTORIES,
        find: 'await syncNamesIn(files, dirname(existing)).catch(ignoreForeignParent);',
        replace: '',
      },
    ],
    seedsMax: 5000,
  },
  {
    name: 'folder-handle-unchecked',
    lie: 'a file that was kept open is read again, whatever its name leads to by now',
    edits: [
      { file: OPEN_FILES, find: 'if (named?.ino === kept.ino) return', replace: 'if (named !== undefined) return' },
    ],
    seedsMax: 5000,
  },
];
