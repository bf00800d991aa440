/** Where the servers of a kill run keep their data: a folder, a bucket of a server started here, or any URL. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startS3Server } from '../../engine/testing/s3-server.ts';

export interface KillStore {
  url: string;
  /** What the servers need in their environment to use it. */
  env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** What a process keeps in itself: gone with it. */
export const MEMORY = 'memory:';

/** `file`: a folder of its own. `s3`: a real S3 server, started and ended here. Otherwise the URL of a store. */
export async function openKillStore(word: string): Promise<KillStore> {
  if (word === 's3') {
    const server = await startS3Server();
    return { url: server.url('kill'), env: server.env, close: () => server.close() };
  }
  if (word !== 'file') return { url: word, env: {}, close: async () => undefined };
  const dir = mkdtempSync(join(tmpdir(), 'tailrace-kill-'));
  return { url: `file:${dir}`, env: {}, close: async () => rmSync(dir, { recursive: true, force: true }) };
}
