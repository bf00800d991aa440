/**
 * The file system as the folder store sees it: the few calls whose failures the store tells apart.
 *
 * `nodeFiles` is the real one. Tests put a faulty or simulated one underneath, because a store that is only
 * ever run on a healthy disk is a store whose error handling nobody has seen.
 */

import * as fs from 'node:fs/promises';

export interface FileFacts {
  size: number;
  /** Which file it is: unlike that of any other file that has a name or is open. */
  ino: number;
  isDirectory(): boolean;
}

export interface FileHandle {
  writev(buffers: readonly Uint8Array[]): Promise<{ bytesWritten: number }>;
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  stat(): Promise<FileFacts>;
  /** The bytes of the file, and what is needed to find them, reach the disk. */
  datasync(): Promise<void>;
  /** As `datasync`; on a directory: its names reach the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface DirectoryEntry {
  name: string;
  isFile(): boolean;
  isDirectory(): boolean;
}

/** Errors are those of Node: `code` is the name of the errno. */
export interface FolderFiles {
  /** `wx` creates and fails with EEXIST; `r` also opens directories. */
  open(path: string, flags: 'r' | 'wx'): Promise<FileHandle>;
  /** Gives the file a second name, or fails with EEXIST, atomically across processes. */
  link(path: string, newPath: string): Promise<void>;
  unlink(path: string): Promise<void>;
  mkdir(path: string): Promise<unknown>;
  readdir(path: string, options: { withFileTypes: true }): Promise<DirectoryEntry[]>;
  stat(path: string): Promise<FileFacts>;
}

export const nodeFiles: FolderFiles = fs;
