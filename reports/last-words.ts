/**
 * What had just happened when something that must always hold did not: the last faults, crashes and takeovers before that
 * moment, and the operations that were under way. For failures that name no operations themselves. Pure.
 */

import type { TrackSpan } from '../scenarios/run.ts';
import { formatNumber } from './figures.ts';
import type { Operation } from './operations.ts';

export interface LastWords {
  /** Milliseconds into the run. */
  atMs: number;
  /** Who owned the store then, and who thought so. */
  owners: readonly string[];
  /** `15,390 ms: crash node-2`, the newest first. */
  lines: readonly string[];
  /** Indexes: what was under way then, else what had returned last; the newest first. */
  operations: readonly number[];
}

const LINES_MAX = 5;
const OPERATIONS_MAX = 4;
/** The tracks that tell a story; calls of the store and probes are too many. */
const TELLING = /^(faults|host )/;
const OWNER = /^owner, epoch (\d+)$/;

/** Null when the moment is not known. */
export function lastWordsOf(
  operations: readonly Operation[],
  timesMs: readonly number[] | null,
  tracks: readonly TrackSpan[],
): LastWords | null {
  const atMs = tracks.find(({ track }) => track === 'failures')?.startMs;
  if (atMs === undefined || timesMs === null) return null;
  return {
    atMs,
    owners: ownersAt(tracks, atMs),
    lines: linesBefore(tracks, atMs),
    operations: operationsAt(operations, timesMs, atMs),
  };
}

/**
 * A host that was superseded finds out when it next asks the store; until then it may believe what it likes, but must not
 * answer for the stream. Two of one epoch are never right.
 */
function ownersAt(tracks: readonly TrackSpan[], atMs: number): string[] {
  const { owners, rivals } = standingsAt(tracks, atMs);
  if (rivals.length > 0) return rivals;
  const newest = owners.at(-1);
  return [newest === undefined ? 'No host owned the store.' : `${newest.host} owned the store, epoch ${newest.epoch}.`];
}

/** Two owners of one epoch, and whoever takes himself for the owner though another one has taken over; mostly nobody. */
export function rivalsAt(tracks: readonly TrackSpan[], atMs: number): string[] {
  return standingsAt(tracks, atMs).rivals;
}

/** `owners`: those present, by epoch. */
function standingsAt(
  tracks: readonly TrackSpan[],
  atMs: number,
): { owners: { host: string; epoch: number }[]; rivals: string[] } {
  const owners = tracks
    .filter(({ track, startMs }) => track.startsWith('host ') && startMs <= atMs)
    .flatMap(({ track, label, startMs, endMs }) => {
      const epoch = OWNER.exec(label)?.[1];
      return epoch === undefined ? [] : [{ host: track.slice('host '.length), epoch: Number(epoch), startMs, endMs }];
    })
    .sort((a, b) => a.epoch - b.epoch || a.startMs - b.startMs);
  // It need not be alive any more to have superseded the others.
  const newest = owners.at(-1);
  const present = owners.filter(({ endMs }) => endMs >= atMs);
  if (newest === undefined || present.length === 0) return { owners: [], rivals: [] };
  const equals = present.filter(({ epoch }) => epoch === newest.epoch).map(({ host }) => host);
  const twice = `${equals.join(' and ')} owned the store at once, both with epoch ${newest.epoch}.`;
  if (equals.length > 1) return { owners: present, rivals: [twice] };
  const superseded = present
    .filter(({ epoch }) => epoch < newest.epoch)
    .map(
      ({ host, epoch }) =>
        `${host} took itself for the owner (epoch ${epoch}), although ${newest.host} had taken over with epoch ` +
        `${newest.epoch} at ${formatNumber(newest.startMs)} ms.${provedWords(tracks, host, atMs)}`,
    );
  return { owners: present, rivals: superseded };
}

/** By a slot of its own that was committed, or by the absence of the next one. */
function provedWords(tracks: readonly TrackSpan[], host: string, atMs: number): string {
  const proofs = tracks.filter(
    ({ track, label, startMs }) =>
      track === `probes ${host}` && /^log\.(proof\.by-|slot\.committed)/.test(label) && startMs <= atMs,
  );
  const latestMs = proofs.reduce((latest, { startMs }) => Math.max(latest, startMs), -1);
  // In a recorded run every owner that is right has some.
  if (latestMs < 0) return tracks.some(({ track }) => track === `probes ${host}`) ? ' It never proved that it is.' : '';
  return ` It last counted that as proved at ${formatNumber(Math.floor(latestMs))} ms.`;
}

function linesBefore(tracks: readonly TrackSpan[], atMs: number): string[] {
  return tracks
    .filter(({ track, startMs, label }) => TELLING.test(track) && startMs <= atMs && !/^(down|owner)/.test(label))
    .sort((a, b) => b.startMs - a.startMs)
    .slice(0, LINES_MAX)
    .map(({ track, label, startMs, endMs }) => {
      const host = track.startsWith('host ') && !label.includes(track.slice(5)) ? `${track.slice(5)}: ` : '';
      const until = endMs > startMs && endMs < atMs ? `, until ${formatNumber(endMs)} ms` : '';
      return `${formatNumber(startMs)} ms: ${host}${label}${until}`;
    });
}

function operationsAt(operations: readonly Operation[], timesMs: readonly number[], atMs: number): number[] {
  const indexes = operations
    .map((operation, index) => ({ operation, index }))
    .filter(({ operation: { callEvent } }) => (timesMs[callEvent] ?? 0) <= atMs);
  const open = indexes.filter(({ operation: { returnEvent, gaveUpAtMs, outcome } }) => {
    if (returnEvent === null) return true;
    return gaveUpAtMs === null && outcome !== 'unknown' && (timesMs[returnEvent] ?? 0) >= atMs;
  });
  const newest = open.length > 0 ? open : indexes;
  return newest
    .map(({ index }) => index)
    .reverse()
    .slice(0, OPERATIONS_MAX);
}
