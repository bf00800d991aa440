/**
 * A certificate and its key in two files, read anew while the server runs: who renews a certificate replaces files and does
 * nothing else.
 *
 * Two files can not be replaced at once. A pair that does not work, because only one of them is new or one is half written,
 * never takes the place of one that does: it is reported once, and looked at again until it works.
 */

import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

import type { TlsIdentity } from './http-listener.ts';

/** How often the files are read. They are small, and reading them misses nothing, whatever their times and links say. */
const LOOK_MS = 1_000;

export interface TlsFiles {
  /** Path of the certificate with its chain, in PEM. */
  cert: string;
  /** Path of its key, in PEM and without a passphrase. */
  key: string;
}

/** What is in the files can not be served; the message says which file and why, and nothing of what is in them. */
export class TlsFilesError extends Error {}

/** The pair, which works. Throws a TlsFilesError. */
export async function readTlsFiles({ cert, key }: TlsFiles): Promise<TlsIdentity> {
  const identity = { cert: await content('--tls-cert', cert), key: await content('--tls-key', key) };
  try {
    createSecureContext(identity);
  } catch (error) {
    throw new TlsFilesError(`--tls-cert ${cert} and --tls-key ${key} do not work: ${(error as Error).message}`);
  }
  return identity;
}

export interface TlsWatch {
  /** There is a new pair, and it works. */
  onChange: (identity: TlsIdentity) => void;
  /** There is something new that does not work. Called once for each reason. */
  onProblem: (message: string) => void;
  /** Default 1 s. */
  everyMs?: number;
}

/** Looks at the files until the returned function is called; `current` is what was read of them before. */
export function watchTlsFiles(files: TlsFiles, current: TlsIdentity, watch: TlsWatch): () => void {
  const { onChange, onProblem, everyMs = LOOK_MS } = watch;
  let served = current;
  let problem: string | null = null;
  let isOver = false;
  let timer = setTimeout(look, everyMs).unref();

  function look(): void {
    void lookOnce().finally(() => {
      if (!isOver) timer = setTimeout(look, everyMs).unref();
    });
  }

  async function lookOnce(): Promise<void> {
    try {
      const found = await readTlsFiles(files);
      problem = null;
      if (isOver || isSame(found, served)) return;
      served = found;
      onChange(found);
    } catch (error) {
      if (!(error instanceof TlsFilesError)) throw error;
      if (!isOver && error.message !== problem) onProblem(error.message);
      problem = error.message;
    }
  }

  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

function isSame(a: TlsIdentity, b: TlsIdentity): boolean {
  return Buffer.from(a.cert).equals(Buffer.from(b.cert)) && Buffer.from(a.key).equals(Buffer.from(b.key));
}

async function content(flag: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new TlsFilesError(`${flag} ${path} can not be read: ${(error as Error).message.split(',')[0]}`);
  }
}
