/**
 * Before a bucket is used for the first time: is the prefix free, and does the store keep its promises? The answer
 * is remembered in the store, so that later starts make one read.
 *
 * Nothing is written to a prefix that holds things of others.
 */

import type { BlobStore, StoreFault } from '../ports.ts';
import { CHECK_NAMES, PROBE_PREFIX, probeConformance, type ProbePorts } from './conformance-probe.ts';

/** Present once every check was passed; another number when the checks change. */
const RESULT_KEY = `${PROBE_PREFIX}result-v1`;

/** What claims a prefix for Tailrace (`engine/log/format-object.ts`). */
const FORMAT_KEY = 'format';

const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 1_000;

/** These do not go away by waiting at a start, however useful a later attempt may be. */
const HOPELESS_AT_START = new Set(['expired-credentials']);

/** The store can not be used now; the message names the object and the remedy. */
export class StoreRefusal extends Error {
  override name = 'StoreRefusal';
}

export interface FirstUse {
  ports: ProbePorts;
  /** The store in messages. */
  where: string;
  /** How long a store that does not answer is asked. */
  patienceMs: number;
}

/** True when the store passed the probe before. Throws a StoreRefusal when it can not be reached or read. */
export async function hasPassedBefore(use: FirstUse): Promise<boolean> {
  const found = await answered(use, () => use.ports.blobs.get(RESULT_KEY));
  return found.kind === 'found';
}

/** Probes the store unless it was probed before. Throws StoreRefusal, ConformanceError or ProbeInterrupted. */
export async function prepareFirstUse(use: FirstUse): Promise<void> {
  if (await hasPassedBefore(use)) return;
  await refuseStrangers(use);
  await probeAndRemember(use);
}

/** Makes every check, whether or not it was made before, and remembers only a success. */
export async function probeAndRemember(use: FirstUse, onPassed?: (check: string) => void): Promise<void> {
  const { blobs, clock } = use.ports;
  try {
    await probeConformance(use.ports, use.where, onPassed);
  } catch (error) {
    await blobs.delete([RESULT_KEY]).catch(() => undefined);
    throw error;
  }
  const result = JSON.stringify({ passed: CHECK_NAMES, atMs: clock.wallMs() });
  // Forgetting costs one more probe; it is no reason to fail.
  await blobs.putIfAbsent(RESULT_KEY, [new TextEncoder().encode(result)]);
}

/** Throws a StoreRefusal when the store holds something and is not Tailrace's. */
export async function refuseStrangers(use: FirstUse): Promise<void> {
  const { blobs } = use.ports;
  const stranger = await firstStranger(use);
  if (stranger === null) return;
  const marker = await answered(use, () => blobs.get(FORMAT_KEY));
  if (marker.kind === 'found') return;
  const inner = await markerAbove(blobs, stranger);
  const hint = inner === null ? '' : `; there is one below ${inner}/, add that to the URL`;
  throw new StoreRefusal(
    `${use.where} holds ${stranger} but no ${FORMAT_KEY} object: it is not a Tailrace store${hint || '. Use an empty prefix'}`,
  );
}

async function firstStranger(use: FirstUse): Promise<string | null> {
  let after: string | undefined;
  do {
    const page = await answered(use, () => use.ports.blobs.list('', after));
    const stranger = page.blobs.find(({ key }) => key !== FORMAT_KEY && !key.startsWith(PROBE_PREFIX));
    if (stranger !== undefined) return stranger.key;
    after = page.next ?? undefined;
  } while (after !== undefined);
  return null;
}

/** The folder above `key` that holds a marker. */
async function markerAbove(blobs: BlobStore, key: string): Promise<string | null> {
  const folders = key.split('/').slice(0, -1);
  for (let depth = 1; depth <= folders.length; depth += 1) {
    const folder = folders.slice(0, depth).join('/');
    if (!/^[\w./-]+$/.test(folder)) return null;
    const found = await blobs.get(`${folder}/${FORMAT_KEY}`).catch(() => null);
    if (found?.kind === 'found') return folder;
  }
  return null;
}

/** Asks again while that may help, and throws a StoreRefusal when it does not. */
async function answered<T extends { kind: string }>(
  { ports, patienceMs }: FirstUse,
  ask: () => Promise<T | { kind: 'failed'; fault: StoreFault }>,
): Promise<Exclude<T, { kind: 'failed' }>> {
  const endMs = ports.clock.monoMs() + patienceMs;
  for (let waitMs = RETRY_MS_MIN; ; waitMs = Math.min(RETRY_MS_MAX, waitMs * 2)) {
    const answer = await ask();
    if (answer.kind !== 'failed') return answer as Exclude<T, { kind: 'failed' }>;
    const { fault } = answer as { fault: StoreFault };
    const isHopeless = !fault.retryable || HOPELESS_AT_START.has(fault.code);
    if (isHopeless || ports.clock.monoMs() + waitMs > endMs) throw new StoreRefusal(fault.message);
    await ports.clock.sleep(waitMs / 2 + ports.random.below(waitMs / 2 + 1));
  }
}
