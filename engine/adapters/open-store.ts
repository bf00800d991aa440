/**
 * From the URL of a store to a BlobStore that can be relied on. The one way in for the server and for every tool.
 *
 * A bucket is probed on first use, by whoever means to write; a tool that only looks changes nothing. The SDK of S3
 * is loaded only for `s3:`.
 */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import type { BlobStore } from '../ports.ts';
import { ConformanceError, ProbeInterrupted } from './conformance-probe.ts';
import {
  type FirstUse,
  hasPassedBefore,
  prepareFirstUse,
  probeAndRemember,
  refuseStrangers,
  StoreRefusal,
} from './first-use.ts';
import { openFolderBlobStore } from './folder-blob-store.ts';
import { FolderRefusedError } from './folder-faults.ts';
import { MemoryBlobStore } from './memory-blob-store.ts';
import { openS3BlobStore } from './s3-blob-store.ts';
import { endpointOf, type S3Options } from './s3-client.ts';
import { parseStoreUrl, StoreUrlError } from './store-url.ts';
import { systemClock } from './system-clock.ts';
import { systemCompute } from './system-compute.ts';
import { systemEntropy } from './system-entropy.ts';
import { systemRandom } from './system-random.ts';

export interface OpenedStore {
  blobs: BlobStore;
  kind: 'memory' | 'file' | 's3';
  /** Where it is, for people: `memory`, an absolute path, or `s3://bucket/prefix` and its endpoint. */
  describe: string;
  /** Gives back files and connections. */
  release(): Promise<void>;
}

/** The store can not be opened. The message is one line: what was seen, where, and what to do. */
export class StoreOpenError extends Error {
  override name = 'StoreOpenError';
  /** `usage`: what was typed, or this machine. `refused`: the store's answer, or the lack of one. */
  readonly reason: 'usage' | 'refused';

  constructor(reason: 'usage' | 'refused', message: string) {
    super(message);
    this.reason = reason;
  }
}

type StoreAccess = 'own' | 'look' | 'probe';

export interface OpenStoreOptions {
  /**
   * `own`: to write; probes a bucket on first use. `look`: to read what is there. `probe`: to try the place out, beside
   * a server that may be using it. Default `own`.
   */
  access?: StoreAccess;
  /** How long a store that does not answer is asked. Default 10 s. */
  patienceMs?: number;
}

/** Stores of other makers mostly do not care, but signatures need the name of a region. */
const REGION_OF_OTHERS = 'us-east-1';

/** Throws a StoreOpenError. */
export function openStore(url: string, options: OpenStoreOptions = {}): Promise<OpenedStore> {
  return withOpenErrors(async () => {
    const { access = 'own', patienceMs = 10_000 } = options;
    const place = parseStoreUrl(url);
    if (place.kind === 'memory') return openMemory();
    if (place.kind === 'file') return openFolder(place.path, access);
    const store = await openS3(place.options);
    return orRelease(store, async () => {
      const use = firstUse(store, patienceMs);
      await (access === 'own' ? prepareFirstUse(use) : hasPassedBefore(use));
      return store;
    });
  });
}

/**
 * Makes every check of the conformance probe against the store and remembers a success. Returns where the store is.
 * Throws a ConformanceError for a store that is not fit, a StoreOpenError for one that can not be asked.
 */
export function probeStore(url: string, onPassed: (check: string) => void, patienceMs = 10_000): Promise<string> {
  return withOpenErrors(async () => {
    const store = await openStore(url, { access: 'probe', patienceMs });
    try {
      const use = firstUse(store, patienceMs);
      await refuseStrangers(use);
      await probeAndRemember(use, onPassed);
      return store.describe;
    } finally {
      await store.release();
    }
  }, ConformanceError);
}

function openMemory(): OpenedStore {
  const blobs = new MemoryBlobStore(nextTurn);
  return { blobs, kind: 'memory', describe: 'memory', release: async () => undefined };
}

/** Behind everything that has arrived by now. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function openFolder(path: string, access: StoreAccess): Promise<OpenedStore> {
  const describe = resolve(path);
  if (access !== 'own' && !existsSync(describe)) {
    throw new StoreOpenError('usage', `there is no folder ${describe}; correct the path after file:`);
  }
  const blobs = await openFolderBlobStore(path, undefined, access);
  return { blobs, kind: 'file', describe, release: () => blobs.close() };
}

async function openS3(options: S3Options): Promise<OpenedStore> {
  let blobs = await openS3BlobStore(options);
  try {
    await blobs.region();
  } catch (error) {
    await blobs.close();
    if (endpointOf(options) === undefined) {
      const message = `no region is set for ${blobs.where} (${(error as Error).message}); set AWS_REGION, or ?region= in the URL`;
      throw new StoreOpenError('usage', message);
    }
    blobs = await openS3BlobStore({ ...options, region: REGION_OF_OTHERS });
  }
  return { blobs, kind: 's3', describe: blobs.where, release: () => blobs.close() };
}

function firstUse({ blobs, describe }: OpenedStore, patienceMs: number): FirstUse {
  const ports = { blobs, clock: systemClock, random: systemRandom, entropy: systemEntropy, compute: systemCompute };
  return { ports, where: describe, patienceMs };
}

async function orRelease<T>(store: OpenedStore, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    await store.release();
    throw error;
  }
}

/** Errors of `spared` pass as they are. */
async function withOpenErrors<T>(open: () => Promise<T>, spared?: typeof ConformanceError): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (spared !== undefined && error instanceof spared) throw error;
    if (error instanceof StoreUrlError || error instanceof FolderRefusedError) {
      throw new StoreOpenError('usage', error.message);
    }
    const isRefusal =
      error instanceof StoreRefusal || error instanceof ConformanceError || error instanceof ProbeInterrupted;
    if (isRefusal) throw new StoreOpenError('refused', error.message);
    throw error;
  }
}
