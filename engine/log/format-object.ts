/**
 * The object `format` marks a prefix as a Tailrace store and pins the constants of its format. Written once
 * with put-if-absent. A prefix that holds other things but no marker belongs to somebody else and is refused;
 * what the conformance probe left below `probe/` counts for nothing.
 */

import { FORMAT_VERSION } from '../core/format-version.ts';
import { WINDOW_SLOTS } from '../core/limits.ts';
import type { GetOutcome, Ports, StoreFault } from '../ports.ts';
import { backOff } from './backoff.ts';
import { isReadable, otherVersion, READABLE, REMEDY } from './corruption.ts';
import { READINGS_MAX } from './format.ts';
import { StoreRefused } from './persistent-store.ts';
import type { LogTunables } from './tunables.ts';

export const FORMAT_KEY = 'format';
const PROBE_PREFIX = 'probe/';
const MARKER = { store: 'tailrace', version: FORMAT_VERSION, windowSlots: WINDOW_SLOTS };

/** The store is not ours to use; the message says why and what to do. */
export class ForeignStore extends Error {
  override name = 'ForeignStore';
  /** What is wrong with the marker, and what to do about it; null when there is none. */
  readonly marker: { what: string; remedy: string } | null;

  constructor(message: string, marker: { what: string; remedy: string } | null = null) {
    super(message);
    this.marker = marker;
  }
}

type FormatPorts = Pick<Ports, 'clock' | 'random' | 'blobs' | 'telemetry'>;

/**
 * Makes sure the marker is there and says what this build expects. Waits out a store that is away. Rejects with
 * ForeignStore, or with StoreRefused when the store refuses for good.
 */
export async function claimFormat(ports: FormatPorts, tunables: LogTunables): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const fault = await tryClaim(ports);
    if (fault === null) return;
    ports.telemetry.event('takeover.store-retried', FORMAT_KEY);
    await backOff(ports, tunables, attempt, fault);
  }
}

/** Null when the store is claimed; otherwise why it has to be tried again. */
async function tryClaim(ports: FormatPorts): Promise<StoreFault | null> {
  const found = await soundMarker(ports);
  if (found.kind === 'found') return null;
  if (found.kind === 'failed') return again(found.fault);

  const listed = await firstStranger(ports);
  if (listed.kind === 'failed') return again(listed.fault);
  const { stranger } = listed;
  // A rival may have written the marker and its first objects since our get: look again before judging.
  const secondLook = stranger === null ? found : await ports.blobs.get(FORMAT_KEY);
  if (secondLook.kind === 'failed') return again(secondLook.fault);
  if (stranger !== null && secondLook.kind === 'absent') {
    throw new ForeignStore(
      `the store holds \`${stranger}\` but no \`${FORMAT_KEY}\` marker: it is not a Tailrace store. Use an empty folder or prefix`,
    );
  }
  // Done, refused (a rival was first) or unknown: the next look tells.
  const put = await ports.blobs.putIfAbsent(FORMAT_KEY, [new TextEncoder().encode(JSON.stringify(MARKER))]);
  return put.kind === 'failed' || put.kind === 'unknown' ? again(put.fault) : tryClaim(ports);
}

/** What comes wrong may have been damaged on the way: it is got again a few times before it is believed. */
async function soundMarker(ports: FormatPorts): Promise<GetOutcome> {
  for (let readings = 1; ; readings++) {
    const found = await ports.blobs.get(FORMAT_KEY);
    if (found.kind !== 'found') return found;
    try {
      checkMarker(found.bytes);
      return found;
    } catch (error) {
      if (!(error instanceof ForeignStore) || readings === READINGS_MAX) throw error;
      ports.telemetry.event('takeover.damage-reread', FORMAT_KEY);
    }
  }
}

/** The first object that is neither the marker nor the probe's, or null. */
async function firstStranger(
  ports: FormatPorts,
): Promise<{ kind: 'listed'; stranger: string | null } | { kind: 'failed'; fault: StoreFault }> {
  let after: string | undefined;
  do {
    const page = await ports.blobs.list('', after);
    if (page.kind === 'failed') return page;
    const stranger = page.blobs.find(({ key }) => key !== FORMAT_KEY && !key.startsWith(PROBE_PREFIX));
    if (stranger !== undefined) return { kind: 'listed', stranger: stranger.key };
    after = page.next ?? undefined;
  } while (after !== undefined);
  return { kind: 'listed', stranger: null };
}

function again(fault: StoreFault): StoreFault {
  if (!fault.retryable) throw new StoreRefused(`claiming ${FORMAT_KEY}`, fault);
  return fault;
}

/** Throws ForeignStore when `bytes` are not the marker of a store that this build reads. */
export function checkMarker(bytes: Uint8Array): void {
  let marker: Partial<typeof MARKER> | null;
  try {
    marker = JSON.parse(new TextDecoder().decode(bytes)) as Partial<typeof MARKER> | null;
  } catch {
    marker = null;
  }
  if (marker?.store !== MARKER.store) {
    throw wrongMarker(
      `is not the marker of a Tailrace store (${bytes.length} bytes)`,
      'Use an empty folder or prefix; if this was a Tailrace store, the marker is damaged: put back a sound copy of it',
    );
  }
  const { version, windowSlots } = marker;
  if (!isReadable(version)) {
    const remedy = typeof version === 'number' ? otherVersion(version) : REMEDY.restore;
    throw wrongMarker(`says that the store has format version ${version}; this build reads ${READABLE}`, remedy);
  }
  if (windowSlots !== MARKER.windowSlots) {
    throw wrongMarker(
      `says that the store has a window of ${windowSlots} slots; this build has one of ${MARKER.windowSlots}`,
      REMEDY.newerBuild,
    );
  }
}

function wrongMarker(what: string, remedy: string): ForeignStore {
  return new ForeignStore(`the object \`${FORMAT_KEY}\` ${what}. ${remedy}`, { what, remedy });
}
