/**
 * The specification of what goes by age: records past their retention, streams that were empty for long enough (S2 API
 * contract §3.7, §9.4), deletions that were to be seen for long enough.
 *
 * The contract leaves the exact moment open, so all of it is looked at when time has passed, and never earlier than the age.
 * Time has to be proven to a server (docs/decisions/0007): of what was before it, it believes what arrivals prove.
 */

import { eachStream, type Stream, type World } from './world.ts';

/** How long a deletion is to be seen. */
export const TOMBSTONE_MS = 5_000;

/** The world after `ms` in which nobody asked anything. */
export function afterWaiting(before: World, ms: number): World {
  const world = { ...before, nowMs: before.nowMs + ms };
  const isOver = (row: { deletedAtMs: number | null; goesAtMs: number }) =>
    row.deletedAtMs !== null && row.goesAtMs <= world.nowMs;
  const basins = new Map([...world.basins].filter(([, basin]) => !isOver(basin)));
  return eachStream({ ...world, basins }, (stream) => {
    if (stream.deletedAtMs !== null) return isOver(stream) ? null : stream;
    const left = withoutExpired(world, stream);
    return isLongEmpty(world, left) ? null : left;
  });
}

/** Another server: deletions are to be seen for as long again, and it knows of time what the records tell. */
export function afterRestart(world: World): World {
  const goesAtMs = world.nowMs + TOMBSTONE_MS;
  const basins = new Map([...world.basins].map(([name, basin]) => [name, { ...basin, goesAtMs }]));
  const server = { sinceMs: world.nowMs, lastArrivalMs: world.lastArrivalMs };
  return eachStream({ ...world, basins, server }, (stream) => ({ ...stream, goesAtMs }));
}

/** Records go from the oldest on. Whoever is emptied so begins to be empty now. */
function withoutExpired(world: World, stream: Stream): Stream {
  const { retentionAgeS } = stream.config;
  if (retentionAgeS === 'infinite') return stream;
  const ageMs = retentionAgeS * 1000;
  const young = stream.records.findIndex(({ arrivedMs }) => provenAgeMs(world, arrivedMs) < ageMs);
  const trimPoint = Math.max(stream.trimPoint, young < 0 ? stream.records.length : young);
  const empties = trimPoint > stream.trimPoint && trimPoint === stream.records.length;
  return { ...stream, trimPoint, idleSinceMs: empties ? world.nowMs : stream.idleSinceMs };
}

function isLongEmpty(world: World, { config, trimPoint, records, idleSinceMs }: Stream): boolean {
  const ageMs = config.deleteOnEmptyMinAgeS * 1000;
  return ageMs > 0 && trimPoint === records.length && provenAgeMs(world, idleSinceMs) >= ageMs;
}

function provenAgeMs({ nowMs, server }: World, sinceMs: number): number {
  const beforeServerMs = Math.max(0, server.lastArrivalMs - sinceMs);
  return Math.min(nowMs - sinceMs, nowMs - server.sinceMs + beforeServerMs);
}
