/**
 * Errors of the file system as faults of the BlobStore port: a stable word, what failed, what to do about it.
 *
 * `retryable` says whether the same call may work a moment later without anybody touching the machine.
 */

import type { StoreFault } from '../ports.ts';

/** Opening a folder as a store failed for a reason its owner has to remove. The message is one line. */
export class FolderRefusedError extends Error {
  readonly code: string;

  constructor(fault: { code: string; message: string }) {
    super(fault.message);
    this.name = 'FolderRefusedError';
    this.code = fault.code;
  }
}

/** A directory could not be synced: which of its names are on the disk is not known any more, for good. */
export class DirectorySyncError extends Error {
  constructor(directory: string, cause: unknown) {
    super(`the names in ${directory} could not be made durable (${errnoOf(cause) ?? String(cause)})`, { cause });
    this.name = 'DirectorySyncError';
  }
}

interface Meaning {
  code: string;
  says: string;
  remedy: string;
  retryable: boolean;
}

const DISK_FULL: Meaning = {
  code: 'no-space',
  says: 'there is no room left',
  remedy: 'free space or raise the quota, then start again',
  retryable: false,
};
const TOO_LARGE: Meaning = {
  code: 'too-large',
  says: 'a file may not become that large',
  remedy: 'raise the limit of file sizes (ulimit -f, LimitFSIZE), then start again',
  retryable: false,
};
const DENIED: Meaning = {
  code: 'denied',
  says: 'permission is missing',
  remedy: 'let this user read and write the folder and everything in it',
  retryable: false,
};
const READ_ONLY: Meaning = {
  code: 'read-only',
  says: 'the file system is read-only',
  remedy: 'mount it writable; a file system that turned read-only by itself has met disk errors',
  retryable: false,
};
const TOO_MANY_FILES: Meaning = {
  code: 'too-many-files',
  says: 'too many files are open',
  remedy: 'raise the limit of open files (ulimit -n, LimitNOFILE)',
  retryable: true,
};
const DISK_ERROR: Meaning = {
  code: 'io',
  says: 'the disk reported an error',
  remedy: "look at the kernel's log and the health of the disk",
  retryable: true,
};
const VANISHED: Meaning = {
  code: 'missing',
  says: 'a file or folder it needs is not there',
  remedy:
    'check that the folder is mounted and that nothing cleans it up; another server starting on it sweeps temporary files',
  retryable: true,
};
const NAME_TOO_LONG: Meaning = {
  code: 'bad-name',
  says: 'the name is too long for this file system',
  remedy: 'use a shorter folder path',
  retryable: false,
};
const NOT_A_FOLDER: Meaning = {
  code: 'not-a-folder',
  says: 'something that is not a folder is in the way',
  remedy: 'choose another path or move it away',
  retryable: false,
};
const NO_HARD_LINKS: Meaning = {
  code: 'no-hard-links',
  says: 'this file system has no hard links',
  remedy: 'choose a folder on a local file system such as ext4, xfs, btrfs, zfs or APFS',
  retryable: false,
};

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOSPC: DISK_FULL,
  EDQUOT: DISK_FULL,
  EFBIG: TOO_LARGE,
  EACCES: DENIED,
  EPERM: DENIED,
  EROFS: READ_ONLY,
  EMFILE: TOO_MANY_FILES,
  ENFILE: TOO_MANY_FILES,
  EIO: DISK_ERROR,
  ENOENT: VANISHED,
  ESTALE: VANISHED,
  ENAMETOOLONG: NAME_TOO_LONG,
  ENOTDIR: NOT_A_FOLDER,
  EEXIST: NOT_A_FOLDER,
};

/** Errnos by which `link` says that it does not exist here. */
const LINKLESS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK', 'EINVAL']);

/** What went wrong with `action` (such as `write wal/7`) in the store's `folder`. */
export function folderFault(action: string, folder: string, error: unknown): StoreFault {
  if (error instanceof DirectorySyncError) return syncFault(action, error);
  const errno = errnoOf(error);
  return faultOf(action, folder, errno, (errno === undefined ? undefined : MEANINGS[errno]) ?? unfamiliar(error));
}

/** As `folderFault`, for a failed `link`, whose errnos mean other things. */
export function linkFault(action: string, folder: string, error: unknown): StoreFault {
  const errno = errnoOf(error);
  if (errno === undefined || !LINKLESS.has(errno)) return folderFault(action, folder, error);
  return faultOf(action, folder, errno, NO_HARD_LINKS);
}

export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

function faultOf(action: string, folder: string, errno: string | undefined, meaning: Meaning): StoreFault {
  const { code, says, remedy, retryable } = meaning;
  const name = errno === undefined ? '' : ` (${errno})`;
  return { code, message: `cannot ${action} in ${folder}: ${says}${name}; ${remedy}`, retryable };
}

function syncFault(action: string, error: DirectorySyncError): StoreFault {
  const message = `cannot ${action}: ${error.message}; stop this process, check the disk, then start again`;
  return { code: 'directory-sync', message, retryable: false };
}

function unfamiliar(error: unknown): Meaning {
  const says = error instanceof Error ? error.message : String(error);
  return { code: 'io', says, remedy: 'see the manual of the file system', retryable: true };
}
